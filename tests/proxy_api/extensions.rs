//! What the API has beyond Toxiproxy's: proxies with their toxics, toxics that choose requests, bytes that are changed.

use std::io::{Read, Write};

use serde_json::json;

use crate::served::{Served, echo, web};

#[test]
fn a_proxy_is_created_with_its_toxics_or_not_at_all() {
    let served = Served::new();
    let body = |second: &str| {
        format!(
            r#"{{"name":"a","upstream":"{}","toxics":[{{"type":"latency","attributes":{{"latency":5}}}},{second}]}}"#,
            echo()
        )
    };
    for (second, status, error) in [
        (r#"{"type":"rain"}"#, 400, "invalid toxic type"),
        (r#"{"type":"noop","stream":"up"}"#, 400, "stream was invalid, can be either upstream or downstream"),
        (r#"{"type":"latency"}"#, 400, "bad request body: toxics: two of them are called `latency_downstream`"),
        ("3", 400, "bad request body: expected a toxic as an object, got 3"),
    ] {
        let answer = served.must(status, "POST", "/proxies", &body(second));
        assert_eq!(answer["error"], error);
        assert_eq!(served.must(404, "GET", "/proxies/a", "")["status"], 404);
    }
    let answer = served.must(201, "POST", "/proxies", &body(r#"{"type":"noop"}"#));
    let names: Vec<_> = answer["toxics"].as_array().expect("an array").iter().map(|it| it["name"].clone()).collect();
    assert_eq!(names, ["latency_downstream", "noop_downstream"]);
    // What is listed can be sent back, as clients do that save what they have read.
    let listed = json!([served.must(200, "GET", "/proxies/a", "")]).to_string();
    let answer = served.must(201, "POST", "/populate", &listed);
    assert_eq!(answer["proxies"], serde_json::from_str::<serde_json::Value>(&listed).expect("JSON"));
}

#[test]
fn populate_sets_the_toxics_that_it_is_given() {
    let served = Served::new();
    let addr = served.proxy("a", echo());
    let upstream = served.must(200, "GET", "/proxies/a", "")["upstream"].clone();
    let mut client = crate::served::connect(addr);
    served.must(200, "POST", "/proxies/a/toxics", r#"{"type":"noop"}"#);
    let populate = |toxics: &str| {
        let body = format!(r#"[{{"name":"a","listen":"{addr}","upstream":{upstream},"toxics":{toxics}}}]"#);
        let answer = served.must(201, "POST", "/populate", &body);
        let toxics = answer["proxies"][0]["toxics"].as_array().expect("an array").clone();
        toxics.iter().map(|toxic| toxic["type"].as_str().unwrap_or_default().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(
        populate(r#"[{"type":"slow_close"},{"type":"limit_data","attributes":{"bytes":100}}]"#),
        ["slow_close", "limit_data"]
    );
    assert_eq!(populate("[]"), ["slow_close", "limit_data"]);
    assert_eq!(populate(r#"[{"type":"noop"}]"#), ["noop"]);
    // The connection has seen none of it.
    client.write_all(b"x").expect("sent");
    client.read_exact(&mut [0]).expect("sent back");
}

#[test]
fn a_toxic_says_which_requests_it_chooses() {
    let served = Served::new();
    served.proxy("a", web());
    let body = r#"{"type":"latency","only":{"method":"POST","path":"/v1/*","client":"127.0.0.1:*","first":2}}"#;
    let toxic = served.must(200, "POST", "/proxies/a/toxics", body);
    let only = json!({ "method": "POST", "path": "/v1/*", "client": "127.0.0.1:*", "first": 2 });
    assert_eq!(toxic["only"], only);
    let path = "/proxies/a/toxics/latency_downstream";
    assert_eq!(served.must(200, "PATCH", path, r#"{"toxicity":0.5}"#)["only"], only);
    assert_eq!(served.must(200, "PATCH", path, r#"{"only":{"nth":3}}"#)["only"], json!({ "nth": 3 }));
    for (only, text) in [
        (r#"{"nth":0}"#, "nth"),
        (r#"{"first":0}"#, "first"),
        (r#"{"nth":1,"first":1}"#, "first"),
        (r#"{"paht":"/"}"#, "`path`"),
        ("3", "only"),
    ] {
        let error = served.must(400, "PATCH", path, &format!(r#"{{"only":{only}}}"#));
        assert!(error["error"].as_str().is_some_and(|error| error.contains(text)), "{only}: {error}");
    }
}

#[test]
fn the_first_requests_fail_then_all_is_well_and_it_is_known_which() {
    let served = Served::new();
    let addr = served.proxy("a", web());
    let body = r#"{"name":"fails","type":"limit_data","attributes":{"bytes":20},"only":{"path":"/v1/*","first":2}}"#;
    served.must(200, "POST", "/proxies/a/toxics", body);
    let ask = |path: &str| {
        let mut stream = crate::served::connect(addr);
        stream.write_all(format!("GET {path} HTTP/1.1\r\nhost: a\r\n\r\n").as_bytes()).expect("sent");
        stream.shutdown(std::net::Shutdown::Write).expect("ended");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer, and its end");
        answer
    };
    assert!(ask("/v2/spared").ends_with("/v2/spared"));
    assert_eq!(ask("/v1/one"), "HTTP/1.1 200 OK\r\ncon");
    assert_eq!(ask("/v1/two"), "HTTP/1.1 200 OK\r\ncon");
    assert!(ask("/v1/three").ends_with("/v1/three"));
    let hit = |connection: u64, path: &str| {
        json!({
            "toxic": "fails", "effect": "closed", "connection": connection, "stream": "downstream", "offset": 20,
            "request": { "number": connection, "method": "GET", "path": path, "byte": 20 },
        })
    };
    let hits = served.must(200, "GET", "/proxies/a/hits", "");
    assert_eq!(hits, json!({ "hits": [hit(2, "/v1/one"), hit(3, "/v1/two")], "forgotten": 0 }));
    served.must(204, "DELETE", "/proxies/a/hits", "");
    assert_eq!(served.ask("GET", "/proxies/a/hits", "").body, r#"{"hits":[],"forgotten":0}"#);
    assert_eq!(served.must(404, "GET", "/proxies/b/hits", "")["error"], "proxy not found");
}

#[test]
fn corrupt_changes_the_bytes_that_it_names() {
    let served = Served::new();
    let addr = served.proxy("a", echo());
    let body = r#"{"type":"corrupt","stream":"upstream","attributes":{"from":1,"length":2,"mask":32}}"#;
    served.must(200, "POST", "/proxies/a/toxics", body);
    let mut client = crate::served::connect(addr);
    client.write_all(b"abcd").expect("sent");
    let mut back = [0; 4];
    client.read_exact(&mut back).expect("sent back");
    assert_eq!(&back, b"aBCd");
    let hit = served.must(200, "GET", "/proxies/a/hits", "")["hits"][0].clone();
    assert_eq!((&hit["effect"], &hit["stream"], &hit["offset"]), (&json!("changed"), &json!("upstream"), &json!(1)));
}

#[test]
fn corrupt_has_its_defaults_and_its_limits() {
    let served = Served::new();
    served.proxy("a", echo());
    let toxic = served.must(200, "POST", "/proxies/a/toxics", r#"{"type":"corrupt","attributes":{"from":2}}"#);
    assert_eq!(toxic["attributes"], json!({ "from": 2, "length": 1, "mask": 255 }));
    for attributes in [r#"{"mask":0}"#, r#"{"mask":256}"#, r#"{"to":3}"#] {
        let body = format!(r#"{{"name":"b","type":"corrupt","attributes":{attributes}}}"#);
        let error = served.must(400, "POST", "/proxies/a/toxics", &body);
        assert!(error["error"].as_str().is_some_and(|error| error.contains("mask")), "{error}");
    }
}
