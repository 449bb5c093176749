//! `quietdown schema`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{BROKEN, PASSED};

/// Prints a JSON Schema, for editors that complete and check TOML.
#[derive(Debug, Args)]
pub struct Schema {
    /// Of which kind of file; all are written when a folder is given.
    #[arg(value_enum, default_value = "scenario")]
    kind: Kind,
    /// Write scenario.json, system.json, results.json and log.json into this folder instead.
    #[arg(long, value_name = "FOLDER")]
    write: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Kind {
    Scenario,
    System,
    /// What `run --json` writes.
    Results,
    /// What `log --json` writes.
    Log,
}

impl Schema {
    pub fn execute(self) -> u8 {
        let Some(folder) = self.write else {
            let text = match self.kind {
                Kind::Scenario => crate::schema::scenario(),
                Kind::System => crate::schema::system(),
                Kind::Results => crate::schema::results(),
                Kind::Log => crate::schema::log(),
            };
            super::say_exactly(text.trim_end());
            return PASSED;
        };
        let files = [
            ("scenario.json", crate::schema::scenario()),
            ("system.json", crate::schema::system()),
            ("results.json", crate::schema::results()),
            ("log.json", crate::schema::log()),
        ];
        let written = std::fs::create_dir_all(&folder)
            .and_then(|()| files.iter().try_for_each(|(name, text)| std::fs::write(folder.join(name), text)));
        match written {
            Ok(()) => PASSED,
            Err(why) => {
                super::complain(format_args!("quietdown: {}: {why}", folder.display()));
                BROKEN
            }
        }
    }
}
