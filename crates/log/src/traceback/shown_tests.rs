//! Traces where whoever shows a log has put them: quoted, wrapped, printed to a logger line by line, with lost headings.

use super::super::{Format, Language, Level, Survey};

/// A log; the language, the exception and the frame to look at of its one trace; the levels of its records, each with its count.
type Row = (&'static str, Language, Option<&'static str>, Option<&'static str>, &'static [(Level, u64)]);

const ROWS: &[Row] = &[
    // Printed to celery's logger: frames without a heading, the exception in three parts.
    (
        "[2026-11-25 22:00:00,123: WARNING/ForkPoolWorker-4]   File \"/usr/lib/python3.11/site-packages/cup/core.py\", line 12, in call\n    return self.pour(*args)\n[2026-11-25 22:00:00,123: WARNING/ForkPoolWorker-4]   File \"/srv/cup.py\", line 5, in pour\n    raise Spill(\"tea\")\n[2026-11-25 22:00:00,124: WARNING/ForkPoolWorker-4] cups.Spill\n[2026-11-25 22:00:00,124: WARNING/ForkPoolWorker-4] :\n[2026-11-25 22:00:00,124: WARNING/ForkPoolWorker-4] tea\n",
        Language::Python,
        Some("cups.Spill"),
        Some("/srv/cup.py:5"),
        &[(Level::Warn, 1)],
    ),
    (
        "{\"type\":\"log\",\"@timestamp\":\"2026-11-25T22:00:00Z\",\"tags\":[\"info\",\"plugins\"],\"pid\":8,\"message\":\"Starting\"}\n{\"type\":\"log\",\"@timestamp\":\"2026-11-25T22:00:00Z\",\"tags\":[\"error\",\"data\"],\"pid\":8,\"message\":\"Error: spilled\\n    at pour (/srv/cup.js:5:3)\"}\n",
        Language::Node,
        Some("Error"),
        Some("/srv/cup.js:5"),
        &[(Level::Info, 1), (Level::Error, 1)],
    ),
    (
        "I/flutter ( 1234): #4      State.setState (package:flutter/src/widgets/framework.dart:1207:12)\nI/flutter ( 1234): #5      _CupState.pour (package:cups/cup.dart:5:7)\n",
        Language::Dart,
        None,
        Some("package:cups/cup.dart:5"),
        &[(Level::Info, 1)],
    ),
    (
        "#3      _CupState.pour (package:cups/cup.dart:5:7)\n#4      _rootRunUnary (dart:async/zone.dart:1132:38)\n",
        Language::Dart,
        None,
        Some("package:cups/cup.dart:5"),
        &[],
    ),
    (
        "org.cups.SpillException: no &quot;tea&quot;<br/>\n&nbsp;&nbsp;at com.cups.Cup.&lt;init&gt;(Cup.java:5)<br/>\n&nbsp;&nbsp;at com.cups.Main.main(Main.java:9)<br/>\n",
        Language::Java,
        Some("org.cups.SpillException"),
        Some("Cup.java:5"),
        &[],
    ),
    // One line is enough for what nobody else writes.
    (
        "2026-11-25T22:00:00.123456789Z stderr F panic: runtime error: index out of range [5]\n",
        Language::Go,
        Some("panic"),
        None,
        &[],
    ),
    (
        "/usr/local/bundle/gems/cups-1.0/lib/cups.rb:12:in `call'\n/app/models/cup.rb:5:in `pour'\n/app/bin/rails:4:in `<main>'\n",
        Language::Ruby,
        None,
        Some("/app/models/cup.rb:5"),
        &[],
    ),
    (
        "2026-11-25 22:00:00 =SUPERVISOR REPORT====\n     Supervisor: {local,cup_sup}\n2026-11-25 22:00:00 =CRASH REPORT====\n  crasher:\n    exception error: no match of right hand side value tea\n      in function  cup:pour/1 (src/cup.erl, line 5)\n2026-11-25 22:00:00 =INFO REPORT====\n    application: cups\n",
        Language::Elixir,
        Some("error"),
        Some("src/cup.erl:5"),
        &[(Level::Info, 1), (Level::Error, 2)],
    ),
    (
        "> ←[33m2026-11-25 22:00:00 WARN  cups.Main: low←[0m\n> ←[31m2026-11-25 22:00:00 ERROR cups.Main: failed←[0m\n> java.lang.IllegalStateException: spilled\n> \tat com.cups.Cup.pour(Cup.java:5)\n",
        Language::Java,
        Some("java.lang.IllegalStateException"),
        Some("Cup.java:5"),
        &[(Level::Warn, 1), (Level::Error, 1)],
    ),
    (
        "[31mTraceback (most recent call last):[0m\n  File \"[35m/srv/cup.py[0m\", line [35m5[0m, in [35mpour[0m\n[1;35mSpill[0m: [35mtea[0m\n",
        Language::Python,
        Some("Spill"),
        Some("/srv/cup.py:5"),
        &[],
    ),
    (
        "Exception in thread \"main\" org.cups.very.long.name.of.a.package.SpillException: \nthe tea is on the table\n\tat org.cups.very.long.name.of.a.package.indeed.CupFactoryFactory.pour(CupF\nactoryFactory.java:5)\n\tat org.cups.very.long.name.of.a.package.indeed.CupFactoryFactory.make(CupFact\noryFactory.java:7)\n\tat org.cups.Main.main(Main.java:9)\n",
        Language::Java,
        Some("org.cups.very.long.name.of.a.package.SpillException"),
        Some("CupFactoryFactory.java:5"),
        &[],
    ),
    (
        "1:M 25 Nov 2026 22:00:00.123 # === ASSERTION FAILED ===\n1:M 25 Nov 2026 22:00:00.123 # ==> cup.c:5 'tea != NULL' is not true\n1:M 25 Nov 2026 22:00:00.123 # (forcing SIGSEGV to print the bug report.)\n",
        Language::Native,
        Some("assertion"),
        Some("cup.c:5"),
        &[(Level::Warn, 3)],
    ),
    (
        "=== REDIS BUG REPORT START: Cut & paste starting from here ===\n1:M 25 Nov 2026 22:00:00.123 # Redis 7.0.0 crashed by signal: 11, si_code: 1\n\n------ STACK TRACE ------\nBacktrace:\nredis-server *:6379(pourCup+0x15)[0x55d0]\n",
        Language::Native,
        Some("signal 11"),
        Some("pourCup"),
        &[(Level::Warn, 1)],
    ),
    (
        "id,time,text\n6,2026-11-25,\"Traceback (most recent call last):\n  File \"\"/srv/cup.py\"\", line 5, in pour\n    raise Spill('tea')\nSpill: tea\"\n",
        Language::Python,
        Some("Spill"),
        Some("/srv/cup.py:5"),
        &[],
    ),
    (
        "5,2026-11-25,\"java.lang.IllegalStateException: spilled\n\tat com.cups.Cup.pour(Cup.java:5)\n\tat com.cups.Main.main(Main.java:9)\"\n",
        Language::Java,
        Some("java.lang.IllegalStateException"),
        Some("Cup.java:5"),
        &[],
    ),
    (
        "E1125 22:00:00.172914       1 runtime.go:69] Observed a panic: \"no tea\" (no tea)\n/go/pkg/mod/x.io/y@v1/runtime.go:76\n/usr/local/go/src/runtime/panic.go:679\n/srv/cup.go:5\n/srv/main.go:9\n",
        Language::Go,
        Some("panic"),
        Some("/srv/cup.go:5"),
        &[(Level::Error, 1)],
    ),
    (
        "x.io/util/wait.Until(0xc0?)\n\tx.io/util@v0.2.6/wait/wait.go:90 +0x25\ngithub.com/cups/cup.Pour(0x0)\n\tgithub.com/cups/cup/cup.go:5 +0x1cc\n",
        Language::Go,
        Some("stack"),
        Some("x.io/util@v0.2.6/wait/wait.go:90"),
        &[],
    ),
    (
        "2026-11-25 22:00:00.018 [error] <0.96.1> CRASH REPORT Process <0.96.1> with 0 neighbours exited with reason: no tea in cup:pour/3 line 5\n",
        Language::Elixir,
        Some("crash"),
        Some("cup:pour/3:5"),
        &[(Level::Error, 1)],
    ),
    (
        "Event: {error,<0.214.0>,\n    {{aborted,no_tea},\n     [{cup,pour,1,[{file,\"src/cup.erl\"},{line,5}]},\n",
        Language::Elixir,
        None,
        Some("src/cup.erl:5"),
        &[],
    ),
];

#[test]
fn traces_are_found_wherever_they_are_shown() {
    for (log, language, exception, place, levels) in ROWS {
        let mut survey = Survey::new(&Format::Auto).expect("a format");
        survey.feed(log.as_bytes());
        let summary = survey.finish();
        let [kind] = summary.tracebacks.as_slice() else { panic!("{log}\n{:#?}", summary.tracebacks) };
        let found = (kind.count, kind.language, kind.exception.as_deref(), kind.place());
        assert_eq!(found, (1, *language, *exception, *place), "{log}");
        assert_eq!(summary.levels.into_iter().collect::<Vec<_>>(), levels.to_vec(), "{log}");
    }
}
