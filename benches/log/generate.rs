//! Writes the logs that are measured.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

/// What stands before each line.
#[derive(Clone, Copy)]
pub enum Prefix {
    Nothing,
    /// `web-1  | `, as compose writes it.
    Compose,
    /// `TIME stderr F `, as container runtimes write it.
    Cri,
}

impl Prefix {
    fn write(self, out: &mut impl Write, random: &mut fastrand::Rng) -> std::io::Result<u64> {
        match self {
            Self::Nothing => return Ok(0),
            Self::Compose => out.write_all(b"web-1  | ")?,
            Self::Cri => {
                let (second, fraction) = (random.u8(..60), random.u32(..1_000_000_000));
                write!(out, "2026-11-25T22:00:{second:02}.{fraction:09}Z stderr F ")?;
            }
        }
        Ok(match self {
            Self::Nothing => 0,
            Self::Compose => 9,
            Self::Cri => 40,
        })
    }
}

/// Lines of text that are no records: sentences, or single short lines of 22 bytes.
pub fn text(path: &Path, size: u64, is_short: bool) -> std::io::Result<()> {
    let mut random = fastrand::Rng::with_seed(9);
    let mut out = BufWriter::with_capacity(1 << 20, File::create(path)?);
    let mut written = 0;
    while written < size {
        let line = if is_short { "one line of only text\n".to_owned() } else { sentence(&mut random) };
        out.write_all(line.as_bytes())?;
        written += line.len() as u64;
    }
    out.flush()
}

/// A line of prose or of source, which has all signs that records have, too.
fn sentence(random: &mut fastrand::Rng) -> String {
    const WORDS: [&str; 24] = [
        "the",
        "of",
        "queue",
        "Error",
        "returns",
        "when",
        "a",
        "client",
        "(see",
        "below)",
        "is",
        "closed,",
        "at",
        "once.",
        "`panic`",
        "self.rows",
        "=",
        "not",
        "file:",
        "\"quoted\"",
        "12",
        "and",
        "to",
        "it",
    ];
    let indent = ["", "", "", "    ", "  ", "- "][random.usize(..6)];
    let said: Vec<&str> = (0..random.usize(2..18)).map(|_| WORDS[random.usize(..WORDS.len())]).collect();
    format!("{indent}{}\n", said.join(" "))
}

/// Records of many formats with all that varies in them, and a traceback among some hundreds of them.
pub fn mixed(path: &Path, size: u64, prefix: Prefix) -> std::io::Result<()> {
    let mut random = fastrand::Rng::with_seed(7);
    let mut out = BufWriter::with_capacity(1 << 20, File::create(path)?);
    let mut written = 0;
    while written < size {
        // A program writes many records in its format before another one does.
        let (format, many) = (random.u8(..8), random.usize(20..400));
        for _ in 0..many {
            let record = record(format, &mut random);
            for line in record.split_inclusive('\n') {
                written += prefix.write(&mut out, &mut random)? + line.len() as u64;
                out.write_all(line.as_bytes())?;
            }
        }
    }
    out.flush()
}

fn record(format: u8, random: &mut fastrand::Rng) -> String {
    let (id, port, ms) = (random.u64(..), random.u16(..), random.u32(..5000));
    let (second, fraction) = (random.u8(..60), random.u32(..1_000_000));
    let words =
        ["request", "answered", "with", "rollout", "the", "queue", "is", "empty", "error", "worker", "stack", "trace"];
    let said: Vec<&str> = (0..random.usize(3..14)).map(|_| words[random.usize(..words.len())]).collect();
    let said = said.join(" ");
    let failed = random.usize(..400) == 0;
    let level = ["DEBUG", " INFO", " INFO", " INFO", " WARN"][random.usize(..5)];
    let name = if failed { "ERROR" } else { level };
    let word = name.trim();
    match format {
        0 => {
            format!(
                "2026-11-25T22:00:{second:02}.{fraction:06}Z {name} store::server: {said} id=ro-{id:012x} took={ms}ms\n"
            )
        }
        1 if failed => format!(
            "2026-11-25 22:00:{second:02},{:03} ERROR agl.client: {said}\nTraceback (most recent call last):\n  File \
             \"/srv/client.py\", line {ms}, in ask\n    raise KeyError(key)\nKeyError: 'ro-{id:012x}'\n",
            fraction / 1000
        ),
        1 => format!("2026-11-25 22:00:{second:02},{:03} {word} agl.client: {said} ro-{id:012x}\n", fraction / 1000),
        2 if failed => format!(
            "22:00:{second:02}.{:03} [worker-{port}] ERROR store.Client - {said}\njava.io.IOException: gone\n\tat \
             store.Client.ask(Client.java:{ms})\n\tat store.Main.main(Main.java:7)\nCaused by: java.lang.Error: {id}\n\t... 1 more\n",
            fraction / 1000
        ),
        2 => format!("22:00:{second:02}.{:03} [worker-{port}] {word} store.Client - {said} {id}\n", fraction / 1000),
        3 => format!(
            "{{\"level\":\"{}\",\"ts\":1764108000.{fraction},\"caller\":\"store/ask.go:{ms}\",\"msg\":\"{said}\",\"id\":\"{id:016x}\"}}\n",
            word.to_lowercase()
        ),
        4 => format!("I1125 22:00:{second:02}.{fraction:06}    {port} main.go:{ms}] {said} id={id}\n"),
        5 => format!("time=2026-11-25T22:00:{second:02}Z level={word} msg=\"{said}\" id={id} took={ms}ms\n"),
        6 => format!("INFO:     127.0.0.1:{port} - \"GET /v1/rollouts/ro-{id:012x}?limit={ms} HTTP/1.1\" 200 OK\n"),
        _ => format!("Nov 25 22:00:{second:02} host store[{port}]: {said} {id}\n"),
    }
}
