//! JUnit XML in the flavour of Jenkins, which GitLab and others read too.
//!
//! A finding is a `failure`, a failure of the harness an `error`, what was not run or is known to fail `skipped`. Evidence is
//! named in `system-out` as `[[ATTACHMENT|path]]`, which Jenkins and GitLab read; `file` and `line` are not in the schema
//! (junit-10.xsd) and are left out.

use std::time::Duration;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::super::results::{Results, TestResult, TestStatus};

/// The results as JUnit XML.
///
/// # Errors
/// When the XML cannot be made.
pub fn write(results: &Results) -> Result<String, quick_junit::SerializeError> {
    let mut report = Report::new("quietdown");
    report.set_time(Duration::from_millis(results.took_ms));
    let mut suite = TestSuite::new("quietdown");
    suite.set_time(Duration::from_millis(results.took_ms));
    suite.add_test_cases(results.tests.iter().map(case));
    report.add_test_suite(suite);
    report.to_string()
}

fn case(test: &TestResult) -> TestCase {
    let skipped = |why: &str| {
        let mut status = TestCaseStatus::skipped();
        status.set_message(test.headline()).set_description(format!("{why}\n{}", test.details()));
        status
    };
    let status = match test.status {
        TestStatus::Passed => TestCaseStatus::success(),
        TestStatus::Failed | TestStatus::Broken => {
            let kind = if test.status == TestStatus::Failed { NonSuccessKind::Failure } else { NonSuccessKind::Error };
            let mut status = TestCaseStatus::non_success(kind);
            let name = test.findings.first().map_or_else(|| "harness".to_owned(), |finding| finding.kind.name());
            status.set_type(name).set_message(test.headline()).set_description(test.details());
            status
        }
        TestStatus::ExpectedFailure => skipped("fails as its system file declares"),
        TestStatus::NotApplicable => skipped("not applicable"),
    };
    let mut case = TestCase::new(test.name.clone(), status);
    case.set_classname(format!("quietdown.{}", test.system)).set_time(Duration::from_millis(test.took_ms));
    if let Some(folder) = &test.evidence {
        case.set_system_out(format!("[[ATTACHMENT|{}]]", folder.join("evidence.json").display()));
    }
    case
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::results::samples;

    #[test]
    fn what_is_written_is_read_back_with_nothing_that_xml_forbids() {
        let text = write(&samples::results()).expect("XML");
        assert!(text.chars().all(|c| c >= ' ' || c == '\n' || c == '\t'), "{text:?}");
        let read = Report::deserialize_from_str(&text).expect("what quick-junit writes it reads");
        assert_eq!((read.tests, read.failures, read.errors), (6, 2, 1));
        let loud = &read.test_suites[0].test_cases[1];
        assert_eq!(loud.classname.as_ref().map(|name| name.as_str()), Some("quietdown.shop"));
        let TestCaseStatus::NonSuccess { kind, ty, description, .. } = &loud.status else { panic!("{loud:?}") };
        assert_eq!((*kind, ty.as_ref().map(|ty| ty.as_str())), (NonSuccessKind::Failure, Some("traceback")));
        assert!(description.as_ref().is_some_and(|text| text.as_str().contains("::error::not from us")));
        assert!(
            loud.system_out.as_ref().is_some_and(|out| out.as_str() == "[[ATTACHMENT|/tmp/runs/loud/evidence.json]]")
        );
    }
}
