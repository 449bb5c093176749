//! `quietdown run --toxiproxy`: scenarios whose links a Toxiproxy server carries.

use std::process::{Command, Output};

use serde_json::json;

use super::served::Served;

fn run(url: &str, scenarios: &[&str]) -> (Output, String) {
    let runs = tempfile::tempdir().expect("a folder");
    let mut command = Command::new(env!("CARGO_BIN_EXE_quietdown"));
    command.args(["run", "--toxiproxy", url, "--runs"]).arg(runs.path()).args(scenarios);
    // Where nothing may be left out, this does not mean what these tests leave out on purpose.
    let output =
        command.env_remove("QUIETDOWN_REQUIRE").current_dir(env!("CARGO_MANIFEST_DIR")).output().expect("it starts");
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (output, said)
}

#[test]
fn what_needs_no_gate_runs_and_the_rest_is_counted() {
    let served = Served::new();
    let (output, said) = run(&format!("http://{}", served.api), &["slow-network", "first-requests-fail", "black-hole"]);
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.contains("pass  slow-network"), "{said}");
    assert!(said.contains("n/a   first-requests-fail"), "{said}");
    assert!(said.contains("needs the embedded proxy: step 1 has a toxic that chooses requests"), "{said}");
    assert!(said.contains("needs the embedded proxy: step 2 is a gate"), "{said}");
    assert!(said.contains("3 scenarios, 1 passed, 0 failed, 2 not applicable"), "{said}");
    // Nothing is left behind.
    assert_eq!(served.must(200, "GET", "/proxies", ""), json!({}));
}

#[test]
fn where_nothing_was_tested_nothing_has_passed() {
    let served = Served::new();
    let (output, said) = run(&format!("http://{}", served.api), &["black-hole"]);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("nothing was tested"), "{said}");
}

#[test]
fn a_server_that_is_none_or_not_there_is_told_from_a_wrong_url() {
    let nobody = quietdown::process::ReservedPort::new().expect("a port");
    let (output, said) = run(&format!("http://{}", nobody.addr()), &["slow-network"]);
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains("no Toxiproxy server answers at"), "{said}");
    for url in ["127.0.0.1:8474", "https://127.0.0.1:8474", "http://127.0.0.1", "http://127.0.0.1:x"] {
        let (output, said) = run(url, &["slow-network"]);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains("write http://HOST:PORT"), "{said}");
    }
}
