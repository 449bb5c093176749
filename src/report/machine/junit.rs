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
    report.to_string().map(without_skipped_of_root)
}

/// The schema knows no `skipped` of the root element, which quick-junit writes.
fn without_skipped_of_root(text: String) -> String {
    let root = text.find("<testsuites ").and_then(|from| Some(from..from + text[from..].find('>')?));
    let Some(root) = root else { return text };
    let Some(from) = text[root.clone()].find(" skipped=\"").map(|at| root.start + at) else { return text };
    let value = from + " skipped=\"".len();
    let Some(end) = text[value..root.end].find('"').map(|at| value + at + 1) else { return text };
    format!("{}{}", &text[..from], &text[end..])
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
        TestStatus::NotTested => skipped("not tested"),
    };
    let mut case = TestCase::new(test.name.clone(), status);
    case.set_classname(format!("quietdown.{}", test.system)).set_time(Duration::from_millis(test.took_ms));
    let evidence = test.evidence.as_ref().map(|folder| folder.join("evidence.json"));
    let attached: Vec<String> = evidence.iter().chain(&test.shown_by).map(|path| attachment(path)).collect();
    if !attached.is_empty() {
        case.set_system_out(attached.join("\n"));
    }
    case
}

/// What Jenkins and GitLab read as the path of a file that belongs to a test.
fn attachment(path: &std::path::Path) -> String {
    format!("[[ATTACHMENT|{}]]", path.display())
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
        assert_eq!((read.tests, read.failures, read.errors), (7, 2, 1));
        let loud = &read.test_suites[0].test_cases[1];
        assert_eq!(loud.classname.as_ref().map(|name| name.as_str()), Some("quietdown.shop"));
        let TestCaseStatus::NonSuccess { kind, ty, description, .. } = &loud.status else { panic!("{loud:?}") };
        assert_eq!((*kind, ty.as_ref().map(|ty| ty.as_str())), (NonSuccessKind::Failure, Some("traceback")));
        assert!(description.as_ref().is_some_and(|text| text.as_str().contains("::error::not from us")));
        assert!(
            loud.system_out.as_ref().is_some_and(|out| out.as_str() == "[[ATTACHMENT|/tmp/runs/loud/evidence.json]]")
        );
    }

    type Rule = (&'static str, &'static [&'static str], &'static [&'static str], &'static [&'static str]);

    /// What junit-10.xsd allows: the children of each element, its attributes, and of those the ones that must be there.
    /// Jenkins and GitLab both need a class name.
    const SCHEMA: [Rule; 8] = [
        ("testsuites", &["testsuite"], &["name", "time", "tests", "failures", "disabled", "errors"], &[]),
        (
            "testsuite",
            &["testsuite", "properties", "testcase", "system-out", "system-err"],
            &[
                "name",
                "tests",
                "failures",
                "errors",
                "time",
                "disabled",
                "skipped",
                "timestamp",
                "hostname",
                "id",
                "package",
            ],
            &["name", "tests"],
        ),
        (
            "testcase",
            &["skipped", "error", "failure", "rerunFailure", "rerunError", "system-out", "system-err"],
            &["name", "assertions", "time", "timestamp", "classname", "status"],
            &["name", "classname"],
        ),
        ("failure", &[], &["type", "message"], &[]),
        ("error", &[], &["type", "message"], &[]),
        ("skipped", &[], &["type", "message"], &[]),
        ("system-out", &[], &[], &[]),
        ("system-err", &[], &[], &[]),
    ];

    /// What of a document the schema does not allow.
    fn wrong(text: &str) -> Vec<String> {
        use quick_xml::events::Event;
        let mut reader = quick_xml::Reader::from_str(text);
        let (mut open, mut wrong): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
        loop {
            let event = reader.read_event().expect("XML");
            let element = match &event {
                Event::Eof => return wrong,
                Event::End(_) => {
                    open.pop();
                    continue;
                }
                Event::Start(element) | Event::Empty(element) => element,
                _ => continue,
            };
            let name = String::from_utf8_lossy(element.name().as_ref()).into_owned();
            let rule = |name: &str| SCHEMA.iter().find(|(known, ..)| *known == name);
            let fits = match open.last() {
                None => name == "testsuites",
                Some(parent) => rule(parent).is_some_and(|(_, children, ..)| children.contains(&name.as_str())),
            };
            let attributes: Vec<(String, String)> = element
                .attributes()
                .map(|attribute| attribute.expect("an attribute"))
                .map(|it| {
                    (
                        String::from_utf8_lossy(it.key.as_ref()).into_owned(),
                        String::from_utf8_lossy(&it.value).into_owned(),
                    )
                })
                .collect();
            let Some((.., known, needed)) = rule(&name).filter(|_| fits) else {
                wrong.push(format!("<{name}> in {:?}", open.last()));
                return wrong;
            };
            let is = |needed: &str| attributes.iter().any(|(name, value)| name == needed && !value.is_empty());
            wrong.extend(
                attributes
                    .iter()
                    .filter(|(it, _)| !known.contains(&it.as_str()))
                    .map(|(it, _)| format!("{name} has {it}")),
            );
            wrong.extend(needed.iter().filter(|needed| !is(needed)).map(|needed| format!("{name} has no {needed}")));
            let is_time = |value: &str| {
                let (whole, part) = value.split_once('.').unwrap_or((value, ""));
                whole.bytes().chain(part.bytes()).all(|byte| byte.is_ascii_digit()) && part.len() <= 3
            };
            wrong.extend(
                attributes
                    .iter()
                    .filter(|(it, value)| it == "time" && !is_time(value))
                    .map(|(_, it)| format!("time {it}")),
            );
            if let Event::Start(_) = event {
                open.push(name);
            }
        }
    }

    #[test]
    fn the_schema_of_jenkins_flavour_allows_all_that_is_written() {
        let text = write(&samples::results()).expect("XML");
        assert_eq!(wrong(&text), Vec::<String>::new(), "{text}");
        let strange = text.replacen("<testcase ", "<testcase file=\"x\" ", 1);
        assert_eq!(wrong(&strange), ["testcase has file"], "the check can tell");
        assert!(!wrong(&text.replacen("classname=", "class=", 1)).is_empty());
        assert!(!wrong(&text.replacen("system-out", "properties", 2)).is_empty());
    }

    #[test]
    fn names_are_unique_for_readers_drop_what_is_called_alike() {
        let results = samples::results();
        let mut recorder = crate::report::Recorder::default();
        results.tests.iter().chain(&results.tests).for_each(|test| recorder.add(test.clone()));
        let report = recorder.finish(&crate::run::Counts::default(), Duration::ZERO);
        let names: std::collections::BTreeSet<&String> = report.tests.iter().map(|test| &test.name).collect();
        assert_eq!(names.len(), 2 * results.tests.len());
    }
}
