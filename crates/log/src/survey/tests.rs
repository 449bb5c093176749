use super::*;
use crate::Reader;
use crate::tally::KINDS;
use crate::{Level, Traceback, from_rfc3339};

fn survey(bytes: &[u8], chunk: usize) -> Summary {
    let mut survey = Survey::new(&Format::Auto).expect("a format");
    bytes.chunks(chunk).for_each(|chunk| survey.feed(chunk));
    survey.finish()
}

/// Everything in the corpus, one file after another.
fn corpus() -> Vec<u8> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/corpus");
    let mut paths: Vec<_> = ["logs", "hand"]
        .iter()
        .flat_map(|part| std::fs::read_dir(folder.join(part)).expect("a folder"))
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "log"))
        .collect();
    paths.sort();
    paths.iter().flat_map(|path| std::fs::read(path).expect("a log")).collect()
}

#[test]
fn it_counts_what_a_reader_reads() {
    let bytes = corpus();
    let mut reader = Reader::new(&Format::Auto, Stream::Stdout).expect("a format");
    reader.feed(0, &bytes);
    reader.finish(0);
    assert_eq!(reader.dropped(), 0, "the corpus is small enough to be kept whole");
    for chunk in [bytes.len(), 777] {
        let summary = survey(&bytes, chunk);
        let level = |level| reader.records().iter().filter(|record| record.level == Some(level)).count() as u64;
        for (found, count) in &summary.levels {
            assert_eq!(*count, level(*found), "{found}");
        }
        let tracebacks: Vec<&Traceback> = reader.records().iter().flat_map(|record| &record.tracebacks).collect();
        assert_eq!(summary.traceback_count(), tracebacks.len() as u64);
        assert_eq!(summary.records(), reader.records().len() as u64);
        for kind in &summary.tracebacks {
            let same = tracebacks.iter().filter(|traceback| {
                (traceback.language, &traceback.exception, &traceback.frame)
                    == (kind.language, &kind.exception, &kind.frame)
            });
            assert!(same.count() as u64 >= kind.count, "{kind:?}");
        }
        assert!(summary.formats.len() > 10, "{:?}", summary.formats);
    }
}

#[test]
fn every_record_is_in_the_period_or_outside_of_it() {
    let bytes = corpus();
    let whole = survey(&bytes, bytes.len());
    for since in ["2026-11-25T00:00:00Z", "2026-11-25T22:00:00Z", "2999-01-01T00:00:00Z"] {
        let period = Period { since: from_rfc3339(since), until: None };
        let mut survey = Survey::new(&Format::Auto).expect("a format").with_period(period);
        survey.feed(&bytes);
        let summary = survey.finish();
        assert_eq!(summary.records() + summary.outside_period, whole.records(), "{since}");
        if since.starts_with("2999") {
            assert_eq!(summary.records(), summary.undated, "what is left after all times is what has none");
            assert!(summary.outside_period > 10 && summary.traceback_count() < whole.traceback_count());
        }
    }
}

#[test]
fn the_first_of_a_kind_is_shown_with_its_record_and_line() {
    let failed = "ERROR:app:failed\nTraceback (most recent call last):\n  File \"a.py\", line 3, in f\nKeyError: 'x'\n";
    let text = ["INFO:app:begun\n", failed, "INFO:app:more\n", &failed.replace("'x'", "'y'")].concat();
    let summary = survey(text.as_bytes(), 10);
    let [kind] = summary.tracebacks.as_slice() else { panic!("one kind: {summary:#?}") };
    assert_eq!((kind.count, kind.line, kind.record.as_str()), (2, 3, "ERROR app: failed"));
    assert_eq!((kind.message.as_str(), kind.first.len()), ("'x'", 3));
    assert_eq!((summary.lines, summary.records(), summary.above(Level::Info)), (10, 4, 2));
}

#[test]
fn a_record_without_end_is_counted_to_its_end() {
    // No line fits a format; the tracebacks between them need the lines before them.
    let java = "java.io.IOException: gone\n\tat a.B.c(B.java:7)\n";
    let text = ["x\n".repeat(3000).as_str(), java].concat().repeat(100);
    let summary = survey(text.as_bytes(), 4000);
    let [kind] = summary.tracebacks.as_slice() else { panic!("one kind: {summary:#?}") };
    assert_eq!((kind.count, kind.line, kind.first.len()), (100, 3001, 2));
    let mut reader = Reader::new(&Format::Auto, Stream::Stdout).expect("a format");
    reader.feed(0, text.as_bytes());
    let tracebacks: usize = reader.records().iter().map(|record| record.tracebacks.len()).sum();
    assert_eq!(tracebacks, 100, "each is a record of its own");
    let mut reader = Reader::new(&Format::Tracing, Stream::Stdout).expect("a format");
    reader.feed(
        0,
        [" INFO app: a\n", &" java.io.IOException: gone\n\tat a.B.c(B.java:7)\n".repeat(100)].concat().as_bytes(),
    );
    assert_eq!((reader.records().len(), reader.records()[0].tracebacks.len()), (1, crate::bounds::TRACEBACKS));
}

#[test]
fn garbage_takes_no_memory() {
    let mut random = fastrand::Rng::with_seed(1);
    let mut survey = Survey::new(&Format::Auto).expect("a format");
    // Kinds without end, lines without end, and bytes without sense.
    for number in 0..3 * KINDS {
        survey.feed(format!("thread 'x' panicked at src/a.rs:{number}:2:\nboom\n").as_bytes());
    }
    survey.feed(&vec![b'x'; 3 << 20]);
    survey.feed(&(0..1 << 20).map(|_| random.u8(..)).collect::<Vec<u8>>());
    let summary = survey.finish();
    assert_eq!((summary.tracebacks.len(), summary.traceback_count()), (KINDS, 3 * KINDS as u64));
}
