//! A headless Chromium, spoken to through its DevTools protocol over pipes: no port, no second program.

// Each program uses some of it.
#![allow(dead_code)]

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::{Value, json};

/// A browser that does not answer for so long is broken.
const ANSWERS_WITHIN: Duration = Duration::from_secs(120);

/// The program, if there is one.
pub fn program() -> Option<String> {
    let named = std::env::var("QUIETDOWN_CHROMIUM").ok();
    let known = named.into_iter().chain(["chromium", "chromium-browser", "google-chrome"].map(str::to_owned));
    let runs = |name: &String| {
        let mut version = Command::new(name);
        version.arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        version.status().is_ok_and(|status| status.success())
    };
    known.into_iter().find(runs)
}

/// A browser with one page.
pub struct Browser {
    child: Child,
    requests: ChildStdin,
    messages: Receiver<Value>,
    session: Option<String>,
    number: u64,
    /// The profile, which is gone with the browser.
    _profile: tempfile::TempDir,
    /// What it has told that nobody had asked for.
    pub events: Vec<Value>,
}

impl Browser {
    /// Starts one, with a page of this size.
    pub fn start(program: &str, width: u32, height: u32) -> Self {
        let profile = tempfile::tempdir().expect("a folder");
        // The protocol is on descriptors 3 and 4: the shell makes our pipes those.
        let mut command = Command::new("sh");
        command.args(["-c", "exec \"$@\" 3<&0 4>&1 0</dev/null 1>/dev/null", "sh", program]);
        command.args(["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"]);
        command.args(["--disable-background-networking", "--disable-extensions", "--remote-debugging-pipe"]);
        command.arg(format!("--user-data-dir={}", profile.path().display()));
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("Chromium starts");
        let requests = child.stdin.take().expect("a pipe");
        let answers = child.stdout.take().expect("a pipe");
        let (sender, messages) = channel();
        std::thread::spawn(move || {
            let mut answers = BufReader::new(answers);
            let mut message = Vec::new();
            while answers.read_until(0, &mut message).is_ok_and(|length| length > 0) {
                message.pop();
                let Ok(value) = serde_json::from_slice(&message) else { return };
                if sender.send(value).is_err() {
                    return;
                }
                message.clear();
            }
        });
        let mut browser =
            Self { child, requests, messages, session: None, number: 0, _profile: profile, events: Vec::new() };
        let target = browser.call("Target.createTarget", json!({ "url": "about:blank" }));
        let target = json!({ "targetId": target["targetId"], "flatten": true });
        let session = browser.call("Target.attachToTarget", target);
        browser.session = session["sessionId"].as_str().map(str::to_owned);
        for domain in ["Page", "Runtime", "Log", "Network"] {
            browser.call(&format!("{domain}.enable"), json!({}));
        }
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        browser.call("Emulation.setDeviceMetricsOverride", size);
        browser
    }

    /// Asks for something, and waits for the answer.
    pub fn call(&mut self, method: &str, params: Value) -> Value {
        self.number += 1;
        let mut request = json!({ "id": self.number, "method": method, "params": params });
        if let Some(session) = &self.session {
            request["sessionId"] = session.as_str().into();
        }
        let mut bytes = request.to_string().into_bytes();
        bytes.push(0);
        self.requests.write_all(&bytes).expect("Chromium listens");
        loop {
            let message = self.messages.recv_timeout(ANSWERS_WITHIN).expect("Chromium answers");
            if message["id"] != json!(self.number) {
                self.events.push(message);
                continue;
            }
            assert!(message.get("error").is_none(), "{method}: {message}");
            return message["result"].clone();
        }
    }

    /// Waits for an event.
    fn wait_for(&mut self, method: &str) {
        while !self.events.iter().any(|event| event["method"] == method) {
            let message = self.messages.recv_timeout(ANSWERS_WITHIN).expect("Chromium tells it");
            self.events.push(message);
        }
    }

    /// Opens a file, with what stands behind `#`, and waits until it is drawn.
    pub fn open(&mut self, file: &Path, place: &str) {
        self.events.clear();
        self.call("Page.navigate", json!({ "url": format!("file://{}{place}", file.display()) }));
        self.wait_for("Page.loadEventFired");
        self.settle();
    }

    /// Opens an empty page: what was there is gone.
    pub fn blank(&mut self) {
        self.events.clear();
        self.call("Page.navigate", json!({ "url": "about:blank" }));
        self.wait_for("Page.loadEventFired");
    }

    /// Waits until everything that was begun is drawn.
    pub fn settle(&mut self) {
        self.eval("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(1))))");
    }

    /// The value of an expression.
    pub fn eval(&mut self, expression: &str) -> Value {
        let params = json!({ "expression": expression, "awaitPromise": true, "returnByValue": true });
        let answer = self.call("Runtime.evaluate", params);
        assert!(answer.get("exceptionDetails").is_none(), "{expression}: {answer}");
        answer["result"]["value"].clone()
    }

    /// The text of the first element that a selector finds.
    pub fn text(&mut self, selector: &str) -> String {
        let text = self.eval(&format!("document.querySelector({selector:?})?.textContent ?? '(none)'"));
        text.as_str().unwrap_or_default().to_owned()
    }

    /// How many elements a selector finds.
    pub fn count(&mut self, selector: &str) -> usize {
        let count = self.eval(&format!("document.querySelectorAll({selector:?}).length"));
        count.as_u64().and_then(|count| usize::try_from(count).ok()).unwrap_or_default()
    }

    /// Clicks with the mouse in the middle of the first element that a selector finds.
    pub fn click(&mut self, selector: &str) {
        let middle = self.eval(&format!(
            "(() => {{ const it = document.querySelector({selector:?}); if (!it) return null; \
             it.scrollIntoView({{ block: 'center' }}); const box = it.getBoundingClientRect(); \
             return [box.x + box.width / 2, box.y + box.height / 2]; }})()"
        ));
        assert!(middle.is_array(), "nothing is {selector}");
        for (kind, pressed) in [("mouseMoved", 0), ("mousePressed", 1), ("mouseReleased", 0)] {
            let params = json!({ "type": kind, "x": middle[0], "y": middle[1], "button": if kind == "mouseMoved" { "none" } else { "left" }, "buttons": pressed, "clickCount": 1 });
            self.call("Input.dispatchMouseEvent", params);
        }
        self.settle();
    }

    /// Presses a key; a letter is written, too.
    pub fn press(&mut self, key: &str) {
        let letter = if key.chars().count() == 1 { key } else { "" };
        for kind in ["keyDown", "keyUp"] {
            let text = if kind == "keyDown" { letter } else { "" };
            self.call("Input.dispatchKeyEvent", json!({ "type": kind, "key": key, "text": text }));
        }
        self.settle();
    }

    /// Writes into what has the focus.
    pub fn write(&mut self, text: &str) {
        self.call("Input.insertText", json!({ "text": text }));
        self.settle();
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.requests.write_all(b"{\"id\":0,\"method\":\"Browser.close\"}\0");
        // Its other processes end with it.
        if self.messages.recv_timeout(Duration::from_secs(10)).is_err() {
            let _ = self.child.kill();
        }
        let _ = self.child.wait();
    }
}
