//! What a zygote forks cannot be told from what is started; and nothing of it outlives whom it belongs to.

mod place;

use std::os::unix::process::ExitStatusExt;
use std::time::{Duration, Instant};

use place::{Place, Python};
use quietdown::finding::FindingKind;
use quietdown::process::{Zygotes, marked};
use rstest::rstest;
use rustix::process::{Pid, Signal, kill_process, test_kill_process};

/// A zygote and a start of the same script: every byte that it writes, and how it ends.
#[rstest]
#[case::prints("print('out'); import sys; print('err', file=sys.stderr)")]
#[case::without_a_line_end("import sys; sys.stdout.write('no end'); sys.stderr.write('neither')")]
#[case::status("import sys; print('x'); sys.exit(3)")]
#[case::status_as_text("import sys; sys.exit('the text')")]
#[case::at_once("import os; print('lost'); os._exit(7)")]
#[case::traceback("def f():\n    1 / 0\nf()")]
#[case::chained("try:\n    1 / 0\nexcept ZeroDivisionError:\n    raise ValueError('x')")]
#[case::own_hook("import sys\nsys.excepthook = lambda *a: print('hooked', a[0].__name__)\n1 / 0")]
#[case::syntax("x = (")]
#[case::interrupted("raise KeyboardInterrupt")]
#[case::cancelled("import asyncio; raise asyncio.CancelledError")]
#[case::killed("import os, signal; os.kill(os.getpid(), signal.SIGKILL)")]
#[case::terminated("import os, signal; os.kill(os.getpid(), signal.SIGTERM)")]
#[case::broken_pipe("import os; r, w = os.pipe(); os.close(r); os.write(w, b'x')")]
#[case::at_exit("import atexit; atexit.register(print, 'bye'); print('hello')")]
#[case::threads_outlive_the_script(
    "import threading, time\ndef f():\n    time.sleep(.05); print('thread')\nthreading.Thread(target=f).start(); print('main')"
)]
#[case::what_it_is(
    "import sys, os; print(sys.argv, __name__, __file__, sys.path[0], os.getcwd(), os.getpgid(0) == os.getpid(), os.environ['SAID'], os.environ['QUIETDOWN_RUN'], 'QUIETDOWN_ZYGOTE' in os.environ, __builtins__ is not None, sys.orig_argv[1:])"
)]
#[case::descriptors("import os; print(sorted(os.listdir('/proc/self/fd'))[:-1])")]
#[case::signals(
    "import signal; print([(s.name, str(signal.getsignal(s))) for s in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD, signal.SIGPIPE)], signal.pthread_sigmask(0, []))"
)]
#[case::streams(
    "import sys; print([(s.fileno(), s.isatty(), s.encoding, s.errors, s.line_buffering) for s in (sys.stdin, sys.stdout, sys.stderr)])"
)]
#[case::reads("import sys; print(repr(sys.stdin.read()))")]
#[case::pickles("import pickle\nclass A: pass\nprint(type(pickle.loads(pickle.dumps(A()))) is A)")]
#[case::forks(
    "import multiprocessing\ndef f(q): q.put(__name__)\nif __name__ == '__main__':\n    c = multiprocessing.get_context('fork'); q = c.Queue(); p = c.Process(target=f, args=(q,)); p.start(); print(q.get()); p.join(); print(p.exitcode)"
)]
#[case::spawns(
    "import multiprocessing\ndef f(q): q.put(__name__)\nif __name__ == '__main__':\n    c = multiprocessing.get_context('spawn'); q = c.Queue(); p = c.Process(target=f, args=(q,)); p.start(); print(q.get()); p.join(); print(p.exitcode)"
)]
#[tokio::test(flavor = "current_thread")]
async fn a_forked_script_is_as_a_started_one(#[case] script: &str) {
    needs_python!();
    let place = Place::new();
    place.write("script.py", script);
    let zygotes = Zygotes::default();
    let started = Python::script(&place, None).end().await;
    let zygote = zygotes.get(&place.zygote(&[])).expect("a zygote");
    let forked = Python::script(&place, Some(zygote)).end().await;
    assert_eq!(forked, started);
}

#[tokio::test(flavor = "current_thread")]
async fn a_module_and_a_missing_script_are_as_when_started() {
    needs_python!();
    let place = Place::new();
    place.write("mod.py", "import sys; print(sys.argv, __name__, sys.path[0])");
    let zygotes = Zygotes::default();
    for arguments in [&["-m", "mod", "x"][..], &["none.py"], &["-m", "json.tool", "none.json"]] {
        let zygote = zygotes.get(&place.zygote(&[])).expect("a zygote");
        let started = Python::new(&place, arguments, None).end().await;
        assert_eq!(Python::new(&place, arguments, Some(zygote)).end().await, started, "{arguments:?}");
    }
}

