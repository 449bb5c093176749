//! Failures that are known: shown, told apart from others, and missed when they are gone.

use std::collections::BTreeSet;

use crate::finding::{Finding, FindingKind};
use crate::system::ExpectedFailure;

/// What is not as a system file says of a known failure; nothing when it fails just so. Findings about snapshots do not count.
pub fn unlike(expected: &ExpectedFailure, findings: &[Finding]) -> Option<String> {
    let about = |kind: &FindingKind| !matches!(kind, FindingKind::SnapshotDiffers | FindingKind::SnapshotMissing);
    let found: BTreeSet<FindingKind> = findings.iter().map(|finding| finding.kind).filter(about).collect();
    let wanted = list(expected.findings.iter());
    if found.is_empty() {
        return Some(format!(
            "it passed, and the system file expects that it fails with {wanted}: {}",
            expected.reason
        ));
    }
    let missing: Vec<_> = expected.findings.iter().filter(|kind| !found.contains(kind)).collect();
    if !missing.is_empty() {
        return Some(format!("it must fail with {}, and fails with {}", list(missing.into_iter()), list(found.iter())));
    }
    // What came while the harness ended a run that had failed already may follow from that: it may be, and need not be named.
    let own: BTreeSet<FindingKind> =
        findings.iter().filter(|finding| !finding.after_end).map(|finding| finding.kind).filter(about).collect();
    let other: Vec<_> =
        own.iter().filter(|kind| !expected.findings.contains(kind) && !expected.also.contains(kind)).collect();
    if !other.is_empty() {
        return Some(format!("it fails with {}, too, which is not expected", list(other.into_iter())));
    }
    let said = |text: &String| {
        let has = |finding: &Finding| {
            finding.message.contains(text.as_str()) || finding.excerpt.iter().any(|line| line.contains(text.as_str()))
        };
        findings.iter().any(has)
    };
    let silent = expected.saying.as_ref().filter(|text| !said(text));
    silent.map(|text| format!("it fails with {wanted}, but no finding says {text:?}"))
}

fn list<'a>(kinds: impl Iterator<Item = &'a FindingKind>) -> String {
    kinds.map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expected(findings: &[FindingKind], also: &[FindingKind]) -> ExpectedFailure {
        ExpectedFailure {
            scenario: "x".to_owned(),
            variants: None,
            findings: findings.to_vec(),
            also: also.to_vec(),
            saying: Some("reset".to_owned()),
            reason: "known".to_owned(),
        }
    }

    #[test]
    fn it_must_fail_just_so() {
        let rule = expected(&[FindingKind::Traceback], &[FindingKind::LevelAboveDebug]);
        let finding = |kind| Finding::new(kind, "m").excerpt(["connection reset".to_owned()]);
        let why = |findings: &[Finding]| unlike(&rule, findings).unwrap_or_default();
        assert_eq!(why(&[finding(FindingKind::Traceback)]), "");
        assert_eq!(why(&[finding(FindingKind::Traceback), finding(FindingKind::LevelAboveDebug)]), "");
        assert_eq!(why(&[finding(FindingKind::Traceback), finding(FindingKind::SnapshotMissing)]), "");
        assert!(why(&[]).contains("it passed"));
        assert!(why(&[finding(FindingKind::SnapshotDiffers)]).contains("it passed"));
        assert!(why(&[finding(FindingKind::LevelAboveDebug)]).contains("must fail with traceback"));
        assert!(why(&[finding(FindingKind::Traceback), finding(FindingKind::Lost)]).contains("fails with lost, too"));
        let late = |kind| finding(kind).after_end(true);
        assert_eq!(why(&[finding(FindingKind::Traceback), late(FindingKind::Lost)]), "");
        assert!(why(&[late(FindingKind::Lost)]).contains("must fail with traceback"));
        assert!(why(&[Finding::new(FindingKind::Traceback, "m")]).contains("no finding says \"reset\""));
    }
}
