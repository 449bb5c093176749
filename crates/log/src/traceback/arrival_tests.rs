//! Traces as they really arrive: cut off, behind other encodings, logged line by line, shown by a debugger.

use super::super::tally::Kind;
use super::super::{Format, Language, Survey};

fn survey(log: &str) -> Vec<Kind> {
    let mut survey = Survey::new(&Format::Auto).expect("a format");
    survey.feed(log.as_bytes());
    survey.finish().tracebacks
}

/// What real logs of strangers have shown to be kinds, each written anew: language, exception, frame, application, count.
#[test]
fn traces_that_are_cut_mangled_or_logged_by_line_are_found_whole() {
    for (log, language, exception, frame, application) in [
        (
            "[2026-11-25 22:00:00 +0000] [8] [ERROR] Exception in worker\nTraceback (most recent call last):\n  File \"/srv/cup.py\", line 5, in pour\n    fill()",
            Language::Python,
            None,
            Some("/srv/cup.py:5"),
            Some("/srv/cup.py:5"),
        ),
        (
            "  File \"/srv/cup.py\", line 5, in pour\n    fill()\ntea.Spilled: all of it\n",
            Language::Python,
            Some("tea.Spilled"),
            Some("/srv/cup.py:5"),
            Some("/srv/cup.py:5"),
        ),
        (
            "web-1  | [2026-11-25 22:00:00,011: WARNING/ForkPoolWorker-6] Traceback (most recent call last):\nweb-1  | [2026-11-25 22:00:00,012: WARNING/ForkPoolWorker-6]   File \"/srv/cup.py\", line 5, in pour\nweb-1  |     fill()\nweb-1  | [2026-11-25 22:00:00,012: WARNING/ForkPoolWorker-6]   File \"/srv/tea.py\", line 7, in fill\nweb-1  |     raise Spilled\nweb-1  | [2026-11-25 22:00:00,013: WARNING/ForkPoolWorker-6] AssertionError: spilled\n",
            Language::Python,
            Some("AssertionError"),
            Some("/srv/tea.py:7"),
            Some("/srv/tea.py:7"),
        ),
        (
            "                panic: runtime error: index out of range [5]\n[signal 0xb code=0x1]\n\ngoroutine 1 [running]:\nmain.pour(0x1)\n\t/srv/cup.go:5 +0x1d\n",
            Language::Go,
            Some("panic"),
            Some("/srv/cup.go:5"),
            Some("/srv/cup.go:5"),
        ),
        (
            "E1125 22:00:00.000000 1 runtime.go:78] Observed a panic: spilled\ngoroutine 5 [running]:\nexample.org/tea/cup.(*Cup).pour(0x1, 0x2)\n/srv/tea/cup.go:35 +0x1e5\n",
            Language::Go,
            Some("panic"),
            Some("/srv/tea/cup.go:35"),
            Some("/srv/tea/cup.go:35"),
        ),
        (
            "[22:00:00 ERR] spilled\nSystem.InvalidOperationException: \n   ? Tea.Kitchen.Cup.Pour(String what, Int32 much)\n   ? Tea.Kitchen.Table.Serve()\n",
            Language::DotNet,
            Some("System.InvalidOperationException"),
            Some("Tea.Kitchen.Cup.Pour"),
            Some("Tea.Kitchen.Cup.Pour"),
        ),
        (
            "22:00:00.123 [error] GenServer #PID<0.5.0> terminating\n** (stop) {:EXIT, {:badarg, [{Tea.Cup, :pour, 1, [file: 'lib/tea/cup.ex', line: 5]}, {:gen_server, :handle_msg, 6, [file: 'gen_server.erl', line: 637]}]}}\nLast message: :pour\n",
            Language::Elixir,
            Some("stop"),
            Some("lib/tea/cup.ex:5"),
            Some("lib/tea/cup.ex:5"),
        ),
        (
            "app_1  | GET /cup\napp_1  | Fatal error: Unexpectedly found nil while unwrapping an Optional value\napp_1  | Current stack trace:\napp_1  | 0    libswiftCore.so       0x00007f38bff63f60 _swift_stdlib_reportFatalError + 171\napp_1  | 6    libTea.so             0x00007f38c04b1e20 Cup.pour(much:) + 524\n",
            Language::Swift,
            Some("Fatal error"),
            Some("Cup.pour(much:)"),
            Some("Cup.pour(much:)"),
        ),
        (
            "*** Swift runtime failure: Index out of range ***\n\nThread 3 \"NIO-ELT-0\" crashed:\n\n 0 [inlined] [system] 0x0000 Swift runtime failure in tea at //<compiler-generated>\n 1      0x0001 Cup.pour() + 38 in tea at /srv/.build/checkouts/cup/Sources/Cup.swift:35:5\n 2 [ra] 0x0002 serve() + 5 in tea at /srv/Sources/Tea.swift:7:2\n",
            Language::Swift,
            Some("Swift runtime failure"),
            Some("/srv/.build/checkouts/cup/Sources/Cup.swift:35"),
            Some("/srv/Sources/Tea.swift:7"),
        ),
        (
            "2026.11.25 22:00:00.000001 [ 7 ] {} <Fatal> BaseDaemon: (version 26.1, build id: A) (from thread 5) (no query) Received signal Segmentation fault (11)\n2026.11.25 22:00:00.000002 [ 7 ] {} <Fatal> BaseDaemon:\n2026.11.25 22:00:00.000003 [ 7 ] {} <Fatal> BaseDaemon: Stack trace: 0x7f15 0x7f16\n2026.11.25 22:00:00.000004 [ 7 ] {} <Fatal> BaseDaemon: 3. gsignal @ 0x4618b in /usr/lib/libc.so\n2026.11.25 22:00:00.000005 [ 7 ] {} <Fatal> BaseDaemon: 5. ./src/Tea/Cup.cpp:12: tea::Cup::pour() @ 0xb01fcbc in /usr/bin/tea\n",
            Language::Native,
            Some("signal Segmentation fault (11)"),
            Some("./src/Tea/Cup.cpp:12"),
            Some("./src/Tea/Cup.cpp:12"),
        ),
        (
            "Program received signal SIGSEGV, Segmentation fault.\n#0  __memmove_avx (a=0x0) at ../sysdeps/x86_64/memmove.S:44\n#1  0x0000555 in tea::Cup::pour (this=0x0) at src/cup.cpp:12\n12\t    fill(this);\n",
            Language::Native,
            Some("SIGSEGV"),
            Some("../sysdeps/x86_64/memmove.S:44"),
            Some("src/cup.cpp:12"),
        ),
        (
            "/srv/include/c++/v1/vector:661: assertion !empty() failed: back() called on an empty vector\n",
            Language::Native,
            Some("assertion"),
            Some("/srv/include/c++/v1/vector:661"),
            None,
        ),
        (
            "libc++abi: terminating due to uncaught exception of type tea::Spilled: all of it\n",
            Language::Native,
            Some("tea::Spilled"),
            None,
            None,
        ),
        (
            "1 more\n    at Cup.pour (/srv/cup.js:5:6)\n    at async serve (/srv/tea.js:7:2)\n    at process (node:internal/x:1:2)\n",
            Language::Node,
            None,
            Some("/srv/cup.js:5"),
            Some("/srv/cup.js:5"),
        ),
        (
            "\tat java.lang.Thread.run(Thread.java:745)\n\tat org.tea.Cup.pour(Cup.java:5)\n\t... 3 more\n",
            Language::Java,
            None,
            Some("Thread.java:745"),
            Some("Cup.java:5"),
        ),
        (
            " stderr: \n   at Tea.Kitchen.Cup.Pour(String what) in C:\\tea\\Cup.cs:line 5\n   at Tea.Kitchen.Table.Serve() in C:\\tea\\Table.cs:line 7\n--- End of stack trace from previous location ---\n",
            Language::DotNet,
            None,
            Some("C:\\tea\\Cup.cs:5"),
            Some("C:\\tea\\Cup.cs:5"),
        ),
        (
            "example.org/tea.(*Cup).pour(0x1)\n/srv/tea/cup.go:35 +0x1e5\nmain.main()\n/srv/main.go:5 +0x1\n",
            Language::Go,
            Some("stack"),
            Some("/srv/tea/cup.go:35"),
            Some("/srv/tea/cup.go:35"),
        ),
        (
            "=== REDIS BUG REPORT START ===\n1:M 25 Nov 22:00:00.123 # Redis 3.2 crashed by signal: 11\n1:M 25 Nov 22:00:00.123 # Failed assertion: <no assertion failed> (<no file>:0)\n1:M 25 Nov 22:00:00.123 # --- STACK TRACE\nredis-server *:6379(logStackTrace+0x53)[0x44494f]\n/lib/libpthread.so.0(+0xf890)[0x7f10]\nredis-server *:6379(pourCommand+0x1e6)[0x417ac4]\n",
            Language::Native,
            Some("signal 11"),
            Some("pourCommand"),
            Some("pourCommand"),
        ),
        (
            "Fatal Exception: org.tea.SpilledCrash: all of it\n       at org.tea.Cup.pour(Cup.java:5)\n",
            Language::Java,
            Some("org.tea.SpilledCrash"),
            Some("Cup.java:5"),
            Some("Cup.java:5"),
        ),
        (
            "  + Exception Group Traceback (most recent call last):\n  |   File \"/srv/cup.py\", line 5, in pour\n  |     fill()\n",
            Language::Python,
            None,
            Some("/srv/cup.py:5"),
            Some("/srv/cup.py:5"),
        ),
        (
            "Traceback (most recent call last):\nFile \"/srv/tea.py\", line 7, in serve\npour(*self.args)\n^^^^^^^^^^^^^^^^\nFile \"/srv/cup.py\", line 5, in pour\nraise Spilled\nTypeError: pour() missing 'cup'\n",
            Language::Python,
            Some("TypeError"),
            Some("/srv/cup.py:5"),
            Some("/srv/cup.py:5"),
        ),
        (
            "=CRASH REPORT==== 25-Nov-2026::22:00:00 ===\n  crasher:\n    pid: <0.5.0>\n    exception exit: noproc\n      in function  gen:do_for_proc/2 (gen.erl, line 228)\n      in call from cup:pour/1 (src/cup.erl, line 5)\n",
            Language::Elixir,
            Some("exit"),
            Some("gen.erl:228"),
            Some("src/cup.erl:5"),
        ),
        (
            "  crasher:\n    exception error: {{badmatch,ignore},[{cup,pour,4,[{file,\"src/cup.erl\"},{line,108}]}]}\n    ancestors: [sup]\n",
            Language::Elixir,
            Some("error"),
            Some("src/cup.erl:108"),
            Some("src/cup.erl:108"),
        ),
    ] {
        let found = survey(log);
        let told: Vec<_> = found
            .iter()
            .map(|one| {
                (one.count, one.language, one.exception.as_deref(), one.frame.as_deref(), one.application.as_deref())
            })
            .collect();
        assert_eq!(told, [(1, language, exception, frame, application)], "{log}");
    }
}

#[test]
fn what_only_looks_like_an_end_is_none() {
    for log in [
        "Received signal SIGTERM (15), shutting down (version 3)\n",
        "INFO server: (version 3) Received signal 15\n",
        "#0  is the first of them, and it is (so far) the best\n",
        "   ? perhaps. or not (who knows)\n",
        "Fatal error: the kettle is empty\n",
        "\"main\" #1 prio=5\n   java.lang.Thread.State: RUNNABLE\n\tat org.tea.Cup.pour(Cup.java:5)\n\t- locked <0x1>\n\tat org.tea.Tea.a(Tea.java:6)\n\tat org.tea.Tea.b(Tea.java:7)\n",
    ] {
        assert!(survey(log).is_empty(), "{log}");
    }
}
