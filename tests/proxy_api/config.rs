//! The file of proxies.

use std::net::TcpListener;
use std::path::PathBuf;

use serde_json::json;

use crate::served::{Served, addr_of, command, is_refused};

fn file(text: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("proxies.json");
    std::fs::write(&path, text).expect("written");
    (folder, path)
}

#[test]
fn its_proxies_are_there_with_their_toxics_from_the_start() {
    let (_folder, path) = file(
        r#"[
            {"name": "a", "listen": "localhost:0", "upstream": "127.0.0.1:9"},
            {"name": "b", "upstream": "127.0.0.1:9", "enabled": false,
             "toxics": [{"type": "latency", "attributes": {"latency": 5}}, {"type": "noop", "stream": "upstream"}]}
        ]"#,
    );
    let served = Served::with(&["-config", path.to_str().expect("UTF-8")]);
    let all = served.must(200, "GET", "/proxies", "");
    assert_eq!((&all["a"]["enabled"], &all["b"]["enabled"]), (&json!(true), &json!(false)));
    assert!(!is_refused(addr_of(&all["a"])) && is_refused(addr_of(&all["b"])));
    assert_eq!(all["b"]["toxics"][0]["name"], "noop_upstream");
    assert_eq!(all["b"]["toxics"][1]["attributes"], json!({ "latency": 5, "jitter": 0 }));
}

#[test]
fn a_wrong_one_is_told_with_its_place_and_nothing_is_served() {
    for (text, parts) in [
        ("[{\"name\": \"a\",\n  oops}]", &["line 2", "column 3"][..]),
        (r#"{"name": "a"}"#, &["array"]),
        (r#"[{"name": "a"}]"#, &["missing required field: upstream at proxy 1"]),
        (r#"[{"name":"a","upstream":"127.0.0.1:9","toxics":[{"type":"rain"}]}]"#, &["invalid toxic type"]),
    ] {
        let (_folder, path) = file(text);
        let name = path.to_str().expect("UTF-8");
        let output = command(&["--port", "0", "--config", name]).output().expect("it runs");
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(2), &b""[..]), "{error}");
        assert!(error.contains(name), "{error}");
        parts.iter().for_each(|part| assert!(error.contains(part), "no `{part}` in {error}"));
    }
    let output = command(&["--port", "0", "--config", "/no/such/file"]).output().expect("it runs");
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn a_port_of_it_that_is_taken_is_3() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let addr = taken.local_addr().expect("bound");
    let (_folder, path) = file(&format!(r#"[{{"name":"a","upstream":"127.0.0.1:9","listen":"{addr}"}}]"#));
    let output = command(&["--port", "0", "--config", path.to_str().expect("UTF-8")]).output().expect("it runs");
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{error}");
    assert!(error.contains(&addr.to_string()), "{error}");
}
