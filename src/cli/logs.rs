//! `quietdown logs`.

use std::path::{Path, PathBuf};

use clap::Args;

use super::{PASSED, WRONG};
use crate::evidence::{Evidence, SavedError};
use crate::file::{SAVED_BOUND, read_bounded};
use crate::timeline::{ARRIVALS, LOGS};

/// Prints what the processes of a run wrote, merged by when it came, with the faults among it.
#[derive(Debug, Args)]
pub struct Logs {
    /// The run's folder.
    run: PathBuf,
    /// Only these processes; all when absent.
    processes: Vec<String>,
}

/// Why logs cannot be shown.
#[derive(Debug, thiserror::Error)]
enum LogsError {
    #[error(transparent)]
    Evidence(#[from] SavedError),
    #[error("{path}: {source}; a run of an earlier quietdown has no logs, only evidence.json")]
    Unreadable { path: PathBuf, source: std::io::Error },
    #[error("there is no process `{name}` in {run}; there are: {known}")]
    Nobody { name: String, run: PathBuf, known: String },
}

/// A piece of what a process wrote, or a fault.
struct Piece {
    at: u64,
    text: String,
}

impl Logs {
    pub fn execute(self) -> u8 {
        match self.pieces() {
            Ok(pieces) => {
                pieces.iter().for_each(|piece| super::say(&piece.text));
                PASSED
            }
            Err(why) => {
                super::complain(format_args!("quietdown: {why}"));
                WRONG
            }
        }
    }

    fn pieces(&self) -> Result<Vec<Piece>, LogsError> {
        let evidence = Evidence::saved(&self.run.join("evidence.json"))?;
        let known: Vec<&str> = evidence.processes.iter().map(|process| process.name.as_str()).collect();
        if let Some(name) = self.processes.iter().find(|name| !known.contains(&name.as_str())) {
            let (name, run) = (name.clone(), self.run.clone());
            return Err(LogsError::Nobody { name, run, known: known.join(", ") });
        }
        let meant =
            known.iter().filter(|name| self.processes.is_empty() || self.processes.iter().any(|it| it == *name));
        let meant: Vec<&str> = meant.copied().collect();
        let width = meant.iter().map(|name| name.chars().count()).max().unwrap_or(0);
        let mut pieces: Vec<Piece> = evidence
            .faults
            .iter()
            .map(|fault| {
                let what = crate::report::described(fault);
                Piece { at: fault.at, text: format!("{} ── {what}", time(fault.at)) }
            })
            .collect();
        for name in meant {
            pieces.extend(written_by(&self.run, name, width)?);
        }
        // What came at the same time stays in its order: faults first, for what is written then may follow from them.
        pieces.sort_by_key(|piece| piece.at);
        Ok(pieces)
    }
}

/// What a process wrote, line by line.
fn written_by(run: &Path, name: &str, width: usize) -> Result<Vec<Piece>, LogsError> {
    let folder = run.join(LOGS).join(name);
    let read = |file: &str| {
        let path = folder.join(file);
        read_bounded(&path, SAVED_BOUND).map_err(|source| LogsError::Unreadable { path, source })
    };
    let texts = [read("stdout.log")?, read("stderr.log")?];
    let arrivals = read(ARRIVALS)?;
    let mut from = [0_usize; 2];
    let mut pieces = Vec::new();
    let mut last = 0;
    let mut add = |at: u64, stream: usize, bytes: &[u8]| {
        let mark = [' ', '!'][stream];
        let text = String::from_utf8_lossy(bytes);
        pieces.extend(text.lines().map(|line| {
            let line = crate::log::printable(line);
            Piece { at, text: format!("{} {name:width$}{mark} {line}", time(at)) }
        }));
    };
    for line in String::from_utf8_lossy(&arrivals).lines() {
        let mut words = line.split(' ');
        let (Some(at), Some(stream), Some(bytes)) = (words.next(), words.next(), words.next()) else { continue };
        let (Ok(at), Ok(bytes)) = (at.parse::<u64>(), bytes.parse::<usize>()) else { continue };
        let stream = usize::from(stream == "stderr");
        let (begin, end) = (from[stream], from[stream].saturating_add(bytes).min(texts[stream].len()));
        add(at, stream, &texts[stream][begin..end]);
        (from[stream], last) = (end, at);
    }
    for (stream, text) in texts.iter().enumerate() {
        add(last, stream, &text[from[stream]..]);
    }
    Ok(pieces)
}

fn time(at: u64) -> String {
    format!("{:>9.3} s", at as f64 / 1e6)
}
