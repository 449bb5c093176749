//! The command line: one file per subcommand, no logic.

mod check;
mod files;
mod list;
mod log;
mod logs;
mod proxy;
mod report;
mod reports;
mod run;
mod schema;
mod sweep;
mod system;
mod tryout;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Breaks a server and its clients on cue, and judges what they log: quiet about what was planned, loud about what was not.
#[derive(Debug, Parser)]
#[command(
    name = "quietdown",
    version,
    arg_required_else_help = true,
    after_help = "\
Start here:
  quietdown run                         every scenario of scenarios/
  quietdown run scenarios/my-stop.toml  one of them
  quietdown check                       are the files in order? (runs nothing)

Exit codes: 0 all passed or failed as expected, 1 a scenario failed, 2 wrong usage, a wrong file or nothing to test,\n\
3 the harness itself failed, 4 (sweep) nothing failed, but not everything was tested,\n\
5 (log) nothing was found, but too much was not understood."
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run scenarios and judge them.
    Run(run::RunArgs),
    /// Try a server and its client without any file, and say what they do when they are disturbed.
    Try(tryout::Try),
    /// Run a scenario once for every fault at every place of every request.
    Sweep(sweep::SweepArgs),
    /// Validate scenario files and system files without running anything.
    Check(check::Check),
    /// List the scenarios.
    List(list::List),
    /// Judge logs from anywhere: formats, levels, tracebacks by cause.
    Log(log::LogArgs),
    /// Print what the processes of a run wrote, merged by time, with the faults among it.
    Logs(logs::Logs),
    /// Judge a run again from its saved evidence, without running anything.
    Report(report::ReportArgs),
    /// Print or write the JSON Schemas of both kinds of file.
    Schema(schema::Schema),
    /// List the systems, say what one can, make what it needs.
    #[command(subcommand)]
    System(system::SystemCommand),
    /// A drop-in for toxiproxy-server, with quietdown's proxy.
    Proxy(proxy::ProxyArgs),
    /// The embedded system under test: a rollout store, its client, its runner, its execution strategy.
    #[command(subcommand)]
    Store(quietdown_store::StoreCommand),
}

/// All passed.
const PASSED: u8 = 0;
/// A scenario failed.
const FAILED: u8 = 1;
/// Wrong usage, or a wrong file.
const WRONG: u8 = 2;
/// The harness itself failed.
const BROKEN: u8 = 3;
/// Nothing failed, but not everything was tested.
const INCOMPLETE: u8 = 4;
/// Nothing was found, but too much was not understood.
const NOT_UNDERSTOOD: u8 = 5;

/// Of two exit codes the one that says more.
fn graver(one: u8, other: u8) -> u8 {
    const ORDER: [u8; 6] = [BROKEN, FAILED, WRONG, NOT_UNDERSTOOD, INCOMPLETE, PASSED];
    ORDER.into_iter().find(|code| [one, other].contains(code)).unwrap_or(BROKEN)
}

/// Runs the command line.
pub fn main() -> ExitCode {
    if let Err(wrong) = crate::mutation::check() {
        complain(format_args!("quietdown: {wrong}"));
        return ExitCode::from(WRONG);
    }
    let command = match Cli::try_parse_from(proxy::respelled(std::env::args_os())) {
        Ok(cli) => cli.command,
        Err(instead) => return told_instead(&instead),
    };
    let code = match command {
        Command::Run(command) => command.execute(),
        Command::Try(command) => command.execute(),
        Command::Sweep(command) => command.execute(),
        Command::Check(command) => command.execute(),
        Command::List(command) => command.execute(),
        Command::Log(command) => command.execute(),
        Command::Logs(command) => command.execute(),
        Command::Report(command) => command.execute(),
        Command::Schema(command) => command.execute(),
        Command::System(command) => command.execute(),
        Command::Proxy(command) => command.execute(),
        Command::Store(command) => return command.execute(),
    };
    ended_with(code)
}

/// What there is to say instead of running a command: help, a version, or what is wrong with the arguments.
fn told_instead(message: &clap::Error) -> ExitCode {
    use std::io::Write;
    let printed = message.print().and_then(|()| std::io::stdout().flush());
    if !message.use_stderr() {
        crate::report::note_loss(printed);
    }
    ended_with(u8::try_from(message.exit_code()).unwrap_or(WRONG))
}

/// What was not written is not known to anybody, however the command went.
fn ended_with(code: u8) -> ExitCode {
    if crate::report::output_is_lost() {
        complain("quietdown: standard output could not be written: is its disk full?");
        return ExitCode::from(BROKEN);
    }
    ExitCode::from(code)
}

/// Prints a line. Whoever has closed the pipe does not want to read more; the exit code still says how it went.
fn say(line: impl std::fmt::Display) {
    let line = line.to_string();
    say_exactly(crate::report::inert(&line, colours(&std::io::stdout())));
}

/// Prints a line for programs, as it is.
fn say_exactly(line: impl std::fmt::Display) {
    use std::io::Write;
    crate::report::note_loss(writeln!(std::io::stdout(), "{line}"));
}

/// Prints a line on standard error.
fn complain(line: impl std::fmt::Display) {
    use std::io::Write;
    let line = line.to_string();
    let _ = writeln!(std::io::stderr(), "{}", crate::report::inert(&line, colours(&std::io::stderr())));
}

/// Whether to use colours on this stream: at a terminal that can, unless `NO_COLOR` is set; `CLICOLOR_FORCE` is obeyed, too.
fn colours(stream: &impl anstream::stream::RawStream) -> bool {
    anstream::AutoStream::choice(stream) != anstream::ColorChoice::Never
}
