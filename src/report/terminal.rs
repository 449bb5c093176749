//! Results for people at a terminal.

use std::fmt::Write as _;
use std::time::Duration;

use crate::finding::Finding;
use crate::log::printable;
use crate::run::Report;

/// The most lines of evidence that are shown with one finding; all of them are in the run's folder.
const EXCERPT: usize = 24;

/// Writes results as text, with colours if asked.
#[derive(Debug, Clone, Copy)]
pub struct Terminal {
    /// Whether to use colours.
    pub colours: bool,
}

impl Terminal {
    /// One line for a scenario that has ended.
    pub fn verdict(self, report: &Report) -> String {
        let took = Duration::from_micros(report.evidence.took);
        let word = if report.passed() { self.paint("pass", "32") } else { self.paint("FAIL", "31;1") };
        let name = &report.scenario;
        let what = match report.findings.len() {
            0 => String::new(),
            1 => "  1 finding".to_owned(),
            count => format!("  {count} findings"),
        };
        format!("{word}  {name:<38} {:>5.2} s{what}", took.as_secs_f64())
    }

    /// Everything that is wrong with a scenario.
    pub fn failure(self, report: &Report) -> String {
        let mut text = format!("{}\n", self.paint(&format!("── {} ", report.scenario), "1"));
        for finding in &report.findings {
            text.push_str(&self.finding(finding));
        }
        if let Some(folder) = &report.folder {
            let _ = writeln!(text, "  evidence: {}", folder.join("evidence.json").display());
        }
        text
    }

    fn finding(self, finding: &Finding) -> String {
        let process = finding.process.as_ref().map(|process| format!(" {process}:")).unwrap_or_default();
        let mut text =
            format!("  {}{process} {}\n", self.paint(&finding.kind.to_string(), "31"), printable(&finding.message));
        for line in finding.excerpt.iter().take(EXCERPT) {
            let _ = writeln!(text, "    | {}", printable(line));
        }
        if finding.excerpt.len() > EXCERPT {
            let _ = writeln!(text, "    | … {} more lines in findings.json", finding.excerpt.len() - EXCERPT);
        }
        text
    }

    /// The last line.
    pub fn summary(self, passed: usize, failed: usize, took: Duration) -> String {
        let word =
            if failed == 0 { self.paint("all passed", "32") } else { self.paint(&format!("{failed} failed"), "31;1") };
        let scenarios = if passed + failed == 1 { "scenario" } else { "scenarios" };
        format!(
            "{} {scenarios}, {passed} passed, {failed} failed in {:.1} s: {word}",
            passed + failed,
            took.as_secs_f64()
        )
    }

    fn paint(self, text: &str, code: &str) -> String {
        if self.colours { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}
