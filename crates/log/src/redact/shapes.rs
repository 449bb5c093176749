//! What differs from run to run and is known by its shape.

use std::sync::LazyLock;

use regex::{Captures, Regex};

/// The names that values get for their shape alone.
pub(super) const NAMES: [&str; 7] = ["<address>", "<time>", "<duration>", "<size>", "<port>", "<pid>", "<thread-id>"];

/// The kinds of values that are known by their shape and whose identity counts: each value gets a number.
pub(super) const KINDS: [&str; 4] = ["uuid", "pointer", "temp", "thread"];

/// One text that was found by its shape.
pub(super) enum Shape {
    /// What it becomes: what is kept of it, and a name.
    Fixed(String, &'static str),
    /// A process id: what is kept of the text, and the number.
    Pid(String, String),
    /// A port: what is kept of the text, and the number.
    Port(String, String),
    /// A number of which its text does not say what it is.
    Number,
    /// Such a number, with the name that it has in this run.
    Known(String),
    /// A value whose identity counts: which of the [`KINDS`] it is of, and itself.
    Numbered(usize, String),
}

/// All shapes in one expression; where two begin at the same place, the one that is written first.
static SHAPES: LazyLock<Regex> = LazyLock::new(|| {
    let mut folders = vec!["/tmp".to_owned(), "/var/tmp".into(), "/dev/shm".into(), "/private/tmp".into()];
    let temporary = std::env::temp_dir().to_string_lossy().trim_end_matches('/').to_owned();
    if temporary.len() > 1 {
        folders.push(temporary);
    }
    // The longest first: one may be inside of another.
    folders.sort_by_key(|folder| std::cmp::Reverse(folder.len()));
    let folders: Vec<String> = folders.iter().map(|folder| regex::escape(folder)).collect();
    let expression = format!(
        r#"(?x)
          (?<uuid> [0-9a-fA-F]{{8}}-[0-9a-fA-F]{{4}}-[0-9a-fA-F]{{4}}-[0-9a-fA-F]{{4}}-[0-9a-fA-F]{{12}} )
        | (?<address> [0-9]{{1,3}}\.[0-9]{{1,3}}\.[0-9]{{1,3}}\.[0-9]{{1,3}}:[0-9]{{1,5}}
            | \[(?:[0-9a-fA-F]{{0,4}}:){{2,7}}[0-9a-fA-F.]{{0,15}}(?:%[a-z0-9]{{1,16}})?\]:[0-9]{{1,5}}
            | localhost:[0-9]{{1,5}}
            | \('(?:[0-9]{{1,3}}\.[0-9]{{1,3}}\.[0-9]{{1,3}}\.[0-9]{{1,3}}|::1|localhost)',\ [0-9]{{1,5}}(?:,\ 0,\ 0)?\) )
        | (?<scheme> (?:https?|wss?|tcp):// )(?<host> [A-Za-z0-9_.-]+ ):[0-9]{{1,5}}
        | (?<time> [0-9]{{4}}-[0-9][0-9]-[0-9][0-9][T\ ][0-9][0-9]:[0-9][0-9]:[0-9][0-9] (?:[.,][0-9]{{1,9}})? (?:Z|[+-][0-9][0-9]:?[0-9][0-9])?
            | 1[5-9][0-9]{{8}}\.[0-9]{{1,9}} )
        | (?<duration> [0-9]{{1,20}}(?:\.[0-9]{{1,20}})?(?:ns|µs|μs|us|ms|s|\ (?:ns|µs|μs|us|ms)) | [0-9]{{1,20}}\.[0-9]{{1,20}}\ seconds? )
        | (?<timed> (?i: \b[a-z_]{{0,40}} (?: duration | elapsed | latency | uptime | took | time[_-]?taken
                | (?:response|request|process|processing|execution|total|query|connect|run|elapsed)[_-]?time )
              (?:[_-]?(?:in[_-]?)?(?:ns|nanos|nanoseconds|us|micros|microseconds|ms|millis|milliseconds|secs?|seconds)|[_-](?:in[_-])?s)?)
            \\?"?(?:=|:\ ?|\ =\ )\\?"? )
          (?<span> -?[0-9]{{1,20}}(?::[0-9][0-9]){{0,2}}(?:\.[0-9]{{1,20}})?(?:e-?[0-9]{{1,3}})?(?:\ ?(?:ns|µs|μs|us|ms|s|secs?|seconds|minutes)\b)? )
        | (?<size> [0-9]{{1,20}}(?:\.[0-9]{{1,20}})?\ ?(?:[kKMGT]i?B|bytes) )
        | (?<name> Thread-[0-9]{{1,9}}(?:\ \([A-Za-z_0-9]{{1,100}}\))? | (?:[A-Za-z]{{1,40}}Pool(?:Executor)?-[0-9]{{1,9}}(?:_|-worker-)[0-9]{{1,9}})
            | pool-[0-9]{{1,9}}-thread-[0-9]{{1,9}} | DefaultDispatcher-worker-[0-9]{{1,9}} | (?:Fork|Spawn)?Process-[0-9]{{1,9}}(?::[0-9]{{1,9}})?
            | (?:http|https)-[a-z0-9]{{1,10}}-[0-9]{{1,5}}-exec-[0-9]{{1,9}} )
        | (?<pid> (?: \b(?:[A-Za-z0-9]{{1,40}}[_-]){{0,4}}(?i:p?pid|process[_.-]?id) | \b[a-z]{{1,40}}P(?:id|ID) )
              \\?"?(?:=|\ |:\ ?|\ =\ )\\?"?
            | \bprocess\ [\[(] ) (?<number> [0-9]{{1,10}} )
        | (?<worker> \b(?i:worker|child|parent|master|arbiter|reloader|daemon)(?i:\ process)?\ (?:[\[(]|\#)?) (?<worker_number> [0-9]{{4,10}} )
        | (?<port> (?: \b(?:[A-Za-z0-9]{{1,40}}[_.-]){{0,4}}(?:port|Port|PORT) | \b[a-z]{{1,40}}Port )
              \\?"?(?:=|\ |:\ ?|\ =\ )\\?"? ) (?<port_number> [0-9]{{4,5}} )
        | (?<thread> thread\ '[^'\n]*'\ )\([0-9]{{1,20}}\)
        | (?<pointer> 0x[0-9a-fA-F]{{6,16}} )
        | (?<temp> (?:{folders}|/var/folders/[^/\s]+/[^/\s]+/T)/[^/\s"'\\:,;)\]}}<>]+ )
        | (?<bare> [0-9]{{1,10}} )"#,
        folders = folders.join("|")
    );
    // It is part of the program, but for a folder that was escaped.
    Regex::new(&expression).unwrap_or_else(|wrong| panic!("{wrong}"))
});

/// The socket addresses in a text, as they stand there; in URLs, too.
pub(super) fn addresses(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(captures) = SHAPES.captures_at(text, from) {
        let Some(whole) = captures.get(0) else { break };
        from = whole.end().max(from + 1);
        if let Some(address) = captures.name("address") {
            found.push(address.as_str());
        } else if let Some(scheme) = captures.name("scheme") {
            found.push(&text[scheme.end()..whole.end()]);
        }
        if from > text.len() || !text.is_char_boundary(from) {
            break;
        }
    }
    found
}

/// The process ids that a text names as such.
pub(super) fn pids(text: &str) -> Vec<&str> {
    SHAPES
        .captures_iter(text)
        .filter_map(|found| found.name("number").or(found.name("worker_number")))
        .map(|pid| pid.as_str())
        .collect()
}

/// The first shape at or after `from`: where it is, and what it is.
pub(super) fn next(text: &str, from: usize) -> Option<(std::ops::Range<usize>, Shape)> {
    let captures = SHAPES.captures_at(text, from)?;
    let range = captures.get(0)?.range();
    Some((range, shape(&captures)))
}

fn shape(captures: &Captures<'_>) -> Shape {
    let group = |name: &str| captures.name(name).map(|group| group.as_str());
    for (kind, name) in ["uuid", "pointer", "temp", "name"].into_iter().enumerate() {
        if let Some(value) = group(name) {
            let small = if kind < 2 { value.to_ascii_lowercase() } else { value.to_owned() };
            return Shape::Numbered(kind, small);
        }
    }
    if let Some(thread) = group("thread") {
        return Shape::Fixed(format!("{thread}("), "<thread-id>)");
    }
    if let (Some(scheme), Some(host)) = (group("scheme"), group("host")) {
        let is_address = host == "localhost" || host.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        return match is_address {
            true => Shape::Fixed(scheme.to_owned(), "<address>"),
            false => Shape::Fixed(format!("{scheme}{host}:"), "<port>"),
        };
    }
    for (pid, number) in [("pid", "number"), ("worker", "worker_number")] {
        if let (Some(pid), Some(number)) = (group(pid), group(number)) {
            return Shape::Pid(pid.to_owned(), number.to_owned());
        }
    }
    if let (Some(port), Some(number)) = (group("port"), group("port_number")) {
        return Shape::Port(port.to_owned(), number.to_owned());
    }
    if let Some(timed) = group("timed") {
        return Shape::Fixed(timed.to_owned(), "<duration>");
    }
    if group("bare").is_some() {
        return Shape::Number;
    }
    let whole = ["address", "time", "duration", "size"].iter().position(|name| group(name).is_some());
    Shape::Fixed(String::new(), NAMES[whole.unwrap_or(0)])
}
