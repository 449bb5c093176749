//! What collectors make of a line: each writes the lines of a log as its program does.

/// A collector: its name, and what it makes of line number `at` of a source.
pub type Collector = (&'static str, fn(source: &str, at: usize, line: &str) -> String);

fn seconds(at: usize) -> String {
    format!("{:02}", 10 + at / 1000)
}

fn json(text: &str) -> String {
    serde_json::to_string(text).expect("text is JSON")
}

/// Every prefix that is known.
pub const COLLECTORS: [Collector; 30] = [
    ("compose", |source, _, line| format!("{source}-1  | {line}")),
    ("compose, coloured", |source, _, line| format!("\x1b[36m{source}-1  | \x1b[0m{line}")),
    ("compose with times", |source, at, line| {
        format!("{source}-1  | 2024-05-01T10:00:{}.{at:09}Z {line}", seconds(at))
    }),
    ("kubectl --prefix", |source, _, line| format!("[pod/{source}-7d4b8c9f5-x2x4z/{source}] {line}")),
    ("kubectl --timestamps", |_, at, line| format!("2024-05-01T10:00:{}.{at:09}Z {line}", seconds(at))),
    ("kubectl, both", |source, at, line| {
        format!("[pod/{source}-7d4b8c9f5-x2x4z/{source}] 2024-05-01T10:00:{}.{at:09}Z {line}", seconds(at))
    }),
    ("stern", |source, _, line| format!("{source}-7d4b8c9f5-x2x4z {source} {line}")),
    ("cri", |source, at, line| {
        let stream = if source == "web" { "stderr" } else { "stdout" };
        format!("2024-05-01T10:00:{}.{at:09}+02:00 {stream} F {line}", seconds(at))
    }),
    ("cri, in parts", |source, at, line| {
        let stream = if source == "web" { "stderr" } else { "stdout" };
        let begin = format!("2024-05-01T10:00:{}.{at:09}+02:00 {stream}", seconds(at));
        let middle = (line.len() / 2..).find(|at| line.is_char_boundary(*at)).unwrap_or(0);
        format!("{begin} P {}\n{begin} F {}", &line[..middle], &line[middle..])
    }),
    ("docker json-file", |source, at, line| {
        let stream = if source == "web" { "stderr" } else { "stdout" };
        let log = json(&format!("{line}\n"));
        format!("{{\"log\":{log},\"stream\":\"{stream}\",\"time\":\"2024-05-01T10:00:{}.{at:09}Z\"}}", seconds(at))
    }),
    ("journal, short", |source, at, line| format!("May 01 10:00:{} box {source}[12]: {line}", seconds(at))),
    ("journal, short-precise", |source, at, line| {
        format!("May 01 10:00:{}.{at:06} box {source}[12]: {line}", seconds(at))
    }),
    ("journal, short-iso", |source, at, line| {
        format!("2024-05-01T10:00:{}+0000 box {source}[12]: {line}", seconds(at))
    }),
    ("journal, short-full", |source, at, line| {
        format!("Wed 2024-05-01 10:00:{} UTC box {source}[12]: {line}", seconds(at))
    }),
    ("journal, short-monotonic", |source, at, line| {
        format!("[{:>5}.{at:06}] box {source}[12]: {line}", 100 + at / 1000)
    }),
    ("journal, no host", |source, at, line| format!("May 01 10:00:{} {source}[12]: {line}", seconds(at))),
    ("journal, json", |source, at, line| {
        let pid = source.len() + 10;
        let message = json(line);
        format!(
            "{{\"__CURSOR\":\"s=1;i={at}\",\"__REALTIME_TIMESTAMP\":\"17145576{at:08}\",\"PRIORITY\":\"6\",\
             \"SYSLOG_IDENTIFIER\":\"{source}\",\"_PID\":\"{pid}\",\"MESSAGE\":{message}}}"
        )
    }),
    ("journal, json-seq", |source, at, line| {
        let pid = source.len() + 10;
        let bytes: Vec<String> = line.bytes().map(|byte| byte.to_string()).collect();
        format!(
            "\x1e{{\"_PID\":\"{pid}\",\"MESSAGE\":[{}],\"__REALTIME_TIMESTAMP\":\"17145576{at:08}\",\"_COMM\":\"{source}\"}}",
            bytes.join(",")
        )
    }),
    ("syslog, RFC 3164", |source, at, line| format!("<14>May  1 10:00:{} box {source}[12]: {line}", seconds(at))),
    ("syslog, RFC 5424", |source, at, line| {
        format!("<14>1 2024-05-01T10:00:{}.{at:06}Z box {source} 12 - [meta sequenceId=\"{at}\"] {line}", seconds(at))
    }),
    ("heroku", |source, at, line| format!("2024-05-01T10:00:{}.{at:06}+00:00 app[{source}.1]: {line}", seconds(at))),
    ("pm2", |source, _, line| format!("{}|{source}  | {line}", source.len())),
    ("GitHub Actions", |_, at, line| format!("2024-05-01T10:00:{}.{at:07}Z {line}", seconds(at))),
    ("GitHub Actions, of a run", |source, at, line| {
        format!("{source}\tRun tests\t2024-05-01T10:00:{}.{at:07}Z {line}", seconds(at))
    }),
    ("GitHub Actions and compose", |source, at, line| {
        format!("2024-05-01T10:00:{}.{at:07}Z {source}-1  | {line}", seconds(at))
    }),
    ("GitLab", |_, at, line| format!("2024-05-01T10:00:{}.{at:06}Z 01O {line}", seconds(at))),
    ("systemd", |_, _, line| format!("<6>{line}")),
    ("worker", |source, _, line| format!("({source} pid={}) {line}", source.len() + 10)),
    ("host", |source, _, line| format!("[{source}-host] {line}")),
    ("carriage returns", |_, _, line| format!("{line}\r")),
];

/// Whether a collector says of each line which source it is from.
pub fn names_sources(name: &str) -> bool {
    !matches!(name, "kubectl --timestamps" | "GitHub Actions" | "GitLab" | "systemd" | "carriage returns")
}
