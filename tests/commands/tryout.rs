//! `quietdown try`: a server and its client that nobody has described, what is said of them, and files that show it again.

use crate::place::Place;

/// A server that ends what it has begun when it is told to stop, and takes no notice of connections that break.
const SERVER: &str = r#"
import logging, signal, sys, threading, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

logging.basicConfig(level="INFO", format="%(asctime)s %(levelname)s %(name)s: %(message)s")
log = logging.getLogger("server")
mood = sys.argv[2]

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        # An answer that has come before a kill is delivered after it: whoever is to be killed before must not be that fast.
        if mood == "loud":
            time.sleep(0.5)
        body = b"x" * 2000
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass

class Server(ThreadingHTTPServer):
    daemon_threads = False

    timeout = 0.1
    served = False

    def handle_error(self, request, address):
        log.debug("a connection has broken")

    def handle_timeout(self):
        self.served = True

server = Server(("127.0.0.1", int(sys.argv[1])), Handler)

def stop(*_):
    if mood == "stays":
        return
    if mood == "loud":
        try:
            raise RuntimeError("told to stop")
        except RuntimeError:
            log.exception("interrupted")
    threading.Thread(target=server.shutdown).start()

signal.signal(signal.SIGTERM, stop)
log.info("listening")
server.serve_forever()
# Connections that wait to be accepted belong to clients that were there before the stop.
while not server.served:
    server.handle_request()
server.server_close()
"#;

const CLIENT: &str = r#"
import logging, sys, urllib.request

logging.basicConfig(level="INFO", format="%(asctime)s %(levelname)s %(name)s: %(message)s")
log = logging.getLogger("client")
try:
    log.info("read %d bytes", len(urllib.request.urlopen(sys.argv[1] + "/things/17?q=1", timeout=1.5).read()))
except Exception as error:
    if sys.argv[2] == "sound":
        log.error("not read: %s", error)
"#;

/// Tries a server of this mood with a client of that one.
fn attempt(place: &Place, server: &str, client: &str, more: &[&str]) -> (Option<i32>, String) {
    place.write("server.py", SERVER);
    place.write("client.py", CLIENT);
    let server = format!("python3 server.py ${{port}} {server}");
    let client = format!("python3 'client.py' ${{server}} {client}");
    let mut arguments = vec!["try", "--server", &server, "--client", &client, "--bound", "3s", "--for", "10m"];
    arguments.extend(more);
    place.quietdown(&arguments)
}

#[test]
fn of_a_sound_server_and_client_nothing_is_said() {
    needs_python!();
    let (code, said) = attempt(&Place::new(), "sound", "sound", &[]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("GET /things/*\n"), "{said}");
    assert!(said.contains("nothing was found"), "{said}");
    assert!(said.contains(" 0 with findings, "), "{said}");
}

#[test]
fn what_is_wrong_is_said_by_cause_and_shown_again_by_the_files_that_are_saved() {
    needs_python!();
    let place = Place::new();
    let (code, said) = attempt(&place, "loud", "swallows", &["--save", "saved"]);
    assert_eq!(code, Some(1), "{said}");
    let quiet = said.find("── a crash that nobody reports").unwrap_or_else(|| panic!("{said}"));
    let loud = said.find("── loud about a planned stop").unwrap_or_else(|| panic!("{said}"));
    assert!(quiet < loud, "{said}");
    assert!(said.contains("RuntimeError: told to stop"), "{said}");
    assert_eq!(said.matches("\n  server: a traceback of Python").count(), 1, "each cause once: {said}");
    let scenarios = place.names("saved/scenarios");
    assert_eq!(scenarios.len(), 3, "two that were found and one that passed: {scenarios:?}");
    for name in scenarios {
        let text = place.read(&format!("saved/scenarios/{name}"));
        let wanted = if text.starts_with("# Found: ") { 1 } else { 0 };
        let (code, said) =
            place.quietdown(&["run", &format!("saved/scenarios/{name}"), "--system", "saved/system.toml"]);
        assert_eq!(code, Some(wanted), "{name}: {said}");
    }
    let (code, said) = attempt(&place, "loud", "swallows", &["--save", "saved"]);
    assert_eq!(code, Some(2), "nothing is overwritten: {said}");
}

#[test]
fn a_server_that_does_not_end_is_named_with_its_bound() {
    needs_python!();
    let (code, said) = attempt(&Place::new(), "stays", "sound", &[]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("── the server does not end in time"), "{said}");
    assert!(!said.contains("── the client hangs"), "{said}");
}

#[test]
fn requests_of_its_own_stand_in_for_a_client() {
    needs_python!();
    let place = Place::new();
    place.write("server.py", SERVER);
    let (code, said) = place.quietdown(&[
        "try",
        "--server",
        "python3 server.py ${port} loud",
        "--request",
        "GET /a",
        "--request",
        "GET /b/1",
        "--for",
        "10m",
    ]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("GET /a, GET /b/*\n"), "{said}");
    assert!(said.contains("── loud about a planned stop"), "{said}");
}

#[test]
fn what_cannot_be_tried_is_said_with_what_was_seen() {
    needs_python!();
    let place = Place::new();
    let (code, said) = place.quietdown(&["try", "--server", "python3 -c 'raise SystemExit(3)'", "--request", "GET /"]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("undisturbed, it does not come up") && said.contains("status 3"), "{said}");
    place.write("server.py", SERVER);
    let server = "python3 server.py ${port} sound";
    let (code, said) = place.quietdown(&["try", "--server", server, "--client", "true", "--bound", "1s"]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("no HTTP/1 request of the client was seen"), "{said}");
    let wrong = [
        (&["--server", "'a", "--request", "GET /"][..], "a quote is not closed"),
        (&["--server", server, "--request", "get /"], "a method in capitals"),
        (&["--server", server], "--client"),
    ];
    for (arguments, why) in wrong {
        let (code, said) = place.quietdown(&[&["try"], arguments].concat());
        assert_eq!(code, Some(2), "{said}");
        assert!(said.contains(why), "{said}");
    }
}
