use super::*;
use Level::{Debug, Error, Info, Trace, Warn};

/// A line, the format that it is taken for when nobody has said which, and its level, target and message.
type Row = (&'static str, &'static str, Option<Level>, &'static str, &'static str);

const ROWS: &[Row] = &[
    ("[2026-11-25 22:00:00 +0000] [12] [INFO] brewing", "gunicorn", Some(Info), "", "brewing"),
    (
        "[2026-11-25 22:00:00 +0000] [12] [CRITICAL] WORKER TIMEOUT (pid:3)",
        "gunicorn",
        Some(Error),
        "",
        "WORKER TIMEOUT (pid:3)",
    ),
    ("[2026-11-25 22:00:00,123: WARNING/MainProcess] brewing", "celery", Some(Warn), "", "brewing"),
    (
        "[2026-11-25 22:00:00,123: ERROR/ForkPoolWorker-2] cup.pour[7d-1]: spilled",
        "celery",
        Some(Error),
        "cup.pour",
        "spilled",
    ),
    (
        "[2026-11-25T22:00:00.123+0000] {taskinstance.py:1937} ERROR - Task failed",
        "airflow",
        Some(Error),
        "taskinstance.py:1937",
        "Task failed",
    ),
    ("2026-11-25 22:00:00.123 | ERROR    | cup:pour:42 - spilled", "loguru", Some(Error), "cup", "spilled"),
    ("2026-11-25 22:00:00.123 | SUCCESS  | __main__:<module>:3 - poured", "loguru", Some(Info), "__main__", "poured"),
    (
        "2026-11-25 22:00:00 [error    ] spilled                        [cup] why=tea",
        "structlog",
        Some(Error),
        "cup",
        "spilled                        [cup]",
    ),
    ("2026-11-25T22:00:00.123456Z [info     ] brewing", "structlog", Some(Info), "", "brewing"),
    ("[22:00:00] [Server thread/ERROR]: spilled", "log4j", Some(Error), "", "spilled"),
    ("[22:00:00] [main/WARN] [net.cup.Cup/]: spilled", "log4j", Some(Warn), "net.cup.Cup/", "spilled"),
    (
        "2026-11-25 22:00:00.123+0000 [id=31]\tSEVERE\thudson.Cup#pour: spilled",
        "jenkins",
        Some(Error),
        "hudson.Cup#pour",
        "spilled",
    ),
    (
        "25-Nov-2026 22:00:00.123 SEVERE [main] org.cup.Cup.pour spilled tea",
        "tomcat",
        Some(Error),
        "org.cup.Cup.pour",
        "spilled tea",
    ),
    (
        "[2026-11-25T22:00:00,123][INFO ][o.c.Cup                  ] [node-1] brewing",
        "elasticsearch",
        Some(Info),
        "o.c.Cup",
        "brewing",
    ),
    ("[2026-11-25T22:00:00,123][ERROR][logstash.cup] spilled", "elasticsearch", Some(Error), "logstash.cup", "spilled"),
    (
        "[2026-11-25 22:00:00,123] ERROR [Broker id=1] spilled (kafka.server.Cup)",
        "kafka",
        Some(Error),
        "kafka.server.Cup",
        "[Broker id=1] spilled",
    ),
    (
        "2026-11-25 22:00:00,123 ERROR [org.cup.Cup] (executor-thread-1) spilled",
        "keycloak",
        Some(Error),
        "org.cup.Cup",
        "spilled",
    ),
    (
        "2026-11-25 22:00:00,123 [myid:1] - ERROR [main:QuorumPeerConfig@12] - spilled",
        "zookeeper",
        Some(Error),
        "QuorumPeerConfig@12",
        "spilled",
    ),
    ("[Nest] 12  - 11/25/2026, 10:00:00 PM     LOG [Cup] brewing", "nestjs", Some(Info), "Cup", "brewing"),
    (
        "[Nest] 12  - 11/25/2026, 10:00:00 PM   ERROR [ExceptionsHandler] spilled",
        "nestjs",
        Some(Error),
        "ExceptionsHandler",
        "spilled",
    ),
    ("2026-11-25T22:00:00.000Z [cup] error: spilled", "winston", Some(Error), "cup", "spilled"),
    ("2026-11-25T22:00:00.000Z warn: spilled {\"why\":\"tea\"}", "winston", Some(Warn), "", "spilled"),
    ("error: spilled {\"why\":\"tea\"}", "winston", Some(Error), "", "spilled"),
    ("2026-11-25T22:00:00: PM2 error: App [cup] died", "pm2", Some(Error), "", "App [cup] died"),
    ("2026-11-25T22:00:00: PM2 log: App [cup] online", "pm2", Some(Info), "", "App [cup] online"),
    ("2026-11-25 22:00:00.123456 E | etcdserver: spilled", "capnslog", Some(Error), "etcdserver", "spilled"),
    ("INFO[0000] brewing                                       cup=1", "logrus", Some(Info), "", "brewing"),
    ("FATA[2026-11-25T22:00:00Z] spilled", "logrus", Some(Error), "", "spilled"),
    ("[2026-11-25][22:00:00][cup::pour][ERROR] spilled", "env-logger", Some(Error), "cup::pour", "spilled"),
    ("ERROR [cup::pour] spilled", "flexi-logger", Some(Error), "cup::pour", "spilled"),
    (
        "[2026-11-25 22:00:00.123456 +00:00] ERROR [cup::pour] src/cup.rs:5: spilled",
        "flexi-logger",
        Some(Error),
        "cup::pour",
        "spilled",
    ),
    ("2026-11-25T22:00:00.123Z pid=1 tid=abc class=Pour jid=9f INFO: start", "text", Some(Info), "", "start"),
    ("2026-11-25T22:00:00.123Z pid=1 tid=abc WARN: spilled", "sidekiq", Some(Warn), "", "spilled"),
    ("[2026-11-25 22:00:00.123] [cup] [error] spilled", "spdlog", Some(Error), "cup", "spilled"),
    ("[2026-11-25 22:00:00.123] [warning] spilled", "text", Some(Warn), "", "spilled"),
    ("E20261125 22:00:00.123456  1234 cup.cc:5] spilled", "klog", Some(Error), "cup.cc:5", "spilled"),
    ("22:00:00.123 [error] GenServer Cup terminating", "elixir", Some(Error), "", "GenServer Cup terminating"),
    ("22:00:00.123 request_id=F4 [info] Sent 200 in 3ms", "elixir", Some(Info), "", "Sent 200 in 3ms"),
    ("=ERROR REPORT==== 25-Nov-2026::22:00:00.123456 ===", "erlang", Some(Error), "", ""),
    ("2026-11-25 22:00:00.123456+00:00 [error] <0.222.0> spilled", "rabbitmq", Some(Error), "", "spilled"),
    ("2026-11-25 22:00:00.123 UTC [12] LOG:  ready", "postgres", Some(Info), "", "ready"),
    (
        "2026-11-25 22:00:00.123 UTC [12] cup@tea ERROR:  relation \"x\" does not exist at character 15",
        "postgres",
        Some(Error),
        "",
        "relation \"x\" does not exist at character 15",
    ),
    ("2026-11-25 22:00:00 UTC:10.0.0.1(51):cup@tea:[12]:STATEMENT:  select 1", "postgres", Some(Debug), "", "select 1"),
    ("FATAL:  role \"cup\" does not exist", "postgres", Some(Error), "", "role \"cup\" does not exist"),
    ("2026-11-25T22:00:00.123456Z 0 [ERROR] [MY-010119] [Server] Aborting", "mysql", Some(Error), "Server", "Aborting"),
    ("2026-11-25 22:00:00 0 [Note] InnoDB: ready", "mysql", Some(Info), "", "InnoDB: ready"),
    ("2026-11-25T22:00:00.123+0000 E STORAGE  [initandlisten] spilled", "mongodb", Some(Error), "STORAGE", "spilled"),
    ("1:M 25 Nov 2026 22:00:00.123 # spilled", "redis", Some(Warn), "", "spilled"),
    (
        "1:M 25 Nov 2026 22:00:00.123 * Ready to accept connections",
        "redis",
        Some(Info),
        "",
        "Ready to accept connections",
    ),
    (
        "2026.11.25 22:00:00.123456 [ 12 ] {a-b} <Error> TCPHandler: Code: 60",
        "clickhouse",
        Some(Error),
        "TCPHandler",
        "Code: 60",
    ),
    (
        "2026.11.25 22:00:00.123456 [ 12 ] {} <Information> Application: Ready",
        "clickhouse",
        Some(Info),
        "Application",
        "Ready",
    ),
    (
        "[2026-11-25 22:00:00.123][12][critical][main] [source/server/server.cc:412] spilled",
        "envoy",
        Some(Error),
        "main",
        "spilled",
    ),
    ("[ALERT]    (12) : spilled", "haproxy", Some(Error), "", "spilled"),
    ("[WARNING] 329/220000 (12) : spilled", "haproxy", Some(Warn), "", "spilled"),
    ("[1] 2026/11/25 22:00:00.123456 [ERR] spilled", "nats", Some(Error), "", "spilled"),
    ("[2026/11/25 22:00:00] [error] [output:http:0] spilled", "fluent-bit", Some(Error), "output:http:0", "spilled"),
    ("[2026/11/25 22:00:00] [ info] [engine] ready", "fluent-bit", Some(Info), "engine", "ready"),
    ("2026-11-25 22:00:00 +0000 [warn]: #0 spilled", "fluent-bit", Some(Warn), "", "#0 spilled"),
    ("2026/11/25 22:00:00 [error] 9#9: *1 spilled", "nginx", Some(Error), "", "*1 spilled"),
    (
        "[Wed Nov 25 22:00:00.123456 2026] [core:error] [pid 12:tid 34] spilled",
        "apache",
        Some(Error),
        "core",
        "spilled",
    ),
    ("[Wed Nov 25 22:00:00 2026] [error] [client 10.0.0.1] spilled", "apache", Some(Error), "", "spilled"),
    (
        "10.0.0.1 - - [25/Nov/2026:22:00:00 +0000] \"GET / HTTP/1.1\" 200 12 \"-\" \"x\"",
        "access",
        None,
        "",
        "\"GET / HTTP/1.1\" 200 12 \"-\" \"x\"",
    ),
    ("SHOUT: 2026-11-25 22:00:00.123456: x", "-", None, "", ""),
    ("SEVERE: 2026-11-25 22:00:00.123456: spilled", "dart", Some(Error), "", "spilled"),
    (
        "2026-11-25T22:00:00+0000 error codes.vapor.application : request-id=1 [Vapor] spilled",
        "swift",
        Some(Error),
        "codes.vapor.application",
        "spilled",
    ),
    ("[ ERROR ] spilled [request-id: 1]", "swift", Some(Error), "", "spilled [request-id: 1]"),
    ("ERROR 2026-11-25 22:00:00,123 views 12 139 spilled", "django", Some(Error), "views", "spilled"),
    ("[25/Nov/2026 22:00:00] \"GET / HTTP/1.1\" 500 12", "django", None, "", "\"GET / HTTP/1.1\" 500 12"),
    ("11-25 22:00:00.123  1234  5678 E Cup     : spilled", "logcat", Some(Error), "Cup", "spilled"),
    ("E/Cup( 1234): spilled", "logcat", Some(Error), "Cup", "spilled"),
    ("2026-11-25T22:00:00Z    ERROR   cup  spilled  {\"error\": \"tea\"}", "zap", Some(Error), "cup", "spilled"),
    ("SEVERE: disk is full", "jul", Some(Error), "", "disk is full"),
];

