//! For tests that need `python3`: without it they say by name that they are left out. With `QUIETDOWN_REQUIRE=all`, as `.ci/run`
//! sets it, they fail.

use std::io::Write;
use std::process::{Command, Stdio};

/// Whether it is not there. Says so, past the capture of the test's output: this must be seen.
pub fn is_missing() -> bool {
    let found = Command::new("python3").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    if found.is_ok_and(|status| status.success()) {
        return false;
    }
    let required = std::env::var_os("QUIETDOWN_REQUIRE").is_some_and(|what| what == "all");
    assert!(!required, "python3 is not installed");
    let name = std::thread::current().name().unwrap_or("a test").to_owned();
    writeln!(std::io::stderr(), "LEFT OUT: 1 test, {name}: python3 is not installed").expect("standard error");
    true
}

/// Ends a test that cannot be run here.
#[macro_export]
macro_rules! needs_python {
    () => {
        if $crate::needs::is_missing() {
            return;
        }
    };
}
