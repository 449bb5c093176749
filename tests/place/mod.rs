//! A folder with scenarios and systems of a test's own, and quietdown run in it.

// Each test program uses some of it.
#![allow(dead_code)]

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

/// The folder. It is gone with this.
pub struct Place(tempfile::TempDir);

/// The exit code of a command, and what it wrote: first to standard output, then to standard error.
pub type Ended = (Option<i32>, String);

impl Place {
    pub fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    /// Without symbolic links in it, as processes see it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().canonicalize().expect("it is there").join(name)
    }

    pub fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        fs::write(path, text).expect("written");
    }

    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|why| panic!("{name}: {why}"))
    }

    /// The names of what is in a folder, sorted; none if it is not there.
    pub fn names(&self, folder: &str) -> Vec<String> {
        let entries = fs::read_dir(self.path(folder)).into_iter().flatten().flatten();
        let mut names: Vec<String> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    /// quietdown in this folder, as at a desk, and not as in CI; the folders of runs are in `runs`.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_quietdown"));
        command.current_dir(self.path("")).args(arguments).env_remove("CI").env_remove("QUIETDOWN_REQUIRE");
        if arguments.first() == Some(&"run") {
            command.args(["--runs", "runs"]);
        }
        command
    }

    pub fn quietdown(&self, arguments: &[&str]) -> Ended {
        end(&mut self.command(arguments))
    }
}

/// Runs a command to its end.
pub fn end(command: &mut Command) -> Ended {
    let Output { status, stdout, stderr } = command.output().expect("it starts");
    (status.code(), [stdout, stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat())
}

/// It must have ended with this exit code, and have said all of this.
#[track_caller]
pub fn check((code, text): Ended, wanted: i32, parts: &[&str]) {
    let missing: Vec<&&str> = parts.iter().filter(|part| !text.contains(**part)).collect();
    assert!(code == Some(wanted) && missing.is_empty(), "code {code:?}, wanted {wanted} and {missing:?}\n{text}");
}
