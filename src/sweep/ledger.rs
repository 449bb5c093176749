//! The results of a sweep on the disk, a line of JSON each: a sweep that was killed goes on from them.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{BufRead, BufReader, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::outcome::Outcome;
use super::recorded::Recorded;
use crate::timeline::HarnessError;

/// The version of what is in the folder of a sweep. In version 1 nothing said its version, nor what struck.
pub const LEDGER_VERSION: u32 = 2;

/// What is swept: results belong to it alone.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
pub struct Subject {
    /// The version of the folder.
    #[serde(default = "first_version")]
    pub version: u32,
    /// The scenario's text.
    pub scenario: String,
    /// The system's text.
    pub system: String,
    /// The variant of the system, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
    /// What the numbers count: `points`, `every byte`, `timelines of seed S`, with `2 generations`.
    pub numbers: String,
    /// The defect that is planted, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub defect: Option<String>,
    /// The requests of the clean run.
    pub requests: Vec<Recorded>,
}

fn first_version() -> u32 {
    1
}

/// A line of the results.
#[derive(Debug, Deserialize, Serialize)]
struct Line<O> {
    #[serde(default = "first_version")]
    version: u32,
    #[serde(flatten)]
    outcome: O,
}

impl Subject {
    /// Whether results of `self` are results of `other`. The requests may differ in their sizes.
    pub fn is_of(&self, other: &Self) -> bool {
        (&self.scenario, &self.system, &self.variant, &self.numbers, &self.defect)
            == (&other.scenario, &other.system, &other.variant, &other.numbers, &other.defect)
    }
}

/// The results of a sweep, in its folder.
#[derive(Debug)]
pub struct Ledger {
    path: PathBuf,
    file: File,
    /// What was found in it, by number.
    pub known: BTreeMap<usize, Outcome>,
    /// What it is about; as it was saved, where it was there.
    pub subject: Subject,
}

/// Why results cannot be kept.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LedgerError {
    /// It cannot be read or written.
    #[error(transparent)]
    Harness(#[from] HarnessError),
    /// Another sweep is writing them.
    #[error("{path} is being written by another sweep; wait for its end, or name another --folder")]
    Busy {
        /// The file.
        path: PathBuf,
    },
    /// A later quietdown has written it.
    #[error(
        "{path} has version {version}, and this quietdown knows versions up to {LEDGER_VERSION}; use the one that wrote it, or name another --folder"
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        version: u32,
    },
    /// There are no results of a sweep.
    #[error("{path} has no results of a sweep: {why}")]
    Missing {
        /// The folder.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// It belongs to another sweep.
    #[error(
        "{path} has results of another sweep (the scenario, the system or what is counted differs); name another --folder"
    )]
    Other {
        /// The file.
        path: PathBuf,
    },
}

/// The name of the file with what is swept.
const SUBJECT: &str = "subject.json";
/// The name of the file with the results.
const RESULTS: &str = "results.jsonl";

impl Ledger {
    /// What was saved in a folder about what it has results of.
    pub fn subject_in(folder: &Path) -> Option<Subject> {
        serde_json::from_slice(&crate::file::read_bounded(&folder.join(SUBJECT), crate::file::SAVED_BOUND).ok()?).ok()
    }

    /// Opens the results of a folder, or begins them.
    ///
    /// # Errors
    /// When they are about something else, or cannot be read or written.
    pub fn open(folder: &Path, subject: Subject) -> Result<Self, LedgerError> {
        let io = |what: &str, path: &Path| HarnessError::io(format!("{what} {}", path.display()));
        fs::create_dir_all(folder).map_err(io("making", folder))?;
        let about = folder.join(SUBJECT);
        let path = folder.join(RESULTS);
        let subject = match Self::subject_in(folder) {
            Some(known) if known.version > LEDGER_VERSION => {
                return Err(LedgerError::Newer { path: about, version: known.version });
            }
            Some(known) if known.is_of(&subject) => known,
            Some(_) => return Err(LedgerError::Other { path: about }),
            None => {
                let text = serde_json::to_vec_pretty(&subject).map_err(HarnessError::json("what is swept"))?;
                // Whole or not at all: half of it would look like another sweep.
                let draft = folder.join("subject.json.new");
                fs::write(&draft, text).map_err(io("writing", &draft))?;
                fs::rename(&draft, &about).map_err(io("writing", &about))?;
                subject
            }
        };
        let options = || OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
        let mut file = options().map_err(io("opening", &path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(LedgerError::Busy { path }),
            Err(TryLockError::Error(why)) => {
                return Err(HarnessError::io(format!("locking {}", path.display()))(why).into());
            }
        }
        let (known, whole) = read(&file).map_err(io("reading", &path))?.map_err(|version| newer(&path, version))?;
        // The last line of a sweep that was killed may be half.
        file.set_len(whole).and_then(|()| file.seek(SeekFrom::End(0))).map_err(io("writing", &path))?;
        Ok(Self { path, file, known, subject })
    }

    /// What was saved in a folder, to be looked at only.
    ///
    /// # Errors
    /// When there is nothing of a sweep in it, or what a later quietdown has written.
    pub fn saved(folder: &Path) -> Result<(Subject, BTreeMap<usize, Outcome>), LedgerError> {
        let missing = |why: String| LedgerError::Missing { path: folder.to_owned(), why };
        let subject = Self::subject_in(folder).ok_or_else(|| missing(format!("no {SUBJECT} can be read")))?;
        if subject.version > LEDGER_VERSION {
            return Err(newer(&folder.join(SUBJECT), subject.version));
        }
        let path = folder.join(RESULTS);
        let file = File::open(&path).map_err(|why| missing(why.to_string()))?;
        let (known, _) =
            read(&file).map_err(|why| missing(why.to_string()))?.map_err(|version| newer(&path, version))?;
        Ok((subject, known))
    }

    /// Adds a result.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn add(&mut self, outcome: &Outcome) -> Result<(), HarnessError> {
        let mut line =
            serde_json::to_vec(&Line { version: LEDGER_VERSION, outcome }).map_err(HarnessError::json("a result"))?;
        line.push(b'\n');
        self.file.write_all(&line).map_err(HarnessError::io(format!("writing {}", self.path.display())))?;
        self.known.insert(outcome.number, outcome.clone());
        Ok(())
    }
}

