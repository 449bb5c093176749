//! CTRF, the Common Test Report Format: JSON with whole milliseconds, own data only in `extra`.

use serde_json::{Value, json};

use super::super::results::{Results, TestResult, TestStatus};

/// The results as CTRF.
pub fn write(results: &Results) -> String {
    let count = |wanted: &[&str]| results.tests.iter().filter(|test| wanted.contains(&status(test.status))).count();
    let value = json!({
        "reportFormat": "CTRF",
        "specVersion": "0.0.0",
        "results": {
            "tool": { "name": "quietdown", "version": env!("CARGO_PKG_VERSION") },
            "summary": {
                "tests": results.tests.len(),
                "passed": count(&["passed"]),
                "failed": count(&["failed"]),
                "skipped": count(&["skipped"]),
                "pending": 0,
                "other": count(&["other"]),
                "start": results.began_ms,
                "stop": results.began_ms.saturating_add(results.took_ms),
            },
            "tests": results.tests.iter().map(test).collect::<Vec<Value>>(),
        },
    });
    format!("{value:#}\n")
}

fn status(status: TestStatus) -> &'static str {
    match status {
        TestStatus::Passed => "passed",
        TestStatus::Failed => "failed",
        TestStatus::NotApplicable | TestStatus::NotTested => "skipped",
        // Neither is a statement about the system.
        TestStatus::ExpectedFailure | TestStatus::Broken => "other",
    }
}

fn test(test: &TestResult) -> Value {
    let mut value = json!({
        "name": test.name,
        "status": status(test.status),
        "duration": test.took_ms,
        "suite": [test.system],
        "filePath": test.file,
    });
    if test.status != TestStatus::Passed {
        value["message"] = test.headline().into();
        value["trace"] = test.details().into();
    }
    let kinds: Vec<String> = test.findings.iter().map(|finding| finding.kind.name()).collect();
    value["extra"] = json!({ "status": test.status, "point": test.point, "findings": kinds, "evidence": test.evidence, "shownBy": test.shown_by });
    value
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::results::samples;

    #[test]
    fn the_counts_are_those_of_the_tests_and_own_data_is_in_extra() {
        let value: Value = serde_json::from_str(&write(&samples::results())).expect("JSON");
        let summary = &value["results"]["summary"];
        assert_eq!(
            (&summary["tests"], &summary["passed"], &summary["failed"], &summary["skipped"], &summary["other"]),
            (&json!(7), &json!(1), &json!(2), &json!(2), &json!(2))
        );
        assert_eq!(summary["stop"], json!(1_700_000_004_200_u64));
        let has = |value: &Value, known: &[&str]| {
            value.as_object().expect("an object").keys().all(|key| known.contains(&key.as_str()))
        };
        assert!(has(&value, &["reportFormat", "specVersion", "results"]), "{value}");
        assert!(has(&value["results"], &["tool", "summary", "tests"]), "{value}");
        assert!(has(&value["results"]["tool"], &["name", "version"]), "{value}");
        let of_summary = ["tests", "passed", "failed", "skipped", "pending", "other", "start", "stop"];
        assert!(has(summary, &of_summary) && of_summary.iter().all(|key| summary[key].is_u64()), "{summary}");
        let known = ["name", "status", "duration", "suite", "filePath", "message", "trace", "extra"];
        for test in value["results"]["tests"].as_array().expect("tests") {
            let keys = test.as_object().expect("an object").keys();
            assert!(keys.clone().all(|key| known.contains(&key.as_str())), "{test}");
            assert!(test["duration"].is_u64() && test["name"].is_string(), "{test}");
            let statuses = ["passed", "failed", "skipped", "pending", "other"];
            assert!(test["status"].as_str().is_some_and(|status| statuses.contains(&status)), "{test}");
        }
    }
}
