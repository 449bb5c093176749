//! The environment that the processes of a system need: whether it is there, and how it is made.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::file::Spanned;

use super::{Setup, System};
use crate::file::substitute;

/// An environment that is not there, or cannot be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SetupError {
    /// The system file has an empty command.
    #[error("the command is empty")]
    NoCommand,
    /// A command cannot be executed.
    #[error("{command}: {why}")]
    NotExecuted {
        /// The command.
        command: String,
        /// What the operating system says.
        why: std::io::Error,
    },
    /// A command has failed.
    #[error("{command}: {status}{}", said.iter().map(|line| format!(": {line}")).collect::<String>())]
    Failed {
        /// The command.
        command: String,
        /// How it ended.
        status: std::process::ExitStatus,
        /// The last line of its standard error.
        said: Option<String>,
    },
}

impl System {
    /// Why this system cannot be run on this machine yet; nothing when it can.
    pub fn missing(&self, program: &Path) -> Option<String> {
        let setup = self.file.setup.as_ref()?;
        let why = self.check_setup(setup, program).err()?;
        let name = &self.file.name;
        Some(format!("the environment of `{name}` is missing (`quietdown system setup {name}` makes it): {why}"))
    }

    /// Whether the environment is there.
    ///
    /// # Errors
    /// What its check says.
    pub fn check_setup(&self, setup: &Setup, program: &Path) -> Result<(), SetupError> {
        let mut command = self.prepared(&setup.check, program)?;
        let said = words(&command);
        let output = match command.stdin(Stdio::null()).output() {
            Ok(output) => output,
            Err(why) => return Err(SetupError::NotExecuted { command: said, why }),
        };
        if output.status.success() {
            return Ok(());
        }
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        let last = text.lines().rfind(|line| !line.trim().is_empty()).map(|line| line.trim().to_owned());
        Err(SetupError::Failed { command: said, status: output.status, said: last })
    }

    /// Whether anything of it names the quietdown program, `${quietdown}`.
    pub fn names_program(&self) -> bool {
        self.source.contains("${quietdown}")
    }

    /// The command that makes the environment.
    ///
    /// # Errors
    /// When it is empty.
    pub fn setup_command(&self, setup: &Setup, program: &Path) -> Result<Command, SetupError> {
        self.prepared(&setup.command, program)
    }

    fn prepared(&self, command: &[Spanned<String>], program: &Path) -> Result<Command, SetupError> {
        let variable = |name: &str| match name {
            "quietdown" => Some(program.display().to_string()),
            "system" => Some(self.folder.display().to_string()),
            _ => None,
        };
        let mut words = command.iter().map(|word| substitute(word.as_ref(), variable));
        let first = words.next().ok_or(SetupError::NoCommand)?;
        let mut command = Command::new(first);
        command.args(words).current_dir(&self.folder);
        Ok(command)
    }
}

/// A command as it is read.
pub fn words(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
}