fn newer(path: &Path, version: u32) -> LedgerError {
    LedgerError::Newer { path: path.to_owned(), version }
}

/// The results of a file, and how many bytes of it are whole lines; or the version that is not known.
type Read = Result<(BTreeMap<usize, Outcome>, u64), u32>;

fn read(file: &File) -> std::io::Result<Read> {
    let mut reader = BufReader::new(file);
    let (mut known, mut whole) = (BTreeMap::new(), 0);
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line)? > 0 && line.ends_with(b"\n") {
        // Of a later version only that is known.
        if let Ok(Line::<serde_json::Value> { version, .. }) = serde_json::from_slice(&line)
            && version > LEDGER_VERSION
        {
            return Ok(Err(version));
        }
        let Ok(Line::<Outcome> { outcome, .. }) = serde_json::from_slice(&line) else { break };
        whole += line.len() as u64;
        known.insert(outcome.number, outcome);
        line.clear();
    }
    Ok(Ok((known, whole)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sweep::Verdict;

    fn subject(scenario: &str) -> Subject {
        Subject {
            version: LEDGER_VERSION,
            scenario: scenario.to_owned(),
            system: String::new(),
            variant: None,
            numbers: "points".to_owned(),
            defect: None,
            requests: Vec::new(),
        }
    }

    #[test]
    fn half_a_line_is_forgotten_and_other_results_are_not_mixed_in() {
        let folder = tempfile::tempdir().expect("a folder");
        let outcome = |number| Outcome { took: 7, ..Outcome::new(number, Verdict::Passed) };
        let mut ledger = Ledger::open(folder.path(), subject("a")).expect("opens");
        (1..=3).for_each(|number| ledger.add(&outcome(number)).expect("writes"));
        let path = folder.path().join(RESULTS);
        let length = fs::metadata(&path).expect("there").len();
        OpenOptions::new().write(true).open(&path).expect("opens").set_len(length - 5).expect("cuts");
        assert!(matches!(Ledger::open(folder.path(), subject("a")), Err(LedgerError::Busy { .. })));
        drop(ledger);
        let mut ledger = Ledger::open(folder.path(), subject("a")).expect("opens again");
        assert_eq!(ledger.known.keys().copied().collect::<Vec<_>>(), [1, 2]);
        ledger.add(&outcome(9)).expect("writes");
        drop(ledger);
        let ledger = Ledger::open(folder.path(), subject("a")).expect("opens a third time");
        assert_eq!(ledger.known.keys().copied().collect::<Vec<_>>(), [1, 2, 9]);
        drop(ledger);
        let fixed = Subject { variant: Some("fixed".to_owned()), ..subject("a") };
        for other in [subject("b"), fixed] {
            assert!(matches!(Ledger::open(folder.path(), other), Err(LedgerError::Other { .. })));
        }
    }

    #[test]
    fn results_of_the_first_version_are_read_and_those_of_a_later_one_refused_by_name() {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).expect("writes");
        let about = "\"scenario\":\"a\",\"system\":\"\",\"numbers\":\"points\",\"requests\":[]";
        write(SUBJECT, &format!("{{{about}}}"));
        write(RESULTS, "{\"number\":3,\"verdict\":\"passed\",\"took\":1}\n");
        let (known, outcomes) = Ledger::saved(folder.path()).expect("read");
        assert_eq!((known.version, outcomes.keys().copied().collect::<Vec<_>>()), (1, vec![3]));
        assert!(Ledger::open(folder.path(), subject("a")).is_ok());
        write(RESULTS, "{\"version\":99,\"something\":\"else\"}\n");
        for refused in [Ledger::saved(folder.path()).err(), Ledger::open(folder.path(), subject("a")).err()] {
            let why = refused.expect("refused").to_string();
            assert!(why.contains("results.jsonl has version 99"), "{why}");
        }
        write(SUBJECT, &format!("{{\"version\":99,{about}}}"));
        let why = Ledger::open(folder.path(), subject("a")).expect_err("refused").to_string();
        assert!(why.contains("subject.json has version 99"), "{why}");
    }
}
