//! What is found in the logs of real programs: `tests/corpus/` has the programs, what they wrote, and what must be found.

use std::fmt::Write as _;
use std::path::Path;

use libtest_mimic::{Failed, Trial};
use quietdown_log::{Format, Reader, Record, Stream};

use crate::listed::files;

/// One for each log, and for all of them together.
pub fn trials() -> Vec<Trial> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    let mut trials = Vec::new();
    for folder in ["logs", "hand"] {
        for path in files(&corpus.join(folder), "log") {
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            trials.push(Trial::test(name, move || is_as_expected(&path)));
        }
        let folder = corpus.join(folder);
        trials.push(Trial::test(format!("no_orphans_in_{}", folder.display()), move || no_orphans(&folder)));
    }
    trials.push(Trial::test("mutated_logs_do_no_harm", move || mutated(&corpus)));
    trials
}

fn no_orphans(folder: &Path) -> Result<(), Failed> {
    match files(folder, "snap").into_iter().find(|path| !path.with_extension("log").is_file()) {
        Some(orphan) => Err(format!("{} has no log", orphan.display()).into()),
        None => Ok(()),
    }
}

fn is_as_expected(path: &Path) -> Result<(), Failed> {
    let bytes = std::fs::read(path)?;
    let mut reader = Reader::new(&Format::Auto, Stream::Stderr)?;
    reader.feed(0, &bytes);
    reader.finish(0);
    let found: String = reader.records().iter().map(describe).collect();
    let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let asserted = std::panic::catch_unwind(|| {
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path(path.parent().unwrap_or(Path::new("")));
        settings.set_prepend_module_to_snapshot(false);
        settings.bind(|| insta::assert_snapshot!(name, found));
    });
    asserted.map_err(|_| format!("what is found in {} has changed; see above", path.display()).into())
}

/// Logs of which bytes are lost, doubled, changed and put elsewhere: whatever comes of it, it is the same in any chunks, and
/// no escape sequence is left for a terminal. `QUIETDOWN_SEEDS` says how many.
fn mutated(corpus: &Path) -> Result<(), Failed> {
    let seeds = std::env::var("QUIETDOWN_SEEDS").ok().and_then(|seeds| seeds.parse().ok()).unwrap_or(200);
    let logs: Vec<Vec<u8>> = ["logs", "hand"]
        .iter()
        .flat_map(|folder| files(&corpus.join(folder), "log"))
        .map(std::fs::read)
        .collect::<Result<_, _>>()?;
    for seed in 0..seeds {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut bytes = Vec::new();
        for _ in 0..random.usize(1..4) {
            let log = &logs[random.usize(..logs.len())];
            let from = random.usize(..log.len());
            bytes.extend_from_slice(&log[from..log.len().min(from + random.usize(1..6000))]);
        }
        for _ in 0..random.usize(..40) {
            let at = random.usize(..bytes.len());
            let end = bytes.len().min(at + random.usize(1..80));
            match random.u8(..4) {
                0 => drop(bytes.drain(at..end)),
                1 => bytes[at] = random.u8(..),
                2 => bytes.insert(at, *random.choice(b"\n\t\\\"\x1b\0 {:\xff").unwrap_or(&b'\n')),
                _ => {
                    let doubled = bytes[at..end].to_vec();
                    let to = random.usize(..bytes.len());
                    bytes.splice(to..to, doubled);
                }
            }
            if bytes.is_empty() {
                break;
            }
        }
        let mut whole = Reader::new(&Format::Auto, Stream::Stderr)?;
        whole.feed(0, &bytes);
        whole.finish(0);
        let mut pieces = Reader::new(&Format::Auto, Stream::Stderr)?;
        let mut rest = bytes.as_slice();
        while !rest.is_empty() {
            let (piece, later) = rest.split_at(random.usize(1..=rest.len().min(100)));
            pieces.feed(0, piece);
            rest = later;
        }
        pieces.finish(0);
        if whole.records() != pieces.records() {
            return Err(format!("seed {seed}: other chunks, other records").into());
        }
        let text: String = whole.records().iter().map(describe).collect();
        if text.contains(['\x1b', '\0']) {
            return Err(format!("seed {seed}: what a terminal would obey is left:\n{text:?}").into());
        }
    }
    Ok(())
}

fn describe(record: &Record) -> String {
    let mut text = format!("{}\n", record.summary().lines().next().unwrap_or_default());
    if !record.continuation.is_empty() {
        let _ = writeln!(text, "  and {} more lines", record.continuation.len());
    }
    for traceback in &record.tracebacks {
        let exception = traceback.exception.as_deref().unwrap_or("-");
        let _ = writeln!(text, "  {}: {exception}", traceback.language.name());
        let _ = writeln!(text, "    says  {}", traceback.message.replace('\n', " | "));
        let _ = writeln!(text, "    at    {}", traceback.frame.as_deref().unwrap_or("-"));
        if let Some(ours) = traceback.application.as_ref().filter(|_| traceback.application != traceback.frame) {
            let _ = writeln!(text, "    ours  {ours}");
        }
        if let Some(cause) = &traceback.cause {
            let _ = writeln!(text, "    cause {cause}");
        }
        let _ = writeln!(text, "    lines {}", traceback.lines.len());
    }
    text
}
