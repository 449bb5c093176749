//! The environment that the processes of a system need: whether it is there, and how it is made.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::file::Spanned;

use super::{Setup, System};
use crate::file::substitute;

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
    pub fn check_setup(&self, setup: &Setup, program: &Path) -> Result<(), String> {
        let mut command = self.prepared(&setup.check, program)?;
        let said = words(&command);
        let output = command.stdin(Stdio::null()).output().map_err(|why| format!("{said}: {why}"))?;
        if output.status.success() {
            return Ok(());
        }
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        let last = text.lines().rfind(|line| !line.trim().is_empty()).map(|line| format!(": {}", line.trim()));
        Err(format!("{said}: {}{}", output.status, last.unwrap_or_default()))
    }

    /// Whether anything of it names the quietdown program, `${quietdown}`.
    pub fn names_program(&self) -> bool {
        self.source.contains("${quietdown}")
    }

    /// The command that makes the environment.
    ///
    /// # Errors
    /// When it is empty.
    pub fn setup_command(&self, setup: &Setup, program: &Path) -> Result<Command, String> {
        self.prepared(&setup.command, program)
    }

    fn prepared(&self, command: &[Spanned<String>], program: &Path) -> Result<Command, String> {
        let variable = |name: &str| match name {
            "quietdown" => Some(program.display().to_string()),
            "system" => Some(self.folder.display().to_string()),
            _ => None,
        };
        let mut words = command.iter().map(|word| substitute(word.as_ref(), variable));
        let first = words.next().ok_or("the command is empty")?;
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
