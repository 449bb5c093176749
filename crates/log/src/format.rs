use serde::Deserialize;

/// How the records of a system are written.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// What `tracing-subscriber` writes in its `full`, `compact` and `pretty` formats, with or without thread names. What it
    /// writes as JSON is `json`.
    Tracing,
    /// What Python's `logging` writes with `%(asctime)s %(levelname)s %(name)s: %(message)s` and its near relatives, with
    /// `basicConfig`'s `LEVEL:logger:message`, what uvicorn writes, and consoles of Rich.
    Python,
    /// What Rust's `env_logger` writes: `[2026-11-25T22:00:00Z INFO  target] message`.
    EnvLogger,
    /// One JSON object on each line: tracing, Python's JSON formatters, structlog, logstash, zap, zerolog, slog, pino, bunyan.
    Json,
    /// `key=value` with a level: slog's text, logrus and others.
    Logfmt,
    /// What log4j, logback, slf4j, Spring and `java.util.logging` write.
    Java,
    /// What zap writes for consoles, with tabulators.
    Zap,
    /// What zerolog writes for consoles.
    Zerolog,
    /// What Go's standard `log` writes. It has no levels.
    Go,
    /// klog and glog: `I1125 22:00:00.123456    1234 file.go:12] message`.
    Klog,
    /// Both forms of syslog, with or without the priority.
    Syslog,
    /// What Ruby's `Logger` writes.
    Ruby,
    /// What PHP's Monolog writes.
    Monolog,
    /// What the console logger of .NET and Serilog write.
    #[serde(rename = "dotnet")]
    DotNet,
    /// Lines that this regular expression matches begin a record; its groups `level`, `target`, `thread`, `message` are taken, others
    /// become fields.
    Regex(String),
    /// Several formats in one stream.
    Any(Vec<Format>),
    /// Whatever of the above a line fits, expressions apart.
    Auto,
    /// Every line is a record of its own, without level.
    Raw,
}

impl Format {
    /// The formats that a name is enough for.
    pub const NAMED: [(&'static str, Self); 16] = [
        ("tracing", Self::Tracing),
        ("python", Self::Python),
        ("env-logger", Self::EnvLogger),
        ("json", Self::Json),
        ("logfmt", Self::Logfmt),
        ("java", Self::Java),
        ("zap", Self::Zap),
        ("zerolog", Self::Zerolog),
        ("go", Self::Go),
        ("klog", Self::Klog),
        ("syslog", Self::Syslog),
        ("ruby", Self::Ruby),
        ("monolog", Self::Monolog),
        ("dotnet", Self::DotNet),
        ("auto", Self::Auto),
        ("raw", Self::Raw),
    ];

    /// The format of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::NAMED.into_iter().find(|(known, _)| *known == name).map(|(_, format)| format)
    }
}

#[test]
fn the_names_are_those_of_system_files() {
    for (name, format) in Format::NAMED {
        let written: Format = serde_json::from_value(name.into()).expect("a format");
        assert_eq!(format!("{written:?}"), format!("{format:?}"));
    }
}
