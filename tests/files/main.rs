//! Tests that are one for each file of a folder: logs of real programs, and wrong scenario and system files.

mod corpus;
#[path = "../listed/mod.rs"]
mod listed;
mod wrong_files;

use libtest_mimic::Arguments;

fn main() {
    let trials = [corpus::trials(), wrong_files::trials()].into_iter().flatten().collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}
