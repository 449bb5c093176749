//! GitHub Actions: annotations on the scenario's line, a summary in Markdown, and logs that cannot command.
//!
//! A step shows at most ten annotations of a kind and hides the others without a word; a summary above 1 MiB is lost whole.
//! Whatever a line of a log says that begins with `::`, or has `##[` in it, would be carried out as a command: evidence is printed
//! between [`Silence`]'s markers.

use std::fmt::Write as _;
use std::hash::{BuildHasher, RandomState};

use super::super::results::{Results, TestResult, TestStatus};
use crate::log::printable;

/// One less than a step shows, so that the last can say how many there are.
const ANNOTATIONS: usize = 9;

/// The most of a summary, in bytes; GitHub loses one above 1 MiB.
const SUMMARY: usize = 1000 * 1024;

/// While it lasts, what is printed commands nothing.
#[derive(Debug)]
pub struct Silence {
    token: String,
}

impl Default for Silence {
    fn default() -> Self {
        // Seeded by the operating system: a log cannot know it.
        let part = || RandomState::new().hash_one(0_u8);
        Self { token: format!("{:016x}{:016x}", part(), part()) }
    }
}

impl Silence {
    /// The line that begins it.
    pub fn begin(&self) -> String {
        format!("::stop-commands::{}", self.token)
    }

    /// The line that ends it.
    pub fn end(&self) -> String {
        format!("::{}::", self.token)
    }
}

/// The annotations, a line each: the first nine, and how many more there are.
pub fn annotations(results: &Results) -> Vec<String> {
    let bad: Vec<&TestResult> = results.tests.iter().filter(|test| test.is_bad()).collect();
    let mut lines: Vec<String> = bad.iter().take(ANNOTATIONS).map(|test| annotation(test)).collect();
    if bad.len() > ANNOTATIONS {
        let rest = bad.len() - ANNOTATIONS;
        lines.push(format!("::error title=quietdown::{rest} more failed; the summary of this step has them all"));
    }
    lines
}

fn annotation(test: &TestResult) -> String {
    let kind = test.findings.first().map_or_else(|| "broken".to_owned(), |finding| finding.kind.name());
    let title = property(&format!("{}: {kind}", test.name));
    let file = property(&test.file.to_string_lossy());
    format!("::error file={file},line={},title={title}::{}", test.line.unwrap_or(1), message(&test.headline()))
}

/// A message, with what would end it escaped.
fn message(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A property, with what would end it escaped.
fn property(text: &str) -> String {
    message(text).replace(':', "%3A").replace(',', "%2C")
}

/// The summary in Markdown: what failed first, with its evidence as long as there is room, then all by name.
pub fn summary(results: &Results) -> String {
    let counts = results.summary;
    let mut text = format!(
        "## quietdown\n\n{} passed, {} failed, {} failed as expected, {} broken, {} not applicable, {} not tested, in {:.1} s\n\n",
        counts.passed,
        counts.failed,
        counts.expected_failures,
        counts.broken,
        counts.not_applicable,
        counts.not_tested,
        results.took_ms as f64 / 1000.0
    );
    let (mut shown, mut missing) = (0, 0);
    for test in results.tests.iter().filter(|test| test.is_bad()) {
        let block = block(test);
        // Room is kept for the last lines.
        if text.len() + block.len() > SUMMARY - 1024 {
            missing += 1;
            continue;
        }
        text.push_str(&block);
        shown += 1;
    }
    if missing > 0 {
        let _ = writeln!(text, "{missing} more failed, for which this summary has no room ({shown} are shown).\n");
    }
    let others = results.tests.iter().filter(|test| !test.is_bad() && test.status != TestStatus::Passed);
    for test in others {
        let line = format!("- {} ({}): {}\n", code(&test.name), status(test.status), code(&test.headline()));
        if text.len() + line.len() > SUMMARY - 256 {
            text.push_str("- … and more, for which this summary has no room\n");
            break;
        }
        text.push_str(&line);
    }
    text
}

fn status(status: TestStatus) -> &'static str {
    match status {
        TestStatus::Passed => "passed",
        TestStatus::Failed => "failed",
        TestStatus::ExpectedFailure => "fails as expected",
        TestStatus::Broken => "the harness failed",
        TestStatus::NotApplicable => "not applicable",
        TestStatus::NotTested => "not tested",
    }
}

fn block(test: &TestResult) -> String {
    let details = test.details();
    let shown: Vec<String> = details.lines().map(|line| printable(line).into_owned()).collect();
    let shown = shown.join("\n");
    let fence = "`".repeat(longest_run(&shown).max(2) + 1);
    format!("### {} {}\n\n{fence}text\n{shown}\n{fence}\n\n", status(test.status), code(&test.name))
}

/// Text in which Markdown and HTML mean nothing.
fn code(text: &str) -> String {
    let text = printable(text).replace(['\n', '\r'], " ");
    let fence = "`".repeat(longest_run(&text) + 1);
    format!("{fence} {text} {fence}")
}

fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::results::samples;

    #[test]
    fn annotations_stand_on_the_scenario_and_their_text_commands_nothing() {
        let lines = annotations(&samples::results());
        assert_eq!(lines.len(), 3);
        let loud = &lines[0];
        assert!(loud.starts_with("::error file=scenarios/loud.toml,line=1,title=loud%3A traceback::"), "{loud}");
        assert!(loud.contains("100%25") && !loud.contains('\n'), "{loud}");
    }

    #[test]
    fn more_than_nine_are_nine_and_a_count() {
        let mut results = samples::results();
        let one = results.tests[1].clone();
        results.tests.extend(std::iter::repeat_n(one, 5000));
        let lines = annotations(&results);
        assert_eq!(lines.len(), 10);
        assert!(lines[9].contains("4994 more failed"), "{}", lines[9]);
        let summary = summary(&results);
        assert!(summary.len() < 1024 * 1024, "{}", summary.len());
        assert!(summary.contains("has no room"));
    }

    #[test]
    fn evidence_is_fenced_by_more_backticks_than_it_has() {
        let text = summary(&samples::results());
        assert!(text.contains("````text\n"), "{text}");
        assert!(text.contains("- ` elsewhere ` (not applicable): ` needs a runner `"), "{text}");
    }

    #[test]
    fn silence_ends_only_with_its_own_token() {
        let (one, other) = (Silence::default(), Silence::default());
        assert_ne!(one.end(), other.end());
        assert_eq!(one.begin(), format!("::stop-commands::{}", one.end().trim_matches(':')));
    }
}
