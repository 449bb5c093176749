//! The files that a try runs: one of the system, and a scenario for each experiment. They are what a person would write, with comments, so
//! that they can be saved and gone on with.

use std::fmt::Write as _;
use std::time::Duration;

use super::{Clean, Experiment, TryFault, Tryout, When};
use crate::proxy::Phase;

/// The role of the client.
pub(super) const CLIENT: &str = "client";
/// For how long nothing may have happened when a run is taken for idle.
const QUIET: &str = "400ms";
/// How long a client that never ends is looked at after it was disturbed.
const AFTERMATH: &str = "1s";
/// How long a server stands still.
const PAUSE: &str = "500ms";

/// Who calls the server.
#[derive(Debug, Clone)]
pub enum Client {
    /// A program, with `${server}` where the server's URL belongs.
    Command(Vec<String>),
    /// The harness's own client, which makes these requests one after the other: `POST /items`, and a body.
    Requests(Vec<(String, Option<String>)>),
}

impl Tryout {
    /// The system. What the processes of these roles write is of no format that is known.
    pub fn system_file(&self, strange: &[&str]) -> String {
        let folder = quoted(&self.folder.to_string_lossy());
        let ready = match &self.ready {
            Some(path) => format!("{{ http = {} }}", quoted(path)),
            None => "{ listening = true }".to_owned(),
        };
        let by = if self.interrupt { "sigint" } else { "sigterm" };
        let raw = |role: &str| match strange.contains(&role) {
            true => {
                "# What it writes is of no format that is known: it is judged for stack traces only.\nlog = { format = \"raw\" }\n"
            }
            false => "",
        };
        let mut text = format!(
            "name = \"tried\"
summary = \"A server and its client, as they were tried\"
policy = \"planned\"
# Take this away once you know what is said in which order: then `quietdown run --accept` pins it.
snapshots = false

[log]
format = \"auto\"

[roles.server]
kind = \"server\"
command = {command}
folder = {folder}
ready = {ready}
stop = {{ by = \"{by}\", within = \"{within}\" }}
exit = \"ended\"
{raw}",
            command = list(&self.server),
            within = span(self.bound),
            raw = raw("server"),
        );
        if let Client::Command(command) = &self.client {
            let _ = write!(
                text,
                "
[roles.{CLIENT}]
kind = \"free-running\"
command = {command}
folder = {folder}
stop = {{ by = \"sigterm\", within = \"{within}\" }}
exit = \"any\"
{raw}",
                command = list(command),
                within = span(self.bound),
                raw = raw(CLIENT),
            );
        }
        let who = match &self.client {
            Client::Command(_) => format!("tracebacks-of = [\"{CLIENT}\"]\n"),
            Client::Requests(_) => String::new(),
        };
        let _ = write!(
            text,
            "
# An end that was planned: nobody warns, and nobody writes a stack trace.
[policies.planned]
summary = \"A planned end: INFO may be, WARN may not\"
after = \"INFO\"
banner = true
reports = false

# A crash, or a connection that breaks: the client may be as loud as it likes, and must not be silent about a crash. The server has
# no reason for a stack trace.
[policies.disturbed]
summary = \"A crash or a broken connection: the client says so as it likes, the server writes no stack trace\"
before = \"ERROR\"
after = \"ERROR\"
banner = true
reports = false
{who}
[exits]
ended = {{ status = [0, 130, 143, \"SIGINT\", \"SIGTERM\"] }}
any = {{ status = [\"any\"] }}
"
        );
        text
    }

    /// The run in which nothing is disturbed.
    pub(super) fn clean_scenario(&self) -> String {
        let mut text = "summary = \"Nothing is disturbed\"\nexpect.policy = \"planned\"\n".to_owned();
        match &self.client {
            Client::Command(_) => {
                let within = span(self.bound);
                let _ = write!(
                    text,
                    "[processes.{CLIENT}]

# It has made its first request …
[[step]]
on.request = {{ process = \"{CLIENT}\", phase = \"request-head\" }}
within = \"{within}\"

# … and everything that follows from that.
[[step]]
on.quiet = {{ for = \"{QUIET}\" }}
within = \"{within}\"
"
                );
            }
            Client::Requests(requests) => {
                for request in requests {
                    text.push_str(&self.call(request, ANY_RESULT));
                }
            }
        }
        text
    }

    /// The scenario of an experiment.
    pub fn scenario(&self, clean: &Clean, experiment: &Experiment) -> String {
        let fault = experiment.fault;
        let policy = if fault == TryFault::Stop { "planned" } else { "disturbed" };
        let summary = format!("{} ({})", fault.past(), experiment.when);
        let mut text = format!("summary = {}\nexpect.policy = \"{policy}\"\n", quoted(&summary));
        match &self.client {
            Client::Command(_) => self.disturb_command(&mut text, clean, experiment),
            Client::Requests(requests) => self.disturb_request(&mut text, requests, experiment),
        }
        text
    }

    fn disturb_command(&self, text: &mut String, clean: &Clean, experiment: &Experiment) {
        let within = span(self.bound);
        let _ = write!(text, "[processes.{CLIENT}]\n\n[[step]]\n");
        match &experiment.when {
            When::Idle => {
                let first = &clean.shapes[0];
                let gate = gate(CLIENT, &first.method, &first.path, Phase::RequestHead);
                let _ = write!(
                    text,
                    "{gate}\nwithin = \"{within}\"\n\n[[step]]\non.quiet = {{ for = \"{QUIET}\" }}\nwithin = \"{within}\"\n"
                );
            }
            When::At(shape, phase) => {
                let _ = writeln!(text, "{}", gate(CLIENT, &shape.method, &shape.path, *phase));
            }
        }
        let _ = write!(text, "{}\n{}", action(experiment.fault), self.server_ends(experiment.fault));
        match clean.client_ends {
            true => {
                let _ = write!(
                    text,
                    "\n# Undisturbed it ends by itself: whatever happens, it must not wait for ever.\n[[step]]\non.exit = {{ process = \"{CLIENT}\" }}\nwithin = \"{within}\"\n"
                );
            }
            false => {
                let _ = write!(
                    text,
                    "\n# It never ends by itself: this is how long it is looked at.\n[[step]]\non.after = {{ time = \"{AFTERMATH}\" }}\n"
                );
            }
        }
    }

    fn disturb_request(&self, text: &mut String, requests: &[(String, Option<String>)], experiment: &Experiment) {
        let When::At(shape, phase) = &experiment.when else {
            let Some((last, before)) = requests.split_last() else { return };
            for request in before.iter().chain([last]) {
                text.push_str(&self.call(request, ANY_RESULT));
            }
            let _ = write!(text, "\n[[step]]\n{}\n{}", action(experiment.fault), self.server_ends(experiment.fault));
            return;
        };
        for request in requests.iter().take(shape.first) {
            text.push_str(&self.call(request, ANY_RESULT));
        }
        let Some(request) = requests.get(shape.first) else { return };
        let within = span(self.bound);
        let _ = write!(
            text,
            "\n[[step]]\ndo.begin = {{ client = \"http\", {}, as = \"struck\" }}\n\n[[step]]\n{}\n{}\n{}\n[[step]]\ndo.finish = {{ call = \"struck\", result = {ANY_RESULT} }}\nwithin = \"{within}\"\n",
            call_of(request),
            gate("http", &shape.method, &shape.path, *phase),
            action(experiment.fault),
            self.server_ends(experiment.fault),
        );
    }

    fn call(&self, request: &(String, Option<String>), result: &str) -> String {
        format!(
            "\n[[step]]\ndo.call = {{ client = \"http\", {}, result = {result} }}\nwithin = \"{}\"\n",
            call_of(request),
            span(self.bound)
        )
    }

    /// What follows for the server.
    fn server_ends(&self, fault: TryFault) -> String {
        match fault {
            // That it ends in time is judged by its `stop.within`; whoever waits for it waits longer.
            TryFault::Stop => format!(
                "\n[[step]]\non.exit = {{ process = \"server\" }}\nwithin = \"{}\"\n",
                span(self.bound + Duration::from_secs(5))
            ),
            TryFault::Pause => {
                format!("\n[[step]]\non.after = {{ time = \"{PAUSE}\" }}\ndo.resume = {{ process = \"server\" }}\n")
            }
            _ => String::new(),
        }
    }
}

/// What a call may end as where all is right.
const ANY_RESULT: &str = r#"["ok", "rejected", "unreachable", "transport"]"#;

fn action(fault: TryFault) -> &'static str {
    match fault {
        TryFault::Stop => "do.stop = { process = \"server\" }",
        TryFault::Kill => "do.kill = { process = \"server\" }",
        TryFault::Cut => "do.cut = { mode = \"fin\" }",
        TryFault::Hold => "do.hold = {}",
        TryFault::Reset => "do.cut = { mode = \"rst\" }",
        TryFault::Pause => "do.pause = { process = \"server\" }",
    }
}

fn gate(process: &str, method: &str, path: &str, phase: Phase) -> String {
    let (method, path, phase) = (quoted(method), quoted(path), super::experiment::phase_name(phase));
    format!("on.request = {{ process = \"{process}\", method = {method}, path = {path}, phase = \"{phase}\" }}")
}

fn call_of((op, body): &(String, Option<String>)) -> String {
    let body = body.as_ref().map(|body| format!(", body = {}", quoted(body))).unwrap_or_default();
    let json = match body.is_empty() {
        true => "",
        false => ", headers = { content-type = \"application/json\" }",
    };
    format!("op = {}{body}{json}", quoted(op))
}

fn list(words: &[String]) -> String {
    let words: Vec<String> = words.iter().map(|word| quoted(word)).collect();
    format!("[{}]", words.join(", "))
}

/// A text as TOML writes it.
fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

fn span(time: Duration) -> String {
    format!("{}ms", time.as_millis())
}
