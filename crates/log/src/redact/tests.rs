use super::*;

fn redactor() -> Redactor {
    let ids = [("rollout", "ro-[0-9a-f]{12}"), ("attempt", "at-[0-9a-f]{8}")];
    Redactor::new(&ids.map(|(name, shape)| (name.to_owned(), shape.to_owned())).into()).expect("right")
}

const FIRST: &str = "ro-0123456789ab";
const SECOND: &str = "ro-ba9876543210";

#[test]
fn what_has_a_shape_gets_a_name() {
    for (text, redacted) in [
        ("listening on 127.0.0.1:4444", "listening on <address>"),
        ("addr=[::1]:80, 0.0.0.0:1", "addr=<address>, <address>"),
        ("[fe80::1%eth0]:80", "<address>"),
        ("http://127.0.0.1:4444/v1?x=1", "http://<address>/v1?x=1"),
        ("http://localhost:4444/v1", "http://<address>/v1"),
        ("https://example.com:8443/v1", "https://example.com:<port>/v1"),
        ("Connect call failed ('127.0.0.1', 4444)", "<refused> <address>"),
        ("connect(('::1', 4444, 0, 0))", "connect(<address>)"),
        ("at 2026-11-25T03:11:22.123456Z or 2026-11-25 03:11:22,123", "at <time> or <time>"),
        ("2026-11-25T03:11:22+01:00", "<time>"),
        ("started=1764040282.123456 now", "started=<time> now"),
        ("after 12.3ms, 1.5s, 300µs, 7ns, 5s.", "after <duration>, <duration>, <duration>, <duration>, <duration>."),
        ("up in 0.10 seconds.", "up in <duration>."),
        ("pid=123 (pid 45) {\"pid\":6} PID: 7", "pid=<pid> (pid <pid>) {\"pid\":<pid>} PID: <pid>"),
        ("Started server process [123]", "Started server process [<pid>]"),
        ("at 0x00007f035daa6b80", "at <pointer-1>"),
        ("open /tmp/.tmpA1b2/store.db: /var/tmp/x", "open <temp-1>/store.db: <temp-2>"),
        ("thread 'x' (123) panicked at src/a.rs:1:2:", "thread 'x' (<thread-id>) panicked at src/a.rs:1:2:"),
        ("line\\n127.0.0.1:1\\t5s", "line\\n<address>\\t<duration>"),
        ("cause=\"Connection reset by peer (os error 104)\" n=1", "cause=<disconnected> n=1"),
        ("{\"after\":\"1.5s\",\"at\":\"127.0.0.1:1\"}", "{\"after\":\"<duration>\",\"at\":\"<address>\"}"),
    ] {
        assert_eq!(redactor().redact(text), redacted);
    }
}

