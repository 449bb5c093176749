//! Every route of Toxiproxy: its status and its body, byte by byte.

use std::net::TcpListener;

use crate::served::{Response, Served, addr_of, echo, is_refused};

/// What a request must be answered with. `LISTEN` in a body stands for the address of the proxy `a`.
type Row = (&'static str, &'static str, &'static str, u16, &'static str);

const A: &str = r#"{"name":"a","listen":"LISTEN","upstream":"127.0.0.1:9","enabled":true,"toxics":[]}"#;
const LATENCY: &str = r#"{"attributes":{"latency":100,"jitter":10},"name":"latency_downstream","type":"latency","stream":"downstream","toxicity":1}"#;

#[track_caller]
fn check(served: &Served, listen: &str, rows: &[Row]) {
    for (method, path, body, status, expected) in rows {
        let response = served.ask(method, path, &body.replace("LISTEN", listen));
        let expected = expected.replace("LISTEN", listen);
        assert_eq!((response.status, response.body.as_str()), (*status, &*expected), "{method} {path} {body}");
    }
}

/// A server with the proxy `a`, and where that listens.
fn with_a() -> (Served, String) {
    let served = Served::new();
    let addr = served.proxy("a", "127.0.0.1:9".parse().expect("an address"));
    (served, addr.to_string())
}