#[tokio::test(flavor = "current_thread")]
async fn what_is_expensive_is_imported_once_and_standard_input_is_the_own_one() {
    needs_python!();
    let place = Place::new();
    place.write("costly.py", "import os\nos.write(os.open('count', os.O_CREAT | os.O_APPEND | os.O_WRONLY), b'x')");
    place.write("script.py", "import costly, sys, random\nprint(sys.stdin.readline(), random.random())");
    let zygotes = Zygotes::default();
    let mut said = std::collections::BTreeSet::new();
    for _ in 0..3 {
        let zygote = zygotes.get(&place.zygote(&["costly"])).expect("a zygote");
        let mut python = Python::script(&place, Some(zygote));
        python.input = Some("a line\n");
        let end = python.end().await;
        assert!(end.stdout.starts_with("a line\n") && end.status.code() == Some(0), "{end:?}");
        said.insert(end.stdout);
    }
    assert_eq!(said.len(), 3, "each has chance of its own: {said:?}");
    let counts: Vec<String> = place.found("count").iter().map(|path| place.read(path)).collect();
    assert_eq!(counts, ["x"], "it was imported once");
}

#[tokio::test(flavor = "current_thread")]
async fn signals_stops_and_the_end_of_input_do_what_they_do_to_a_started_process() {
    needs_python!();
    let place = Place::new();
    let waits = "import signal, sys\nsignal.signal(signal.SIGTERM, lambda *_: sys.exit(5))\nprint('up', flush=True)\nsys.stdin.read()\nsys.exit(6)";
    place.write("script.py", waits);
    let zygotes = Zygotes::default();
    for zygote in [None, Some(zygotes.get(&place.zygote(&[])).expect("a zygote"))] {
        let boot = || async {
            let mut running = Python::script(&place, zygote.clone()).start(true).await;
            running.said("up\n").await;
            running
        };
        let mut running = boot().await;
        assert!(running.child.signal(Signal::TERM));
        assert_eq!(running.end().await.status.code(), Some(5));
        assert!(!running.child.signal(Signal::TERM), "it has ended");
        let mut running = boot().await;
        running.child.close_stdin();
        assert_eq!(running.end().await.status.code(), Some(6));
        let mut running = boot().await;
        assert!(running.child.signal_group(Signal::STOP));
        running.is('T');
        running.child.close_stdin();
        assert!(running.child.signal_group(Signal::CONT));
        assert_eq!(running.end().await.status.code(), Some(6));
        let mut running = boot().await;
        running.child.signal_group(Signal::KILL);
        assert_eq!(running.end().await.status.signal(), Some(9));
        // Nobody else holds it: dropping it ends it.
        let running = boot().await;
        let (pid, ended) = (running.child.pid(), running.child.ended());
        drop(running.child);
        ended.await;
        assert!(running.output.is_empty() || test_kill_process(pid).is_err() || !place::lives(pid));
    }
}

#[tokio::test(flavor = "current_thread")]
async fn a_child_is_found_by_its_own_mark_and_so_is_what_it_leaves_behind() {
    needs_python!();
    let place = Place::new();
    // A fork keeps the memory of the mark, a program that is started is given it; both leave the group and the session.
    let leaves = "import os, subprocess, sys, time\nif os.fork() == 0:\n    os.setsid()\n    time.sleep(3600)\nsubprocess.Popen(['sleep', '3600'], start_new_session=True)\nprint('up', flush=True)\nsys.stdin.read()";
    place.write("script.py", leaves);
    let zygotes = Zygotes::default();
    let zygote = zygotes.get(&place.zygote(&[])).expect("a zygote");
    let mut running = Python::script(&place, Some(zygote)).start(true).await;
    running.said("up\n").await;
    let mark = place.mark();
    // Who is replacing its program has no mark for a moment, and nobody is told the end of that.
    let deadline = Instant::now() + Duration::from_secs(60);
    while marked(&mark).len() != 3 {
        assert!(Instant::now() < deadline, "{:?}", marked(&mark));
        std::thread::sleep(Duration::from_millis(1));
    }
    running.child.close_stdin();
    running.end().await;
    assert_eq!(marked(&mark).len(), 2, "{:?}", marked(&mark));
    assert!(marked(&mark).iter().all(|left| left.mark == mark));
    marked(&mark).iter().for_each(quietdown::process::Marked::kill);
}

