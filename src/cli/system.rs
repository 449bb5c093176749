//! `quietdown system`.

use std::path::Path;

use crate::system::{Setup, SetupError, System, words};
use clap::{Args, Subcommand};

use super::{BROKEN, FAILED, PASSED, WRONG};

/// Systems: which there are, what they can, and how to make what they need.
#[derive(Debug, Subcommand)]
pub enum SystemCommand {
    /// Names the systems: the built-in one, and those of systems/.
    List,
    /// Says what a system can: its roles with their options, operations, variants.
    Show(NamedSystem),
    /// Makes the environment that a system needs, with the command of its file. Does nothing where it is there.
    Setup(SetupArguments),
}

#[derive(Debug, Args)]
pub struct NamedSystem {
    /// A name (systems/NAME.toml, systems/NAME/system.toml, or the built-in `store`) or a path.
    system: String,
}

#[derive(Debug, Args)]
pub struct SetupArguments {
    #[command(flatten)]
    named: NamedSystem,
    /// Run the command also where the environment is there already.
    #[arg(long)]
    again: bool,
}

impl SystemCommand {
    pub fn execute(self) -> u8 {
        match self {
            Self::List => list(),
            Self::Show(named) => load(&named).map_or(WRONG, |system| show(&system)),
            Self::Setup(arguments) => load(&arguments.named).map_or(WRONG, |system| make(&system, arguments.again)),
        }
    }
}

fn load(named: &NamedSystem) -> Option<System> {
    match System::load(&named.system) {
        Ok(system) => Some(system),
        Err(why) => {
            super::complain(format_args!("quietdown: {why}"));
            None
        }
    }
}

fn list() -> u8 {
    let all = System::known();
    let width = all.iter().map(|system| system.file.name.len()).max().unwrap_or_default();
    for system in &all {
        super::say(format_args!("{:<width$}  {}", system.file.name, system.file.summary));
    }
    PASSED
}

fn show(system: &System) -> u8 {
    let file = &system.file;
    super::say(format_args!("{}: {}\n  {}", file.name, file.summary, system.path.display()));
    for (name, role) in &file.roles {
        let options: Vec<&str> = role.options.keys().map(String::as_str).collect();
        let options = if options.is_empty() { String::new() } else { format!(", options {}", options.join(", ")) };
        super::say(format_args!("  role {}{options}", name.as_ref()));
    }
    let operations: Vec<&str> = file.operations.keys().map(String::as_str).collect();
    if !operations.is_empty() {
        super::say(format_args!("  operations {}", operations.join(", ")));
    }
    for (name, variant) in &file.variants {
        super::say(format_args!("  variant {}: {}", name.as_ref(), variant.summary));
    }
    for expected in &file.expected_failures {
        let expected = expected.as_ref();
        super::say(format_args!(
            "  expected to fail on {}: {}: {}",
            expected.variants().join(", "),
            expected.scenario,
            expected.reason
        ));
    }
    for (name, reason) in &file.not_applicable {
        super::say(format_args!("  not applicable: {name}: {reason}"));
    }
    if let Some(setup) = &file.setup {
        super::say(format_args!("  setup: {}", setup.summary));
    }
    PASSED
}

fn make(system: &System, again: bool) -> u8 {
    let name = &system.file.name;
    let Some(setup) = &system.file.setup else {
        super::complain(format_args!(
            "quietdown: the system `{name}` needs no setup: {} has no [setup]",
            system.path.display()
        ));
        return WRONG;
    };
    let program = match std::env::current_exe() {
        Ok(program) => program,
        Err(why) => {
            super::complain(format_args!("quietdown: cannot find its own program: {why}"));
            return BROKEN;
        }
    };
    if !again && system.check_setup(setup, &program).is_ok() {
        super::say(format_args!("the environment of `{name}` is there; `--again` makes it anew"));
        return PASSED;
    }
    match run(system, setup, &program) {
        Ok(()) => {
            super::say(format_args!("the environment of `{name}` is there"));
            PASSED
        }
        Err(why) => {
            super::complain(format_args!("quietdown: the environment of `{name}` could not be made: {why}"));
            FAILED
        }
    }
}

/// An environment that could not be made.
#[derive(Debug, thiserror::Error)]
enum MakeError {
    #[error(transparent)]
    Setup(#[from] SetupError),
    #[error("{command}: {why}")]
    NotExecuted { command: String, why: std::io::Error },
    #[error("{command}: {status}")]
    Failed { command: String, status: std::process::ExitStatus },
    #[error("the command succeeded, its check does not: {0}")]
    Check(SetupError),
}

fn run(system: &System, setup: &Setup, program: &Path) -> Result<(), MakeError> {
    let mut command = system.setup_command(setup, program)?;
    let said = words(&command);
    super::say(format_args!("{}\n$ cd {}\n$ {said}", setup.summary, system.folder.display()));
    let status = match command.status() {
        Ok(status) => status,
        Err(why) => return Err(MakeError::NotExecuted { command: said, why }),
    };
    if !status.success() {
        return Err(MakeError::Failed { command: said, status });
    }
    system.check_setup(setup, program).map_err(MakeError::Check)
}
