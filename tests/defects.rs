//! Planted defects exist in builds with debug assertions only, and no build runs silently without the one it was asked for.

use std::process::{Command, Output};

fn serve_with_defect(name: &str) -> Output {
    // `--help` of a subcommand never gets to the check, so the server is really started; a wrong host ends it at once.
    Command::new(env!("CARGO_BIN_EXE_quietdown"))
        .args(["store", "serve", "--host", "no address", "--port", "0"])
        .env("QUIETDOWN_STORE_DEFECT", name)
        .output()
        .expect("the program runs")
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[cfg(not(debug_assertions))]
#[test]
fn a_release_build_refuses_to_run_with_a_defect() {
    let output = serve_with_defect("report-twice");
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    assert!(stderr(&output).contains("this build has no defects"), "{}", stderr(&output));
}

#[cfg(debug_assertions)]
#[test]
fn a_debug_build_takes_a_defect_and_refuses_an_unknown_one() {
    let known = serve_with_defect("report-twice");
    assert_eq!(known.status.code(), Some(1), "it starts, and fails at the address: {}", stderr(&known));
    let unknown = serve_with_defect("report-thrice");
    assert_eq!(unknown.status.code(), Some(2), "{}", stderr(&unknown));
    assert!(stderr(&unknown).contains("there is no such defect"), "{}", stderr(&unknown));
}

#[test]
fn every_defect_that_the_system_file_declares_exists_and_the_other_way_round() {
    let system = quietdown::system::System::store();
    let declared: Vec<&str> =
        system.file.defects.iter().flat_map(|defects| defects.names.keys().map(String::as_str)).collect();
    let mut planted: Vec<&str> = quietdown::store::defects::Defect::ALL.iter().map(|defect| defect.name()).collect();
    planted.sort_unstable();
    assert_eq!(declared, planted);
}
