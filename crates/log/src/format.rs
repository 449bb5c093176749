use serde::Deserialize;

use super::heads::Rule::{self, Code, Shape, Words};
use super::heads::{go, java, json, others, python, servers, tracing};
use super::level::Level::{Debug as Fine, Error as Bad, Info as Fair, Trace as Finest, Warn as Poor};

/// The one table of formats: what each is, its variant and name, and the rules by which its lines are known. `auto` tries
/// them in this order, so what others might take for their own comes first.
macro_rules! formats {
    ($($(#[doc = $doc:literal])+ $variant:ident $name:literal [$($rule:expr),+ $(,)?],)+) => {
        /// How the records of a system are written.
        #[derive(Debug, Clone, Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        pub enum Format {
            $($(#[doc = $doc])+ #[serde(rename = $name)] $variant,)+
            /// Lines that this regular expression matches begin a record; its groups `level`, `target`, `thread`, `message` are
            /// taken, others become fields.
            #[serde(rename = "regex")]
            Regex(String),
            /// Several formats in one stream.
            #[serde(rename = "any")]
            Any(Vec<Format>),
            /// Whatever of the above a line fits, expressions apart.
            #[serde(rename = "auto")]
            Auto,
            /// Every line is a record of its own, without level.
            #[serde(rename = "raw")]
            Raw,
        }

        impl Format {
            /// The formats that a name is enough for.
            pub const NAMED: &'static [(&'static str, Self)] =
                &[$(($name, Self::$variant),)+ ("auto", Self::Auto), ("raw", Self::Raw)];

            /// The name of a format that has one.
            pub(super) fn name(&self) -> Option<&'static str> {
                match self {
                    $(Self::$variant => Some($name),)+
                    _ => None,
                }
            }
        }

        /// The rules of each format.
        pub(super) static TABLE: &[(&str, &[Rule])] = &[$(($name, &[$($rule),+]),)+];
    };
}

