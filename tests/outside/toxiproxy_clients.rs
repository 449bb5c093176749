//! Published clients of Toxiproxy in other languages drive `quietdown proxy` unchanged. Where one is not installed it is left
//! out, and counted as ignored:
//!
//!     pip install toxiproxy-python           QUIETDOWN_TEST_PYTHON names the interpreter; python3 when absent
//!     npm install toxiproxy-node-client      NODE_PATH names its node_modules

use std::path::Path;
use std::process::{Command, Stdio};

use libtest_mimic::{Failed, Trial};

use crate::served::Served;

/// One for each client.
pub fn trials() -> Vec<Trial> {
    let python = std::env::var("QUIETDOWN_TEST_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let clients = [
        ("toxiproxy-python", python, ["-c", "import toxiproxy"], "client.py"),
        ("toxiproxy-node-client", "node".to_owned(), ["-e", "require('toxiproxy-node-client')"], "client.js"),
    ];
    let trials = clients.into_iter().map(|(name, program, probe, script)| {
        let installed = runs(Command::new(&program).args(probe));
        Trial::test(name, move || drive(&program, script)).with_ignored_flag(!installed)
    });
    trials.collect()
}

fn runs(command: &mut Command) -> bool {
    let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    quiet.status().is_ok_and(|status| status.success())
}

/// Lets a script drive a proxy of its own; it says by its status whether all was as it expects.
fn drive(program: &str, script: &str) -> Result<(), Failed> {
    let served = Served::new();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/toxiproxy_clients").join(script);
    let output = Command::new(program).arg(script).arg(served.api.port().to_string()).stdin(Stdio::null()).output()?;
    match output.status.success() {
        true => Ok(()),
        false => Err(String::from_utf8_lossy(&output.stderr).into_owned().into()),
    }
}