#[tokio::test(flavor = "current_thread")]
async fn a_zygote_with_threads_refuses_and_names_them() {
    needs_python!();
    let place = Place::new();
    place.write("threaded.py", "import threading, time\nthreading.Thread(target=time.sleep, args=(3600,), name='the-poller', daemon=True).start()");
    let zygotes = Zygotes::default();
    let why = zygotes.get(&place.zygote(&["threaded"])).expect_err("it runs a thread");
    assert!(why.contains("it runs threads") && why.contains("the-poller"), "{why}");
    // Started when it was ready already: by a hook of the first fork.
    let later = "import os, threading, time\nrun = lambda: threading.Thread(target=time.sleep, args=(3600,), name='late', daemon=True).start()\nos.register_at_fork(after_in_parent=run)";
    place.write("later.py", later);
    place.write("script.py", "print('x')");
    let zygote = zygotes.get(&place.zygote(&["later"])).expect("no thread yet");
    assert_eq!(Python::script(&place, Some(zygote.clone())).end().await.status.code(), Some(0));
    let why = Python::script(&place, Some(zygote)).try_start(false).await.expect_err("it runs a thread").to_string();
    assert!(why.contains("does not fork") && why.contains("late"), "{why}");
}

#[test]
fn a_zygote_that_cannot_be_says_why_and_is_not_tried_again() {
    needs_python!();
    let place = Place::new();
    let zygotes = Zygotes::default();
    place.write("wrong.py", "import os\nos.write(os.open('count', os.O_CREAT | os.O_APPEND | os.O_WRONLY), b'x')\nraise RuntimeError('the reason')");
    for _ in 0..2 {
        let why = zygotes.get(&place.zygote(&["wrong"])).expect_err("it cannot");
        assert!(why.contains("status 1") && why.contains("RuntimeError: the reason"), "{why}");
    }
    assert_eq!(place.found("count").iter().map(|path| place.read(path)).collect::<Vec<_>>(), ["x"]);
    let mut slow = place.zygote(&[]);
    slow.command = ["sh", "-c", "sleep 3600"].map(str::to_owned).to_vec();
    slow.within = Duration::from_millis(50);
    let why = zygotes.get(&slow).expect_err("it is never ready");
    assert!(why.contains("not ready within 50ms"), "{why}");
    slow.command = vec!["/none".to_owned()];
    assert!(zygotes.get(&slow).expect_err("there is no such program").contains("cannot be started"));
}

#[tokio::test(flavor = "current_thread")]
async fn a_zygote_that_is_killed_takes_its_children_with_it_and_the_next_one_is_another() {
    needs_python!();
    let place = Place::new();
    place.write("script.py", "import sys, time\nprint('up', flush=True)\ntime.sleep(3600)");
    let zygotes = Zygotes::default();
    let zygote = zygotes.get(&place.zygote(&[])).expect("a zygote");
    let mut running = Python::script(&place, Some(zygote)).start(false).await;
    running.said("up\n").await;
    let pid = running.child.pid();
    let parent = place::parent(pid);
    kill_process(parent, Signal::KILL).expect("it lives");
    let why = running.exit().await.expect_err("nobody can say how it ended");
    assert!(why.contains("has ended with SIGKILL"), "{why}");
    place::await_gone(pid);
    place.write("script.py", "print('again')");
    let zygote = zygotes.get(&place.zygote(&[])).expect("another");
    assert_eq!(Python::script(&place, Some(zygote)).end().await.stdout, "again\n");
}

#[test]
fn the_last_who_drops_the_zygotes_ends_them() {
    needs_python!();
    let place = Place::new();
    let zygotes = Zygotes::default();
    drop(zygotes.get(&place.zygote(&["json"])).expect("a zygote"));
    let mark = format!("{}/zygote/{}", quietdown::process::mark(), place.zygote(&[]).name);
    assert_eq!(marked(&mark).len(), 1, "{:?}", marked(&mark));
    let same = zygotes.clone();
    drop(zygotes);
    assert_eq!(marked(&mark).len(), 1);
    drop(same);
    assert_eq!(marked(&mark), []);
}

/// A system whose processes a zygote forks: a server with descendants in sessions of their own, a client.
#[rstest]
#[case::killed(Signal::KILL)]
#[case::interrupted(Signal::INT)]
fn nothing_outlives_a_harness_that_is_ended(#[case] signal: Signal) {
    needs_python!();
    let place = Place::new();
    place.system();
    let server = "import os, subprocess, time\nfor _ in range(2):\n    if os.fork() == 0:\n        os.setsid()\n        time.sleep(3600)\nsubprocess.Popen(['sleep', '3600'], start_new_session=True)\nprint(' INFO server: up', flush=True)\ntime.sleep(3600)";
    place.write("server.py", server);
    place.write("never.toml", "summary = \"x\"\n[processes.a]\n[[step]]\non.line = { process = \"server\", line = \"never\" }\nwithin = \"100s\"");
    let mut harness = place.command(&["run", "never.toml", "--system", "./system.toml"]).spawn().expect("the harness");
    // The zygote, the server and its three, the client.
    place.await_family(6);
    kill_process(Pid::from_raw(harness.id() as i32).expect("a process id"), signal).expect("it lives");
    assert!(!harness.wait().expect("it ends").success());
    place.await_family(0);
}

