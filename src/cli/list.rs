//! `quietdown list`.

use clap::Args;

use super::{PASSED, WRONG, files};

/// Names the scenarios, with what each is about.
#[derive(Debug, Args)]
pub struct List {
    /// Scenarios by name or path, folders too; all of scenarios/ when absent.
    scenarios: Vec<String>,
}

impl List {
    pub fn execute(self) -> u8 {
        let selected = match files::load(&self.scenarios, files::Purpose::default(), super::colours(&std::io::stderr()))
        {
            Ok(selected) => selected,
            Err(wrong) => {
                wrong.iter().for_each(|why| super::complain(format_args!("{why}\n")));
                return WRONG;
            }
        };
        let width = selected.iter().map(|one| one.scenario.name.len()).max().unwrap_or_default();
        for one in &selected {
            super::say(format_args!("{:<width$}  {}", one.scenario.name, one.scenario.file.summary));
        }
        PASSED
    }
}
