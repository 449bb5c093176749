//! Small logs as they arrive: what stands before the lines hides neither a trace, nor its name, nor a level.

use quietdown_log::{Format, Language, Level, Summary, Survey};

fn surveyed(log: &str) -> Summary {
    let mut survey = Survey::new(&Format::Auto).expect("a format");
    survey.feed(log.as_bytes());
    survey.finish()
}

fn behind(prefix: &str, log: &str) -> String {
    log.lines().map(|line| format!("{prefix}{line}\n")).collect()
}

const GO: &str = "panic: spilled\n\ngoroutine 1 [running]:\nmain.pour(0x1)\n\t/srv/cup.go:5 +0x1d\n";

#[test]
fn a_trace_of_go_behind_compose_or_a_journal_or_indented_is_one_with_its_place() {
    for prefix in ["web-1  | ", "May 01 10:00:00 box cup[12]: ", "    "] {
        let summary = surveyed(&behind(prefix, GO));
        let [kind] = summary.tracebacks.as_slice() else { panic!("{prefix:?}: {summary:#?}") };
        assert_eq!((kind.language, kind.count, kind.message.as_str()), (Language::Go, 1, "spilled"), "{prefix:?}");
        assert_eq!((kind.exception.as_deref(), kind.place()), (Some("panic"), Some("/srv/cup.go:5")), "{prefix:?}");
        assert_eq!(summary.not_understood, 0, "{prefix:?}");
    }
}

#[test]
fn exceptions_of_one_place_behind_a_prefix_keep_their_names_and_are_kinds_of_their_own() {
    let one = |name: &str| {
        format!(
            "Traceback (most recent call last):\n  File \"/srv/cup.py\", line 5, in pour\n    raise Spill(\"tea\")\n{name}: tea\n"
        )
    };
    let summary = surveyed(&behind("web-1  | ", &[one("Spill"), one("Burn"), one("Crack")].concat()));
    let found: Vec<_> = summary.tracebacks.iter().map(|kind| (kind.exception.as_deref(), kind.count)).collect();
    assert_eq!(found, [(Some("Spill"), 1), (Some("Burn"), 1), (Some("Crack"), 1)]);
}

#[test]
fn records_behind_a_prefix_have_their_levels() {
    let log = "2024-05-01 10:00:00,123 ERROR cup: spilled\n{\"level\":\"warn\",\"msg\":\"spilled\"}\n";
    for prefix in ["web-1  | ", "May 01 10:00:00 box cup[12]: ", "[pod/web-7d4b8c9f5-x2x4z/web] "] {
        let summary = surveyed(&behind(prefix, log));
        let levels: Vec<_> = summary.levels.iter().map(|(level, count)| (*level, *count)).collect();
        assert_eq!(levels, [(Level::Warn, 1), (Level::Error, 1)], "{prefix}");
    }
}