formats! {
    /// One JSON object: tracing, Python's JSON formatters, structlog, loguru, logstash, ECS, GELF, OTLP, zap, zerolog, slog, pino,
    /// bunyan, winston, MongoDB, Serilog. Its lines may be several, its level a word, a number or nested.
    Json "json" [Code(|line, _| json::parse(line))],
    /// Django: its development server, and its verbose form `INFO 2026-11-25 22:00:00,123 module 12 34 message`.
    Django "django" [
        Shape("%level %time %target %pid %pid %message"),
        Code(|line, _| servers::django(line)),
    ],
    /// What `tracing-subscriber` writes in its `full`, `compact` and `pretty` formats, with or without thread names. What it
    /// writes as JSON is `json`.
    Tracing "tracing" [Code(tracing::parse)],
    /// What Rust's `env_logger` and `fern` write: `[2026-11-25T22:00:00Z INFO  target] message`.
    EnvLogger "env-logger" [
        Code(|line, _| others::env_logger(line)),
        Shape("[%word][%time][%target][%level] %message"),
    ],
    /// What Rust's `flexi_logger` writes: `INFO [target] message`, with or without time, thread and place.
    FlexiLogger "flexi-logger" [
        Shape("[%time] %level [%target] %word:%pid: %message"),
        Shape("[%time] T[%thread] %level [%target] %word:%pid: %message"),
        Code(|line, _| servers::flexi_logger(line)),
    ],
    /// klog, glog and others of Google: `I1125 22:00:00.123456    1234 file.go:12] message`.
    Klog "klog" [Code(|line, _| go::klog(line))],
    /// What zap writes for consoles, with tabulators or spaces.
    Zap "zap" [Code(|line, _| go::zap(line))],
    /// etcd's old form: `2026-11-25 22:00:00.123456 I | etcdserver: message`.
    Capnslog "capnslog" [Words("%time %level | %target: %message", &[("N", Fair)])],
    /// What logrus writes for terminals: `INFO[0000] message  key=value`.
    Logrus "logrus" [Code(|line, _| go::logrus(line))],
    /// What Ruby's `Logger` and Rails write.
    Ruby "ruby" [Code(|line, _| others::ruby(line))],
    /// What sidekiq writes: `2026-11-25T22:00:00.123Z pid=1 tid=abc class=Job INFO: message`.
    Sidekiq "sidekiq" [
        Shape("%time pid=%pid tid=%thread %level: %message"),
        Shape("%time %pid TID-%thread %level: %message"),
    ],
    /// What PHP's Monolog writes.
    Monolog "monolog" [Code(|line, _| others::monolog(line))],
    /// What the console logger of .NET and Serilog write.
    DotNet "dotnet" [Code(|line, _| others::dotnet(line))],
    /// nginx, its error log: `2026/11/25 22:00:00 [error] 9#9: *1 message`.
    Nginx "nginx" [Shape("%time [%level] %pid#%pid: %message")],
    /// Apache's error log: `[Wed Nov 25 22:00:00.123456 2026] [core:error] [pid 12:tid 34] message`.
    Apache "apache" [
        Shape("[%time] [%target:%level] [pid %thread] %message"),
        Shape("[%time] [%level] [client %any] %message"),
        Shape("[%time] [%level] [pid %thread] %message"),
    ],
    /// The access log of nginx, Apache and others that use its form. It has no levels.
    Access "access" [Code(|line, _| servers::access(line))],
    /// gunicorn: `[2026-11-25 22:00:00 +0000] [12] [INFO] message`.
    Gunicorn "gunicorn" [Shape("[%time] [%pid] [%level] %message")],
    /// celery: `[2026-11-25 22:00:00,123: INFO/MainProcess] message`.
    Celery "celery" [
        Shape("[%time: %level/%thread] %target[%word]: %message"),
        Shape("[%time: %level/%thread] %message"),
    ],
    /// airflow: `[2026-11-25T22:00:00.123+0000] {task.py:12} INFO - message`.
    Airflow "airflow" [Shape("[%time] {%target} %level - %message")],
    /// loguru: `2026-11-25 22:00:00.123 | INFO     | target:function:12 - message`. What it serialises is `json`.
    Loguru "loguru" [
        Shape("%time | %level | %target:%word:%pid - %message"),
        Shape("%time | %level | %target - %message"),
    ],
    /// structlog for consoles: `2026-11-25 22:00:00 [info     ] message   [target] key=value`.
    Structlog "structlog" [Code(|line, _| servers::structlog(line))],
    /// Jenkins: `2026-11-25 22:00:00.123+0000 [id=1]⇥SEVERE⇥target#method: message`.
    Jenkins "jenkins" [Shape("%time [id=%thread]\t%level\t%target: %message")],
    /// Tomcat: `25-Nov-2026 22:00:00.123 SEVERE [main] target message`.
    Tomcat "tomcat" [Code(|line, _| servers::tomcat(line))],
    /// Elasticsearch, OpenSearch, Logstash: `[2026-11-25T22:00:00,123][INFO ][target] [node] message`.
    Elasticsearch "elasticsearch" [
        Shape("[%time][%level][%target] [%thread] %message"),
        Shape("[%time][%level][%target][%thread] %message"),
        Shape("[%time][%level][%target] %message"),
    ],
    /// Kafka: `[2026-11-25 22:00:00,123] INFO message (kafka.server.Server)`.
    Kafka "kafka" [Code(|line, _| servers::kafka(line))],
    /// Keycloak, Quarkus, WildFly: `2026-11-25 22:00:00,123 INFO  [target] (thread) message`.
    Keycloak "keycloak" [Shape("%time %level [%target] (%thread) %message")],
    /// ZooKeeper: `2026-11-25 22:00:00,123 [myid:1] - INFO  [thread] - message`.
    Zookeeper "zookeeper" [Code(|line, _| servers::zookeeper(line))],
    /// log4j2 as games use it: `[22:00:00] [thread/INFO] [target]: message`.
    Log4j "log4j" [
        Shape("[%time] [%thread/%level] [%target]: %message"),
        Shape("[%time] [%thread/%level]: %message"),
        Shape("[%time %level]: %message"),
    ],
    /// Dart's `logging`, as its documentation prints it: `INFO: 2026-11-25 22:00:00.123456: message`.
    Dart "dart" [
        Shape("%level: %time: %message"),
        Words("[%level] %time: %message", &[("SHOUT", Bad)]),
    ],
    /// `java.util.logging` in two lines: `Nov 25, 2026 10:00:00 PM target method`, `SEVERE: message`.
    Jul "jul" [Code(servers::jul)],
    /// NestJS: `[Nest] 12  - 11/25/2026, 10:00:00 PM     LOG [Context] message`.
    Nest "nestjs" [
        Words("[Nest] %pid - %time %level [%target] %message", &[("LOG", Fair)]),
        Words("[Nest] %pid - %time %level %message", &[("LOG", Fair)]),
    ],
    /// winston's text: `2026-11-25T22:00:00.000Z [label] info: message {"key":"value"}`; without a time where an object follows.
    Winston "winston" [Code(servers::winston)],
    /// pm2's own log: `2026-11-25T22:00:00: PM2 log: message`.
    Pm2 "pm2" [Words("%time: PM2 %level: %message", &[("log", Fair)])],
    /// spdlog: `[2026-11-25 22:00:00.123] [name] [info] message`.
    Spdlog "spdlog" [
        Shape("[%time] [%target] [%level] [%word:%pid] %message"),
        Shape("[%time] [%target] [%level] %message"),
        Shape("[%time] [%level] [%word:%pid] %message"),
    ],
    /// fluent-bit and fluentd: `[2026/11/25 22:00:00] [ info] [target] message`, `2026-11-25 22:00:00 +0000 [info]: message`.
    FluentBit "fluent-bit" [
        Code(|line, _| servers::fluent_bit(line)),
        Shape("%time [%level]: %message"),
    ],
    /// Elixir's `Logger`, and Phoenix: `22:00:00.123 request_id=F [info] message`.
    Elixir "elixir" [Code(|line, _| servers::elixir(line))],
    /// The reports of Erlang/OTP: `=ERROR REPORT==== 25-Nov-2026::22:00:00.123456 ===`.
    Erlang "erlang" [Code(|line, _| servers::erlang(line))],
    /// RabbitMQ and others that log with an Erlang process: `2026-11-25 22:00:00.123+00:00 [info] <0.2.0> message`.
    RabbitMq "rabbitmq" [Shape("%time [%level] <%thread> %message")],
    /// PostgreSQL: `2026-11-25 22:00:00.123 UTC [12] LOG:  message`, whatever `log_line_prefix` says.
    Postgres "postgres" [Code(|line, _| servers::postgres(line))],
    /// MySQL and MariaDB: `2026-11-25T22:00:00.123456Z 0 [Note] [MY-010116] [Server] message`.
    MySql "mysql" [
        Words("%time %pid [%level] [%word] [%target] %message", &[("Note", Fair), ("System", Fair)]),
        Words("%time %pid [%level] %message", &[("Note", Fair), ("System", Fair)]),
        Words("%time [%level] mysqld%any: %message", &[("Note", Fair), ("System", Fair)]),
    ],
    /// MongoDB before 4.4: `2026-11-25T22:00:00.123+0000 I NETWORK  [conn1] message`. What newer ones write is `json`.
    Mongo "mongodb" [Code(|line, _| servers::mongo(line))],
    /// redis and valkey: `1:M 25 Nov 2026 22:00:00.123 * message`.
    Redis "redis" [
        Words("%pid:%word %time %level %message", &[(".", Finest), ("-", Fine), ("*", Fair), ("#", Poor)]),
        Code(|line, _| servers::redis_signal(line)),
    ],
    /// ClickHouse: `2026.11.25 22:00:00.123456 [ 12 ] {query} <Error> target: message`.
    ClickHouse "clickhouse" [
        Shape("%time [%pid ] {%any} <%level> %target: %message"),
        Shape("%time [ %pid ] {%any} <%level> %message"),
    ],
    /// Envoy: `[2026-11-25 22:00:00.123][12][info][main] [source/server/server.cc:412] message`.
    Envoy "envoy" [
        Shape("[%time][%pid][%level][%target] [%word] %message"),
        Shape("[%time][%pid][%level][%target] %message"),
    ],
    /// HAProxy: `[WARNING]  (12) : message`.
    HaProxy "haproxy" [
        Shape("[%level] (%pid) : %message"),
        Shape("[%level] %word (%pid) : %message"),
    ],
    /// NATS: `[1] 2026/11/25 22:00:00.123456 [INF] message`.
    Nats "nats" [Shape("[%pid] %time [%level] %message")],
    /// Swift's `swift-log`: `2026-11-25T22:00:00+0000 info label : key=value [Module] message`; and Vapor: `[ INFO ] message`.
    Swift "swift" [
        Code(|line, _| servers::swift(line)),
        Shape("[ %level ] %message"),
    ],
    /// Android's log: `11-25 22:00:00.123  1234  5678 I Tag: message`, `I/Tag(1234): message`.
    Logcat "logcat" [Code(|line, _| servers::logcat(line))],
    /// What Python's Rich writes: `[22:00:00] INFO     message      file.py:12`.
    Rich "rich" [Code(|line, _| others::rich(line))],
    /// What log4j, logback, slf4j, Spring and `java.util.logging` write.
    Java "java" [Code(|line, _| java::parse(line))],
    /// What zerolog writes for consoles.
    Zerolog "zerolog" [Code(|line, _| go::zerolog(line))],
    /// What Python's `logging` writes with `%(asctime)s %(levelname)s %(name)s: %(message)s` and its near relatives, with
    /// `basicConfig`'s `LEVEL:logger:message`, what uvicorn writes, and consoles of Rich.
    Python "python" [Code(|line, _| python::parse(line))],
    /// `key=value` with a level: slog's text, logrus and others.
    Logfmt "logfmt" [Code(|line, _| go::logfmt(line))],
    /// Both forms of syslog, with or without the priority.
    Syslog "syslog" [Code(|line, _| others::syslog(line))],
    /// A time and a level, with target and thread in any order: what nothing above describes.
    Text "text" [Rule::General],
    /// What Go's standard `log` writes. It has no levels.
    Go "go" [Code(|line, _| go::standard(line))],
}

impl Format {
    /// The format of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::NAMED.iter().find(|(known, _)| *known == name).map(|(_, format)| format.clone())
    }
}

#[test]
fn the_names_are_those_of_system_files() {
    for (name, format) in Format::NAMED {
        let written: Format = serde_json::from_value((*name).into()).expect("a format");
        assert_eq!(format!("{written:?}"), format!("{format:?}"));
        assert_eq!(format.name().unwrap_or(name), *name);
    }
}
