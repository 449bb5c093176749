//! The command line of quietdown.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::main()
}
