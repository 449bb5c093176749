use super::booted::Booted;
use super::http::Response;

fn ask(server: &Booted, method: &str, headers: &str) -> Response {
    let mut connection = server.connect();
    connection.send(method, "/health", headers, b"");
    connection.response()
}

const PAGE: &str = "origin: https://a.example\r\n";
const PREFLIGHT: &str = "origin: https://a.example\r\naccess-control-request-method: POST\r\n";

#[test]
fn pages_of_other_origins_may_read_nothing_unless_it_was_asked_for() {
    let server = Booted::with(&[]);
    let answer = ask(&server, "GET", PAGE);
    assert_eq!((answer.status, answer.header("access-control-allow-origin")), (200, None), "{answer:?}");
    let preflight = ask(&server, "OPTIONS", PREFLIGHT);
    assert_eq!((preflight.status, preflight.header("access-control-allow-origin")), (405, None), "{preflight:?}");
    server.stop();
}

#[test]
fn pages_of_the_origins_that_are_named_may_read_answers() {
    let server = Booted::with(&["--cors-origin", "https://b.example", "--cors-origin", "https://a.example"]);
    for (method, headers) in [("GET", PAGE), ("OPTIONS", PREFLIGHT)] {
        let answer = ask(&server, method, headers);
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(answer.header("access-control-allow-origin"), Some("https://a.example"), "{answer:?}");
        assert_eq!(answer.header("access-control-allow-credentials"), Some("true"), "{answer:?}");
        let other = ask(&server, method, &headers.replace("a.example", "c.example"));
        assert_eq!(other.header("access-control-allow-origin"), None, "{other:?}");
    }
    let plain = ask(&server, "GET", "");
    assert_eq!(plain.header("access-control-allow-credentials"), None, "{plain:?}");
    server.stop();
}

#[test]
fn a_preflight_has_no_body_that_the_next_request_could_be_taken_for() {
    let server = Booted::with(&["--cors-origin", "*"]);
    let mut connection = server.connect();
    connection.send("OPTIONS", "/rollouts", PREFLIGHT, b"GET /v1/agl/health HTTP/1.1\r\n\r\n");
    assert_eq!(connection.response().status, 200);
    connection.send("GET", "/no/such", "", b"");
    assert_eq!(connection.response().status, 404, "the answer to this, and not to what was in the body");
    server.stop();
}
