//! TAP 14, the Test Anything Protocol.

use std::fmt::Write as _;

use super::super::results::{Results, TestResult, TestStatus};
use crate::log::printable;

/// The results as TAP.
pub fn write(results: &Results) -> String {
    let mut text = format!("TAP version 14\n1..{}\n", results.tests.len());
    for (number, test) in results.tests.iter().enumerate() {
        let is_skipped = matches!(test.status, TestStatus::NotApplicable | TestStatus::NotTested);
        let ok = if is_skipped || test.status == TestStatus::Passed { "ok" } else { "not ok" };
        let directive = match test.status {
            TestStatus::NotApplicable | TestStatus::NotTested => format!(" # SKIP {}", line(&test.headline())),
            // A test that is not ok with TODO is no failure.
            TestStatus::ExpectedFailure => format!(" # TODO {}", line(test.reason.as_deref().unwrap_or_default())),
            TestStatus::Passed | TestStatus::Failed | TestStatus::Broken => String::new(),
        };
        let _ = writeln!(text, "{ok} {} - {}{directive}", number + 1, line(&test.name));
        if test.is_bad() {
            text.push_str(&diagnostics(test));
        }
    }
    text
}

/// On one line, in which nothing is a directive.
fn line(text: &str) -> String {
    printable(text).replace('\\', "\\\\").replace('#', "\\#").replace(['\n', '\r'], " ")
}

/// A YAML block; its strings are those of JSON, which YAML reads.
fn diagnostics(test: &TestResult) -> String {
    let string = |text: &str| serde_json::Value::from(text).to_string();
    let mut text = format!("  ---\n  message: {}\n", string(&test.headline()));
    let _ = writeln!(text, "  file: {}", string(&test.file.to_string_lossy()));
    if let Some(folder) = &test.evidence {
        let _ = writeln!(text, "  evidence: {}", string(&folder.to_string_lossy()));
    }
    if let Some(path) = &test.shown_by {
        let _ = writeln!(text, "  shown-by: {}", string(&path.to_string_lossy()));
    }
    text.push_str("  details:\n");
    for line in test.details().lines() {
        let _ = writeln!(text, "    - {}", string(line));
    }
    text.push_str("  ...\n");
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::results::samples;

    #[test]
    fn each_test_is_a_line_and_evidence_cannot_be_one() {
        let text = write(&samples::results());
        let results: Vec<&str> =
            text.lines().filter(|line| line.starts_with("ok") || line.starts_with("not ok")).collect();
        assert_eq!(
            results,
            [
                "ok 1 - idle",
                "not ok 2 - loud",
                "not ok 3 - moves",
                "not ok 4 - known # TODO issue \\#12",
                "not ok 5 - harness",
                "ok 6 - elsewhere # SKIP needs a runner",
                "ok 7 - swept \\#12: rst once # SKIP the fault met nothing",
            ]
        );
        assert!(
            text.lines()
                .skip(2)
                .all(|line| line.starts_with("ok") || line.starts_with("not ok") || line.starts_with("  "))
        );
    }
}