#[test]
fn a_run_with_a_zygote_is_judged_as_one_without() {
    needs_python!();
    let place = Place::new();
    place.system();
    place.write("server.py", "import costly, signal, sys, time\nprint(' INFO server: up', flush=True)\nsignal.signal(signal.SIGTERM, lambda *_: sys.exit(4))\ntime.sleep(3600)");
    place.write(
        "costly.py",
        "import os\nos.write(os.open(os.environ['PLACE'] + '/count', os.O_CREAT | os.O_APPEND | os.O_WRONLY), b'x')",
    );
    place.write("stops.toml", "summary = \"x\"\n[processes.a]\n[[step]]\ndo.call = { process = \"a\", op = \"noop\", returns = { asked = \"noop\" } }\n[[step]]\ndo.restart = { process = \"server\" }\n[[step]]\ndo.kill = { process = \"server\" }");
    let run = |more: &[&str]| {
        let arguments = [&["run", "stops.toml", "--system", "./system.toml"], more].concat();
        let output = place.command(&arguments).output().expect("it starts");
        let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
        assert_eq!(output.status.code(), Some(0), "{text}");
    };
    run(&["--accept"]);
    run(&["--repeat", "3"]);
    run(&["--no-zygote"]);
    // Twice by zygotes, of which each harness has one; and by both boots of the server that was started.
    assert_eq!(place.read(&place.path("count")), "xxxx");
    // What is left behind is found, although its parent was forked.
    place.write("server.py", "import os, signal, sys, time\nif os.fork() == 0:\n    os.setsid(); os.close(1); os.close(2); time.sleep(3600)\nprint(' INFO server: up', flush=True)\nsignal.signal(signal.SIGTERM, lambda *_: sys.exit(4))\ntime.sleep(3600)");
    place.write("leaves.toml", "summary = \"x\"");
    let findings = place.findings("leaves.toml");
    assert_eq!(
        findings.iter().filter(|finding| finding.kind == FindingKind::DescendantLeft).count(),
        1,
        "{findings:#?}"
    );
    place.await_family(0);
}

#[test]
fn a_run_whose_zygote_is_killed_is_no_verdict() {
    needs_python!();
    let place = Place::new();
    place.system();
    place.write("server.py", "import os, signal\nprint(' INFO server: up', flush=True)\nos.kill(os.getppid(), signal.SIGKILL)\nsignal.pause()");
    place.write("stops.toml", "summary = \"x\"\n[[step]]\non.exit = { process = \"server\" }");
    let output = place.command(&["run", "stops.toml", "--system", "./system.toml"]).output().expect("it starts");
    let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    assert!(output.status.code() == Some(3) && text.contains("the zygote `warm`"), "{text}");
    place.await_family(0);
}

/// The first boot pays for the import, no other does.
#[tokio::test(flavor = "current_thread")]
async fn a_boot_after_the_first_does_not_wait_for_the_import() {
    needs_python!();
    let place = Place::new();
    place.write("slow.py", "import time\ntime.sleep(2)");
    place.write("script.py", "import slow\nprint('up', flush=True)");
    let zygotes = Zygotes::default();
    let zygote = zygotes.get(&place.zygote(&["slow"])).expect("a zygote");
    let began = Instant::now();
    for _ in 0..5 {
        assert_eq!(Python::script(&place, Some(zygote.clone())).end().await.stdout, "up\n");
    }
    // Five imports would take ten seconds.
    assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());
}

/// A library that an import loads may set variables past `os.environ`.
#[tokio::test(flavor = "current_thread")]
async fn a_child_of_a_zygote_has_the_environment_that_it_is_given_and_nothing_more() {
    needs_python!();
    let place = Place::new();
    place.write("leaks.py", "import ctypes\nctypes.CDLL(None).setenv(b'LEAKED', b'x', 1)");
    place.write("script.py", "import leaks, subprocess\nsubprocess.run(['sh', '-c', 'echo ${LEAKED-unset} $PLACE'])");
    let zygotes = Zygotes::default();
    let zygote = zygotes.get(&place.zygote(&["leaks"])).expect("a zygote");
    let said = Python::script(&place, Some(zygote)).end().await.stdout;
    assert!(said.starts_with("unset"), "{said}");
}