#[test]
fn lines_of_every_format_are_read_with_level_target_and_message() {
    let mut wrong = Vec::new();
    for (line, format, level, target, message) in ROWS {
        let mut heads = Heads::new(&Format::Auto).expect("a format");
        let found = heads.parse(line).map(Head::finish);
        let Some(said) = found else {
            if *format != "-" {
                wrong.push(format!("no head: {line}"));
            }
            continue;
        };
        let name = heads.name();
        let found = (name, said.level, said.target.as_deref().unwrap_or(""), said.message.as_str());
        if found != (*format, *level, *target, *message) {
            wrong.push(format!("{line}\n   {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), ROWS.len(), wrong.join("\n"));
}

#[test]
fn what_auto_finds_is_found_when_the_format_is_named() {
    for (line, format, level, ..) in ROWS {
        let Some(format) = Format::named(format) else { continue };
        let mut heads = Heads::new(&format).expect("a format");
        let found = heads.parse(line).unwrap_or_else(|| panic!("{format:?}: no head: {line}"));
        assert_eq!(found.level, *level, "{format:?}: {line}");
    }
}

#[test]
fn formats_that_nobody_named_are_read_by_their_time_and_level() {
    let rows: &[(&str, Level)] = &[
        ("2026-11-25T22:00:00.123Z [INFO]  agent.server: ready: dc=dc1", Info),
        ("2026-11-25 22:00:00.123 ERROR (MainThread) [homeassistant.core] spilled", Error),
        ("2026-11-25 22:00:00.123 12 ERROR nova.compute [req-1 - - -] spilled", Error),
        ("2026-11-25 22:00:00,123 12 WARNING db odoo.modules: spilled", Warn),
        ("2026-11-25 22:00:00 [scrapy.core.engine] ERROR: spilled", Error),
        ("[E 2026-11-25 22:00:00.123 ServerApp] spilled", Error),
        ("[W 261125 22:00:00 web:2345] 404 GET /", Warn),
        ("ERROR 11-25 22:00:00 [engine.py:12] spilled", Error),
        ("2026-11-25 22:00:00.1234|ERROR|Cup.Pour|spilled", Error),
        ("2026-11-25 22:00:00,123 [12] ERROR Cup.Pour [(null)] - spilled", Error),
        ("[22:00:00] [ERR] [12] Cup: spilled", Error),
        ("INFO  [main] 2026-11-25 22:00:00,123 Cup.java:12 - ready", Info),
        ("26/11/25 22:00:00 WARN TaskSetManager: Lost task", Warn),
        ("INFO [11-25|22:00:00.123] Imported new block   number=1", Info),
        ("[INFO] [1764108000.123456789] [cup]: ready", Info),
        ("[2026-11-25 22:00:00 +0000] warning/cli: spilled", Warn),
        ("25-Nov-2026 22:00:00.123 general: error: spilled", Error),
        ("[2026-11-25T22:00:00.123Z][cup][E] spilled", Error),
        ("2026-11-25 22:00:00 | DEBUG | spilled", Debug),
        ("[ERROR] Failed to execute goal", Error),
        ("[info] Running Cup on http://localhost", Info),
        ("(22:00:00) WARN: spilled", Warn),
        ("22:00:00.123 [main] TRACE spilled", Trace),
        ("2026-11-25 22:00:00.123 <ERROR> cup: spilled", Error),
        ("ERROR | 2026-11-25 22:00:00 | cup | spilled", Error),
        ("2026-11-25T22:00:00Z\tERROR\tspilled", Error),
        ("2026/11/25 22:00:00 cmd/web.go:107:run() [E] spilled", Error),
        ("[2026-11-25 22:00:00][error] spilled", Error),
        ("Nov 25 22:00:00.123 ERRO spilled, why: tea", Error),
        ("WARN  2026-11-25 22:00:00 spilled", Warn),
        ("cup1 [ ERROR]  2026-11-25 22:00:00.835820817 - spilled", Error),
    ];
    for (line, level) in rows {
        let mut heads = Heads::new(&Format::Auto).expect("a format");
        let found = heads.parse(line).and_then(|head| head.level);
        assert_eq!(found, Some(*level), "{line}");
    }
}

#[test]
fn prose_with_times_and_levels_is_no_head() {
    for line in [
        "On 2026-11-25 22:00:00 an ERROR was seen",
        "The ERROR level is used for failures",
        "ERROR handling is hard",
        "WARNING signs were ignored",
        "2026-11-25 22:00:00 we saw an error: the disk was full",
        "[see the ERROR] for more",
        "- [error] in a list",
        "error: could not compile",
        "Info about the release",
        "[1] 2026 was a good year for error handling",
        "I think that 22:00:00 is late",
        "FINE",
        "a (error) b",
        "10:00:00 was when the error came",
    ] {
        let mut heads = Heads::new(&Format::Auto).expect("a format");
        let found = heads.parse(line).and_then(|head| head.level);
        assert_eq!(found, None, "{line}: {}", heads.name());
    }
}

#[test]
fn the_second_line_of_java_util_logging_has_the_target_of_the_first() {
    let mut heads = Heads::new(&Format::Auto).expect("a format");
    assert_eq!(heads.announces("Nov 25, 2026 10:13:54 PM org.cup.Cup pour"), Some("org.cup.Cup pour"));
    let head = heads.parse("INFO: ready").expect("a head");
    assert_eq!((head.level, heads.name()), (Some(Info), "jul"));
}

#[test]
fn json_has_its_level_as_word_number_letter_or_nested() {
    for (line, level, message) in [
        (r#"{"log":{"level":"error","logger":"cup"},"message":"x"}"#, Some(Error), "x"),
        (r#"{"log.level":"warn","message":"x"}"#, Some(Warn), "x"),
        (r#"{"text":"..","record":{"level":{"name":"ERROR","no":40},"message":"x","name":"cup"}}"#, Some(Error), "x"),
        (
            r#"{"t":{"$date":"2026-11-25T22:00:00Z"},"s":"E","c":"NETWORK","id":1,"ctx":"conn1","msg":"x"}"#,
            Some(Error),
            "x",
        ),
        (
            r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"severityNumber":17,"body":{"stringValue":"x"}}]}]}]}"#,
            Some(Error),
            "x",
        ),
        (r#"{"timeUnixNano":"1","severityNumber":9,"body":{"stringValue":"x"}}"#, Some(Info), "x"),
        (r#"{"@t":"2026-11-25T22:00:00Z","@mt":"x"}"#, Some(Info), "x"),
        (r#"{"@t":"2026-11-25T22:00:00Z","@mt":"x","@l":"Error"}"#, Some(Error), "x"),
        (r#"{"EventId":0,"LogLevel":"Critical","Category":"Cup","Message":"x"}"#, Some(Error), "x"),
        (r#"{"level":"50","time":1,"msg":"x"}"#, Some(Error), "x"),
        (r#"{"s":"E","a":1}"#, None, ""),
    ] {
        let mut heads = Heads::new(&Format::Json).expect("a format");
        let said = heads.parse(line).map(Head::finish).unwrap_or_default();
        assert_eq!((said.level, said.message.as_str()), (level, message), "{line}");
    }
}
