//! The program `quietdown`.

use std::process::ExitCode;

fn main() -> ExitCode {
    quietdown::cli::main()
}
