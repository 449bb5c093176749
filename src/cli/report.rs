//! `quietdown report`.

use std::path::{Path, PathBuf};

use crate::evidence::Evidence;
use crate::finding::{Finding, FindingKind};
use crate::report::{Results, Terminal};
use crate::run;
use crate::scenario::Scenario;
use crate::system::{PLAIN, System};
use crate::verdict::unlike;
use clap::Args;

use super::reports::{HtmlFile, ReportError};
use super::{BROKEN, FAILED, PASSED, WRONG};

/// Judges a run again from its saved evidence.
#[derive(Debug, Args)]
pub struct ReportArgs {
    /// The run's folder, or its evidence.json.
    folder: PathBuf,
    /// Print the transcript, too.
    #[arg(long)]
    transcript: bool,
    /// Write a page for people: the findings, and the timeline of the run; one file, without network.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

impl ReportArgs {
    pub fn execute(self) -> u8 {
        let terminal = Terminal { colours: super::colours(&std::io::stdout()) };
        match self.review() {
            Ok(report) => {
                if self.transcript {
                    super::say(&report.transcript);
                }
                super::say(terminal.verdict(&report));
                if !report.passed() {
                    super::say(format_args!("\n{}", terminal.failure(&report)));
                }
                if let Err(why) = self.page(&report) {
                    super::complain(format_args!("quietdown: {why}"));
                    return BROKEN;
                }
                if report.passed() || report.failed_as_expected() { PASSED } else { FAILED }
            }
            Err(why) => {
                super::complain(format_args!("quietdown: {why}"));
                WRONG
            }
        }
    }

    /// Writes the page, if it was asked for.
    fn page(&self, report: &run::Report) -> Result<(), ReportError> {
        let Some(path) = &self.html else { return Ok(()) };
        let mut page = HtmlFile::new(path.clone());
        page.report.add(Some(report));
        page.write(&format!("report {}", self.folder.display()), &Results::of_saved(report))
    }

    fn review(&self) -> Result<run::Report, String> {
        let path = if self.folder.is_dir() { self.folder.join("evidence.json") } else { self.folder.clone() };
        let evidence = Evidence::saved(&path).map_err(|why| why.to_string())?;
        let name = evidence.scenario_path.clone().unwrap_or_else(|| format!("{}.toml", evidence.scenario));
        let scenario =
            Scenario::parse(Path::new(&name), &evidence.scenario_source).map_err(|wrong| wrong.to_string())?;
        let system =
            System::parse(Path::new("system.toml"), &evidence.system_source).map_err(|wrong| wrong.to_string())?;
        let system =
            system.with_variant(evidence.variant.as_deref().unwrap_or(PLAIN)).map_err(|why| why.to_string())?;
        let (mut findings, transcript) = run::review(&evidence, &scenario, &system).map_err(|why| why.to_string())?;
        findings.extend(snapshot_findings(&path.with_file_name("findings.json")));
        let planted = evidence.defect.is_some() || evidence.without_faults;
        let expected = system.expected_failure(&scenario.name).filter(|_| !planted);
        let expected =
            expected.map(|rule| run::KnownFailure { reason: rule.reason.clone(), unlike: unlike(rule, &findings) });
        Ok(run::Report {
            scenario: evidence.scenario.clone(),
            evidence,
            findings,
            transcript,
            expected,
            folder: path.parent().map(Path::to_owned),
            unsaved: None,
        })
    }
}

/// What the run found when it compared its transcript: the snapshot is no part of the evidence.
fn snapshot_findings(saved: &Path) -> Vec<Finding> {
    let text = std::fs::read(saved).unwrap_or_default();
    let mut findings: Vec<Finding> = serde_json::from_slice(&text).unwrap_or_default();
    findings.retain(|finding| matches!(finding.kind, FindingKind::SnapshotDiffers | FindingKind::SnapshotMissing));
    findings
}