#[test]
fn proxies_are_created_listed_changed_and_deleted() {
    let (served, listen) = with_a();
    let all = format!(r#"{{"a":{A}}}"#);
    let down: &str = r#"{"name":"a","listen":"LISTEN","upstream":"127.0.0.1:9","enabled":false,"toxics":[]}"#;
    let led: &str = r#"{"name":"a","listen":"LISTEN","upstream":"localhost:10","enabled":true,"toxics":[]}"#;
    let all: &'static str = all.leak();
    check(
        &served,
        &listen,
        &[
            ("GET", "/proxies", "", 200, all),
            ("GET", "/proxies/a", "", 200, A),
            // What is not there is left as it is; what clients send beside it is nobody's business.
            ("PATCH", "/proxies/a", "{}", 200, A),
            ("PATCH", "/proxies/a", r#"{"name":"b","toxics":null,"more":1}"#, 200, A),
            ("PATCH", "/proxies/a", r#"{"enabled":false}"#, 200, down),
            ("GET", "/proxies/a", "", 200, down),
            ("POST", "/proxies/a", r#"{"enabled":true}"#, 200, A),
            ("POST", "/proxies/a", r#"{"upstream":"localhost:10","listen":"LISTEN"}"#, 200, led),
            ("DELETE", "/proxies/a", "", 204, ""),
            ("GET", "/proxies", "", 200, "{}"),
            ("DELETE", "/proxies/a", "", 404, "{\"error\":\"proxy not found\",\"status\":404}\n"),
        ],
    );
}

#[test]
fn toxics_are_created_listed_changed_and_deleted() {
    let (served, listen) = with_a();
    let list = format!("[{LATENCY}]");
    let proxy = A.replace("[]", &list);
    let (list, proxy): (&'static str, &'static str) = (list.leak(), proxy.leak());
    let add = r#"{"type":"latency","attributes":{"latency":100,"jitter":10}}"#;
    let changed = r#"{"attributes":{"latency":5,"jitter":10},"name":"latency_downstream","type":"latency","stream":"downstream","toxicity":0.5}"#;
    check(
        &served,
        &listen,
        &[
            ("GET", "/proxies/a/toxics", "", 200, "[]"),
            ("POST", "/proxies/a/toxics", add, 200, LATENCY),
            ("GET", "/proxies/a/toxics", "", 200, list),
            ("GET", "/proxies/a", "", 200, proxy),
            ("GET", "/proxies/a/toxics/latency_downstream", "", 200, LATENCY),
            ("POST", "/proxies/a/toxics", add, 409, "{\"error\":\"toxic already exists\",\"status\":409}\n"),
            (
                "PATCH",
                "/proxies/a/toxics/latency_downstream",
                r#"{"attributes":{"latency":5},"toxicity":0.5}"#,
                200,
                changed,
            ),
            ("POST", "/proxies/a/toxics/latency_downstream", "{}", 200, changed),
            ("GET", "/proxies/a/toxics/latency_downstream", "", 200, changed),
            ("DELETE", "/proxies/a/toxics/latency_downstream", "", 204, ""),
            ("GET", "/proxies/a/toxics", "", 200, "[]"),
        ],
    );
}

#[test]
fn every_kind_of_toxic_has_its_attributes_in_their_order() {
    let (served, _) = with_a();
    for (kind, attributes) in [
        ("latency", r#"{"latency":1,"jitter":2}"#),
        ("bandwidth", r#"{"rate":3}"#),
        ("slow_close", r#"{"delay":4}"#),
        ("timeout", r#"{"timeout":5}"#),
        ("reset_peer", r#"{"timeout":6}"#),
        ("slicer", r#"{"average_size":7,"size_variation":6,"delay":8}"#),
        ("limit_data", r#"{"bytes":9}"#),
        ("noop", "{}"),
    ] {
        let body = format!(
            r#"{{"name":"n-{kind}","type":"{kind}","stream":"UpStream","toxicity":0.25,"attributes":{attributes}}}"#
        );
        let expected = format!(
            r#"{{"attributes":{attributes},"name":"n-{kind}","type":"{kind}","stream":"upstream","toxicity":0.25}}"#
        );
        let response = served.ask("POST", "/proxies/a/toxics", &body);
        assert_eq!((response.status, response.body), (200, expected));
    }
    // The default name is made of what was asked for, and those towards the server are listed first.
    served.must(200, "POST", "/proxies/a/toxics", r#"{"type":"noop","stream":"Downstream"}"#);
    served.must(200, "POST", "/proxies/a/toxics", r#"{"type":"noop","stream":"upstream"}"#);
    let listed = served.must(200, "GET", "/proxies/a/toxics", "");
    let names: Vec<&str> = listed.as_array().expect("an array").iter().filter_map(|it| it["name"].as_str()).collect();
    assert_eq!(names[names.len() - 2..], ["noop_upstream", "noop_Downstream"]);
}

#[test]
fn errors_have_the_status_and_the_text_of_toxiproxy() {
    let (served, listen) = with_a();
    let missing = |what: &str| -> &'static str { format!("{{\"error\":\"{what}\",\"status\":404}}\n").leak() };
    let (proxy, toxic) = (missing("proxy not found"), missing("toxic not found"));
    let bad = |what: &str| -> &'static str { format!("{{\"error\":\"{what}\",\"status\":400}}\n").leak() };
    check(
        &served,
        &listen,
        &[
            ("GET", "/proxies/b", "", 404, proxy),
            ("PATCH", "/proxies/b", "{}", 404, proxy),
            ("POST", "/proxies/b", "no JSON", 404, proxy),
            ("DELETE", "/proxies/b", "", 404, proxy),
            ("GET", "/proxies/b/toxics", "", 404, proxy),
            ("POST", "/proxies/b/toxics", "{}", 404, proxy),
            ("GET", "/proxies/b/toxics/t", "", 404, proxy),
            ("PATCH", "/proxies/b/toxics/t", "{}", 404, proxy),
            ("DELETE", "/proxies/b/toxics/t", "", 404, proxy),
            ("GET", "/proxies/a/toxics/t", "", 404, toxic),
            ("PATCH", "/proxies/a/toxics/t", "{}", 404, toxic),
            ("POST", "/proxies/a/toxics/t", "{}", 404, toxic),
            ("DELETE", "/proxies/a/toxics/t", "", 404, toxic),
            ("POST", "/proxies", "", 400, bad("bad request body: EOF")),
            ("PATCH", "/proxies/a", "", 400, bad("bad request body: EOF")),
            ("POST", "/proxies/a/toxics", "", 400, bad("bad request body: EOF")),
            ("POST", "/proxies", "{}", 400, bad("missing required field: name")),
            ("POST", "/proxies", r#"{"name":""}"#, 400, bad("missing required field: name")),
            ("POST", "/proxies", r#"{"name":"b"}"#, 400, bad("missing required field: upstream")),
            (
                "POST",
                "/proxies",
                r#"{"name":"a","upstream":"127.0.0.1:9"}"#,
                409,
                "{\"error\":\"proxy already exists\",\"status\":409}\n",
            ),
            (
                "POST",
                "/proxies/a/toxics",
                r#"{"type":"latency","stream":"sideways"}"#,
                400,
                bad("stream was invalid, can be either upstream or downstream"),
            ),
            ("POST", "/proxies/a/toxics", r#"{"type":"rain"}"#, 400, bad("invalid toxic type")),
            ("POST", "/proxies/a/toxics", "{}", 400, bad("invalid toxic type")),
        ],
    );
    let response = served.ask("GET", "/proxies/b", "");
    assert_eq!(response.header("content-type"), Some("text/plain; charset=utf-8"));
    assert_eq!(served.ask("GET", "/proxies", "").header("content-type"), Some("application/json"));
}

#[test]
fn values_that_make_no_sense_are_named() {
    let (served, _) = with_a();
    let toxic = |body: &str| served.ask("POST", "/proxies/a/toxics", body);
    let proxy = |body: &str| served.ask("POST", "/proxies", body);
    let says = |response: Response, texts: &[&str]| {
        let error = response.json();
        assert_eq!((response.status, &error["status"]), (400, &400.into()), "{error}");
        let text = error["error"].as_str().unwrap_or_default();
        assert!(text.starts_with("bad request body: "), "{text}");
        texts.iter().for_each(|part| assert!(text.contains(part), "no `{part}` in {text}"));
    };
    says(toxic(r#"{"type":"latency","attributes":{"latency":-5}}"#), &["latency", "-5", "0 or more"]);
    says(toxic(r#"{"type":"latency","attributes":{"latency":"5"}}"#), &["latency", "whole number"]);
    says(toxic(r#"{"type":"latency","attributes":{"latency":1.5}}"#), &["latency", "1.5"]);
    says(toxic(r#"{"type":"latency","attributes":{"delay":5}}"#), &["delay", "`latency`", "`jitter`"]);
    says(toxic(r#"{"type":"slicer","attributes":{"delay":5}}"#), &["average_size"]);
    says(toxic(r#"{"type":"slicer","attributes":{"average_size":5,"size_variation":9}}"#), &["size_variation"]);
    says(toxic(r#"{"type":"latency","toxicity":7}"#), &["toxicity", "7", "0 to 1"]);
    says(toxic(r#"{"type":"latency","toxicity":"much"}"#), &["toxicity", "a number"]);
    says(toxic(r#"{"type":3}"#), &["type", "a string"]);
    says(toxic("[]"), &["a toxic", "object"]);
    says(toxic("{\n  oops"), &["line 2", "column 3"]);
    says(proxy(r#"{"name":"b","upstream":"nowhere"}"#), &["upstream", "HOST:PORT"]);
    says(proxy(r#"{"name":"b","upstream":"127.0.0.1:9","listen":"8000"}"#), &["listen", "HOST:PORT"]);
    says(proxy(r#"{"name":"b","upstream":"127.0.0.1:9","enabled":1}"#), &["enabled", "true or false"]);
    // Nothing of it was done.
    assert_eq!(served.ask("GET", "/proxies/a/toxics", "").body, "[]");
    assert_eq!(served.must(200, "GET", "/proxies", "").as_object().map(|all| all.len()), Some(1));
    let updated = served.must(200, "POST", "/proxies/a/toxics", r#"{"type":"latency","attributes":{"latency":3}}"#);
    says(served.ask("PATCH", "/proxies/a/toxics/latency_downstream", r#"{"attributes":{"latency":-1}}"#), &["-1"]);
    says(served.ask("PATCH", "/proxies/a/toxics/latency_downstream", r#"{"toxicity":2}"#), &["toxicity"]);
    assert_eq!(served.must(200, "GET", "/proxies/a/toxics/latency_downstream", ""), updated);
}

#[test]
fn names_of_fields_may_be_written_in_any_case() {
    let served = Served::new();
    served.must(201, "POST", "/proxies", r#"{"Name":"a","Upstream":"127.0.0.1:9","Enabled":null}"#);
    let toxic = served.must(200, "POST", "/proxies/a/toxics", r#"{"Type":"latency","Attributes":{"Latency":7}}"#);
    assert_eq!(toxic["attributes"]["latency"], 7);
}

#[test]
fn where_a_proxy_listens_is_answered_as_it_is() {
    let served = Served::new();
    for (index, listen) in [r#","listen":":0""#, r#","listen":"localhost:0""#, r#","listen":"""#, ""].iter().enumerate()
    {
        let body = format!(r#"{{"name":"{index}","upstream":"127.0.0.1:9"{listen}}}"#);
        let addr = addr_of(&served.must(201, "POST", "/proxies", &body));
        assert!(addr.ip().is_loopback() && addr.port() > 0, "{listen}: {addr}");
    }
    let body = r#"{"name":"b","upstream":":9"}"#;
    assert_eq!(served.must(201, "POST", "/proxies", body)["upstream"], "127.0.0.1:9");
    let body = r#"{"name":"all","upstream":"127.0.0.1:9","listen":"0.0.0.0:0"}"#;
    assert!(addr_of(&served.must(201, "POST", "/proxies", body)).ip().is_unspecified());
}

#[test]
fn a_port_that_is_taken_is_told_and_changes_nothing() {
    let (served, listen) = with_a();
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let addr = taken.local_addr().expect("bound");
    let expected = format!("{{\"error\":\"listen tcp {addr}: bind: address already in use\",\"status\":500}}\n");
    for (method, path, body) in [
        ("POST", "/proxies", format!(r#"{{"name":"b","upstream":"127.0.0.1:9","listen":"{addr}"}}"#)),
        ("PATCH", "/proxies/a", format!(r#"{{"listen":"{addr}","upstream":"127.0.0.1:10"}}"#)),
    ] {
        let response = served.ask(method, path, &body);
        assert_eq!((response.status, response.body), (500, expected.clone()));
    }
    assert_eq!(served.ask("GET", "/proxies", "").body, format!(r#"{{"a":{}}}"#, A.replace("LISTEN", &listen)));
    assert!(!is_refused(listen.parse().expect("an address")));
}

#[test]
fn a_disabled_proxy_refuses_and_a_deleted_one_frees_its_port() {
    let served = Served::new();
    // Held, so that nobody else's server can come to live there.
    let port = quietdown::process::ReservedPort::new().expect("a port");
    let addr = port.addr();
    let body = format!(r#"{{"name":"a","upstream":"{}","listen":"{addr}"}}"#, echo());
    served.must(201, "POST", "/proxies", &body);
    assert!(!is_refused(addr));
    served.must(200, "PATCH", "/proxies/a", r#"{"enabled":false}"#);
    assert!(is_refused(addr));
    served.must(200, "PATCH", "/proxies/a", r#"{"enabled":true}"#);
    assert!(!is_refused(addr));
    served.must(204, "DELETE", "/proxies/a", "");
    assert!(is_refused(addr));
    let _ours = TcpListener::bind(addr).expect("the port is free");
    let body = format!(r#"{{"name":"b","upstream":"127.0.0.1:9","enabled":false,"listen":"{addr}"}}"#);
    assert_eq!(served.ask("POST", "/proxies", &body).status, 500);
}

#[test]
fn populate_leaves_what_is_the_same_and_replaces_the_rest() {
    let served = Served::new();
    let body = r#"[{"name":"a","listen":":0","upstream":"127.0.0.1:9"},{"name":"b","upstream":"127.0.0.1:9","enabled":false}]"#;
    let first = served.must(201, "POST", "/populate", body);
    let (a, b) = (first["proxies"][0].clone(), first["proxies"][1].clone());
    assert_eq!(
        (&a["name"], &a["enabled"], &b["name"], &b["enabled"]),
        (&"a".into(), &true.into(), &"b".into(), &false.into())
    );
    served.must(200, "POST", "/proxies/a/toxics", r#"{"type":"noop"}"#);
    served.must(200, "POST", "/proxies/b/toxics", r#"{"type":"noop"}"#);
    let same = format!(
        r#"[{{"name":"a","listen":{},"upstream":"127.0.0.1:9","enabled":false,"toxics":null}},{{"name":"b","listen":{},"upstream":"127.0.0.1:10"}}]"#,
        a["listen"], b["listen"]
    );
    let second = served.must(201, "POST", "/populate", &same);
    // The first is left as it is, switches and toxics included; the other one is another one now.
    assert_eq!(second["proxies"][0], served.must(200, "GET", "/proxies/a", ""));
    assert_eq!(
        (&second["proxies"][0]["enabled"], &second["proxies"][0]["toxics"][0]["type"]),
        (&true.into(), &"noop".into())
    );
    assert_eq!(second["proxies"][1]["toxics"], serde_json::json!([]));
    assert_eq!((&second["proxies"][1]["enabled"], &second["proxies"][1]["listen"]), (&true.into(), &b["listen"]));
}

#[test]
fn populate_does_nothing_when_anything_is_wrong_and_says_what_was_done() {
    let served = Served::new();
    for (body, error) in [
        (
            r#"[{"name":"a","upstream":"127.0.0.1:9"},{"upstream":"127.0.0.1:9"}]"#,
            "missing required field: name at proxy 2",
        ),
        (r#"[{"name":"a"}]"#, "missing required field: upstream at proxy 1"),
        ("", "bad request body: EOF"),
        (
            r#"[{"name":"a","upstream":"127.0.0.1:9"},{"name":"b","upstream":"x"}]"#,
            "bad request body: proxy 2: upstream: `x` is no address; write HOST:PORT, such as 127.0.0.1:8000",
        ),
        (
            r#"[{"name":"a","upstream":"127.0.0.1:9"},{"name":"a","upstream":"127.0.0.1:10"}]"#,
            "bad request body: two proxies are called `a`",
        ),
    ] {
        let response = served.ask("POST", "/populate", body);
        assert_eq!(
            (response.status, response.body),
            (400, format!(r#"{{"error":"{error}","status":400,"proxies":null}}"#))
        );
    }
    assert_eq!(served.ask("GET", "/proxies", "").body, "{}");
    // A port that is taken is only met on the way: what came before it is there.
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let addr = taken.local_addr().expect("bound");
    let body = format!(
        r#"[{{"name":"a","upstream":"127.0.0.1:9"}},{{"name":"b","upstream":"127.0.0.1:9","listen":"{addr}"}}]"#
    );
    let answer = served.must(500, "POST", "/populate", &body);
    assert_eq!(answer["error"], format!("listen tcp {addr}: bind: address already in use"));
    assert_eq!(answer["proxies"], serde_json::json!([served.must(200, "GET", "/proxies/a", "")]));
    assert_eq!(served.ask("POST", "/populate", "[]").body, r#"{"proxies":null}"#);
}

#[test]
fn reset_takes_everything_up_and_every_toxic_away() {
    let served = Served::new();
    let addr = served.proxy("a", echo());
    served.proxy("b", echo());
    served.must(200, "POST", "/proxies/a/toxics", r#"{"type":"noop"}"#);
    served.must(200, "POST", "/proxies/b/toxics", r#"{"type":"noop"}"#);
    served.must(200, "PATCH", "/proxies/a", r#"{"enabled":false}"#);
    assert_eq!(served.ask("POST", "/reset", "").body, "");
    for proxy in served.must(200, "GET", "/proxies", "").as_object().expect("a map").values() {
        assert_eq!((&proxy["enabled"], &proxy["toxics"]), (&true.into(), &serde_json::json!([])));
    }
    assert!(!is_refused(addr));
}

#[test]
fn the_version_is_that_of_toxiproxy() {
    let served = Served::new();
    let response = served.ask("GET", "/version", "");
    let expected = format!("{{\"version\": \"2.12.0\", \"quietdown\": \"{}\"}}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!((response.status, response.body.as_str()), (200, &*expected));
    assert_eq!(response.header("content-type"), Some("application/json;charset=utf-8"));
}

#[test]
fn unknown_paths_wrong_methods_and_browsers_are_turned_away() {
    let (served, _) = with_a();
    for path in ["/", "/proxies/", "/proxies/a/b", "/metrics", "/Version"] {
        let response = served.ask("GET", path, "");
        assert_eq!((response.status, response.body.as_str()), (404, "404 page not found\n"), "{path}");
    }
    for (method, path, allowed) in [
        ("PUT", "/proxies", "GET, POST"),
        ("PUT", "/proxies/a", "GET, PATCH, POST, DELETE"),
        ("DELETE", "/proxies/a/toxics", "GET, POST"),
        ("PUT", "/proxies/a/toxics/t", "GET, PATCH, POST, DELETE"),
        ("GET", "/populate", "POST"),
        ("GET", "/reset", "POST"),
        ("POST", "/version", "GET"),
    ] {
        let response = served.ask(method, path, "");
        assert_eq!((response.status, response.body.as_str()), (405, ""), "{method} {path}");
        assert_eq!(response.header("allow"), Some(allowed), "{method} {path}");
    }
    let response = served.ask_with("GET", "/proxies", "user-agent: Mozilla/5.0 (X11)\r\n", "");
    assert_eq!((response.status, response.body.as_str()), (403, "User agent not allowed\n"));
    let response = served.ask_with("GET", "/proxies", "user-agent: toxiproxy-cli Mozilla/\r\n", "");
    assert_eq!(response.status, 200);
}

#[test]
fn a_body_that_is_too_large_is_refused_with_an_answer() {
    let (served, _) = with_a();
    let body = format!(r#"{{"name":"{}"}}"#, "x".repeat(9 << 20));
    let response = served.ask("POST", "/proxies", &body);
    assert_eq!((response.status, &response.json()["status"]), (413, &413.into()));
}