#[test]
fn words_that_name_a_process_a_port_or_a_duration_are_enough() {
    for (text, redacted) in [
        ("Booting worker with pid: 123", "Booting worker with pid: <pid>"),
        ("Worker exiting (pid: 123)", "Worker exiting (pid: <pid>)"),
        ("Worker (pid:123) was sent SIGTERM!", "Worker (pid:<pid>) was sent SIGTERM!"),
        ("Finished server process [123]", "Finished server process [<pid>]"),
        ("Waiting for child process (123)", "Waiting for child process (<pid>)"),
        ("Worker 32519 died, child [32520], worker #32521", "Worker <pid> died, child [<pid>], worker #<pid>"),
        (
            "ppid=12 worker_pid=13 workerPid=14 process_id: 15",
            "ppid=<pid> worker_pid=<pid> workerPid=<pid> process_id: <pid>",
        ),
        (r#"{"process.pid":12,"processId":13}"#, r#"{"process.pid":<pid>,"processId":<pid>}"#),
        (r#"{\"pid\":12}"#, r#"{\"pid\":<pid>}"#),
        ("on port 44123, port=44123, \"remotePort\":51234", "on port <port>, port=<port>, \"remotePort\":<port>"),
        ("peer_port: 44123 http.server.port=44123", "peer_port: <port> http.server.port=<port>"),
        (
            "responseTime=3 duration_ms=4 elapsed=0.25",
            "responseTime=<duration> duration_ms=<duration> elapsed=<duration>",
        ),
        (
            r#"{"response_time":1.5,"durationMs":12,"elapsed":"3"}"#,
            r#"{"response_time":<duration>,"durationMs":<duration>,"elapsed":"<duration>"}"#,
        ),
        ("elapsed: 12 ms, took=0:00:01.5", "elapsed: <duration>, took=<duration>"),
        ("request_time=1.2e-05 http_latency=7", "request_time=<duration> http_latency=<duration>"),
        ("GET /x 200 1.234 ms - 12", "GET /x 200 <duration> - 12"),
    ] {
        assert_eq!(redactor().redact(text), redacted);
    }
}

#[test]
fn a_pid_or_port_of_the_run_is_found_wherever_it_stands() {
    let mut redactor = redactor();
    redactor.name_pid(32519, "pid-of-server");
    redactor.name_pid(27, "pid-of-client");
    redactor.name_port(44123, "port-of-server");
    redactor.learn_pids("Booting worker with pid: 32520");
    for (text, redacted) in [
        ("Listening at: http://127.0.0.1:44123 (32519)", "Listening at: http://<address> (<pid-of-server>)"),
        ("(27) [27] 27", "(<pid-of-client>) [<pid-of-client>] 27"),
        ("[32520] gone, 32520", "[<pid>] gone, <pid>"),
        ("32519 exited", "<pid-of-server> exited"),
        ("leader=32519 worker-32519 tid/32519", "leader=<pid-of-server> worker-<pid-of-server> tid/<pid-of-server>"),
        ("serving on 44123", "serving on <port-of-server>"),
        (
            "*:44123 and myhost:44123, listen=44123",
            "*:<port-of-server> and myhost:<port-of-server>, listen=<port-of-server>",
        ),
        ("port 44123 pid 32519", "port <port-of-server> pid <pid-of-server>"),
        // What a number stands for is said: it is a pid or port of the run only by chance.
        ("items=32519 size: 32519 bytes 32519.5 1.32519", "items=32519 size: <size> 32519.5 1.32519"),
        ("job-32519 x32519 32519x a.rs:32519:1 32519% 32,519", "job-32519 x32519 32519x a.rs:32519:1 32519% 32,519"),
        ("27 items, 325190 and 3251", "27 items, 325190 and 3251"),
    ] {
        assert_eq!(redactor.redact(text), redacted);
        assert_eq!(redactor.redact(redacted), redacted, "not final");
    }
}

#[test]
fn what_only_looks_like_it_stays() {
    for text in [
        "",
        "version 1.2.3 of v1.5s",
        "12 items, 5 seconds, 3things, 12mss",
        "a1b2s 1.2.3s",
        "src/a.rs:1:2",
        "12:30",
        "pid file, rapid=1, pids=3",
        "0x7f",
        "foo/tmp/bar /tmp",
        "HTTP/1.1 503",
        "<b>bold</b> a<b>c",
        "12345.5 1764040282",
        "::1",
        "x[1:2]:3",
        "report=1234 support 12345 export: 2048 a port of call",
        "worker 3, child [2], 12 workers, processed 1000",
        "uptimes=3 overtook 12 retook: twice",
        "timeout=300 times=3",
    ] {
        assert_eq!(redactor().redact(text), text);
    }
}

#[test]
fn ids_are_numbered_as_they_were_learned_or_appear() {
    let mut redactor = redactor();
    redactor.learn(&format!("{{\"id\":\"{SECOND}\",\"attempt\":\"at-00000000\"}}"));
    let text = format!("{FIRST}/at-12345678 {SECOND} {FIRST} <{FIRST}> at-00000000 x{FIRST} {FIRST}0");
    let redacted = "<rollout-2>/<attempt-2> <rollout-1> <rollout-2> <<rollout-2>> <attempt-1>";
    assert_eq!(redactor.redact(&text), format!("{redacted} x{FIRST} {FIRST}0"));
}

#[test]
fn uuids_keep_their_identity() {
    let (a, b) = ("550e8400-e29b-41d4-a716-446655440000", "550E8400-E29B-41D4-A716-446655440001");
    let mut redactor = redactor();
    assert_eq!(redactor.redact(&format!("{a} {b} {a} req-{b}")), "<uuid-1> <uuid-2> <uuid-1> req-<uuid-2>");
    assert_eq!(redactor.redact(&b.to_lowercase()), "<uuid-2>");
}

#[test]
fn named_values_win_and_the_longest_first() {
    let mut redactor = redactor();
    redactor.name("/tmp/run", "<run>");
    redactor.name("/tmp/run/a", "<folder>");
    redactor.name("127.0.0.1:44", "<server>");
    redactor.name(SECOND, "<rollout-1>");
    redactor.name("", "<nothing>");
    redactor.name("plain", "a name");
    redactor.name("/tmp/run", "<other>");
    assert_eq!(redactor.redact("/tmp/run/a/b /tmp/run/ab /tmp/run2"), "<folder>/b <run>/ab <temp-1>");
    assert_eq!(
        redactor.redact("127.0.0.1:44 127.0.0.1:444 http://127.0.0.1:44/"),
        "<server> <address> http://<server>/"
    );
    assert_eq!(redactor.redact(&format!("{FIRST} {SECOND}")), "<rollout-2> <rollout-1>");
    assert_eq!(redactor.redact("plain explained"), "<a name> explained");
}

#[test]
fn a_wrong_expression_is_named() {
    let wrong = Redactor::new(&[("rollout".to_owned(), "(".to_owned())].into()).expect_err("it is wrong");
    assert!(wrong.to_string().starts_with("the identifier `rollout`: "), "{wrong}");
    let mut empty = Redactor::new(&[("x".to_owned(), "a*".to_owned())].into()).expect("odd, but right");
    assert_eq!(empty.redact("bä aa"), "bä <x-1>");
}

/// Redacts texts made of all that is known, whole and broken, twice.
fn twice_is_once(redactor: &mut Redactor, seed: u64) -> bool {
    const PARTS: [&str; 62] = [
        FIRST,
        SECOND,
        "at-12345678",
        "127.0.0.1:4444",
        "[::1]:1",
        "http://x:80/",
        "1.5s",
        "300µs",
        "12",
        "pid=12",
        "pid ",
        "0x7f0000000000",
        "/tmp/run",
        "/a",
        "/tmp/x",
        "550e8400-e29b-41d4-a716-446655440000",
        "2026-11-25T03:11:22Z",
        "1764040282.5",
        "Connection reset by peer",
        " (os error 104)",
        "connection error: ",
        "Broken pipe",
        "EPIPE",
        "<",
        ">",
        "\"",
        "'",
        "\\",
        "\\n",
        ": ",
        " ",
        " ",
        "=",
        "-",
        ".",
        "x",
        "<duration>",
        "<rollout-1>",
        "thread 'x' (1)",
        "localhost:1",
        "hyper::Error(",
        ")",
        "ä",
        "timed out",
        "7 MiB",
        "16 bytes",
        "kB",
        "Thread-7",
        " (work)",
        "ThreadPoolExecutor-0_1",
        "pool-1-thread-2",
        "Process-12",
        "pid=42",
        "<pointer-1>",
        "32519",
        "44123",
        "(",
        "worker ",
        "port ",
        "elapsed=",
        "process_id",
        "duration_ms",
    ];
    let mut random = fastrand::Rng::with_seed(seed);
    let text: String = (0..random.usize(..12)).filter_map(|_| random.choice(PARTS)).collect();
    let once = redactor.redact(&text);
    assert_eq!(redactor.redact(&once), once, "seed {seed}: {text}");
    once != text
}

fn with_names() -> Redactor {
    let mut redactor = redactor();
    redactor.name("/tmp/run", "<run>");
    redactor.name("12", "<twelve>");
    redactor.name_pid(42, "pid-of-server");
    redactor.name_pid(32519, "pid-of-client");
    redactor.name_port(44123, "port-of-server");
    redactor
}

#[test]
fn redacting_twice_is_redacting_once() {
    let mut redactor = with_names();
    let changed = (0..crate::seeds(500)).filter(|seed| twice_is_once(&mut redactor, *seed)).count();
    assert!(changed > 250, "the generator makes nothing to redact: {changed}");
}

#[test]
fn equal_values_get_equal_names_and_others_do_not() {
    let mut redactor = Redactor::new(&BTreeMap::new()).expect("right");
    redactor.name_pid(42, "server-pid");
    for (text, redacted) in [
        ("<S at 0x7f035daa6b80> and <S at 0x7F035DAA6B80>", "<S at <pointer-1>> and <S at <pointer-1>>"),
        ("<S at 0x7f035daa6b90>", "<S at <pointer-2>>"),
        ("/tmp/a1/x, /tmp/b2, /tmp/a1", "<temp-1>/x, <temp-2>, <temp-1>"),
        ("Thread-7 (work) waits for ThreadPoolExecutor-0_1", "<thread-1> waits for <thread-2>"),
        ("[pool-1-thread-2] [Thread-7 (work)]", "[<thread-3>] [<thread-1>]"),
        ("pid=42 and pid=43", "pid=<server-pid> and pid=<pid>"),
        ("42 bytes, 1.5 MiB and 7kB of 42", "<size>, <size> and <size> of 42"),
    ] {
        assert_eq!(redactor.redact(text), redacted);
        assert_eq!(redactor.redact(redacted), redacted, "not final");
    }
}

#[test]
fn addresses_are_found_wherever_they_stand() {
    let text = "to http://127.0.0.1:80/x, [::1]:81 and localhost:82 at 10:30:00, not to 1.2.3.4";
    assert_eq!(Redactor::addresses(text), ["127.0.0.1:80", "[::1]:81", "localhost:82"]);
    assert!(Redactor::addresses("ä ö").is_empty());
}
