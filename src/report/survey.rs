use std::fmt::Write as _;

use super::log_results::{LogKind, LogResult, LogVerdict, MergedKind};
use crate::log::{Level, Summary, printable};

/// How wide the view is.
const COLUMNS: usize = 80;
/// How many examples of what was not understood are shown.
const EXAMPLES: usize = 3;

/// How many logs are named that have stack traces of a kind.
const NAMED: usize = 4;

/// What a log holds, for people: first how much of it was understood, then formats, levels, tracebacks by cause; their kinds only
/// if it is said how many lines of each are shown.
pub fn survey(result: &LogResult, summary: &Summary, lines: Option<usize>) -> String {
    let mut text = printable(&format!("{}: {}\n", result.file, understood(result))).into_owned();
    for reason in &result.reasons {
        let _ = writeln!(text, "  {}", printable(reason));
    }
    if summary.lines == 0 {
        return text;
    }
    let mut formats: Vec<_> = summary.formats.iter().collect();
    formats.sort_by_key(|(name, count)| (std::cmp::Reverse(**count), **name));
    let mut formats: Vec<String> = formats.into_iter().map(|(name, count)| format!("{name} {count}")).collect();
    let not_understood = summary.not_understood.min(summary.raw);
    for (what, count) in [("stack trace alone", summary.raw - not_understood), ("of no format", not_understood)] {
        if count > 0 {
            formats.push(format!("{what} {count}"));
        }
    }
    let mut levels: Vec<String> =
        summary.levels.iter().rev().map(|(level, count)| format!("{} {count}", level.name())).collect();
    if summary.without_level > 0 {
        levels.push(format!("without {}", summary.without_level));
    }
    let period = period(summary);
    let none = |list: Vec<String>| if list.is_empty() { "none".to_owned() } else { list.join(", ") };
    let _ = writeln!(text, "  formats     {}", none(formats));
    let _ = writeln!(text, "  levels      {}", none(levels));
    text.push_str(&period);
    let count = summary.traceback_count();
    let kinds = summary.tracebacks.len();
    let _ = match count {
        0 if result.verdict == LogVerdict::NotUnderstood => {
            writeln!(text, "  tracebacks  none in what was understood")
        }
        0 => writeln!(text, "  tracebacks  none"),
        _ => writeln!(text, "  tracebacks  {count} of {kinds} {}", if kinds == 1 { "kind" } else { "kinds" }),
    };
    text.push_str(&examples(summary));
    for kind in result.tracebacks.iter().filter(|_| lines.is_some()) {
        text.push_str(&traceback(kind, None, lines.unwrap_or_default()));
    }
    if summary.other_tracebacks > 0 {
        let _ = writeln!(text, "\n  {:>6} × others: too many kinds to tell apart", summary.other_tracebacks);
    }
    text
}

/// How much was understood, in one line.
pub fn understood(result: &LogResult) -> String {
    let counts = &result.counts;
    let plural = |count: u64, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
    let size = format!("{}, {}", plural(counts.lines, "line"), plural(counts.bytes, "byte"));
    let understood = counts.records - counts.not_understood.min(counts.records);
    match counts.not_understood {
        _ if counts.bytes == 0 => "empty".to_owned(),
        0 => format!("understood: all of {} ({size})", plural(counts.records, "record")),
        _ => {
            let verdict = if result.verdict == LogVerdict::NotUnderstood { "NOT UNDERSTOOD" } else { "understood" };
            format!("{verdict}: {understood} of {} ({size})", plural(counts.records, "text"))
        }
    }
}

/// What was not understood.
fn examples(summary: &Summary) -> String {
    let mut text = String::new();
    if summary.not_understood == 0 {
        return text;
    }
    let guess = summary.looks_like.as_ref().map(|guess| format!("; it looks like {guess}"));
    let _ = writeln!(text, "  not understood {}{}", summary.not_understood, guess.unwrap_or_default());
    // What is shown tells different things where it can.
    let mut shown: Vec<_> = summary.examples.iter().collect();
    shown.sort_by_key(|example| example.looks_like.is_none());
    shown.dedup_by_key(|example| example.text.chars().take(12).collect::<String>());
    shown.truncate(EXAMPLES);
    shown.sort_by_key(|example| example.line);
    for example in shown {
        let _ = writeln!(text, "{}", fit(&format!("  {:>6} | {}", example.line, example.text)));
    }
    printable(&text).into_owned()
}

/// What is not in the period that was asked for, and what nobody knows of.
fn period(summary: &Summary) -> String {
    let of = |count: u64, one: &str, more: &str| match count {
        0 => None,
        1 => Some(format!("1 {one}")),
        _ => Some(format!("{count} {more}")),
    };
    let outside = of(summary.outside_period, "record outside it is not judged", "records outside it are not judged");
    let undated = of(summary.undated, "without any time is judged", "without any time are judged");
    let told: Vec<String> = outside.into_iter().chain(undated).collect();
    if told.is_empty() { String::new() } else { format!("  period      {}\n", told.join(", ")) }
}

/// The kinds of stack traces of several logs, for people. At most `lines` lines of each are shown.
pub fn merged(kinds: &[MergedKind], lines: usize) -> String {
    kinds.iter().map(|merged| traceback(&merged.kind, Some(merged), lines)).collect()
}

fn traceback(kind: &LogKind, merged: Option<&MergedKind>, lines: usize) -> String {
    let exception = kind.exception.as_deref().unwrap_or("traceback");
    let said = kind.message.lines().next().unwrap_or_default();
    let said = if said.is_empty() { String::new() } else { format!(": {said}") };
    let known = if kind.new == Some(false) { " (known)" } else { "" };
    let title = format!("  {:>6} ×{known} {} {exception}{said}", kind.count, kind.language_name());
    let mut text = format!("\n{}\n", fit(&title));
    if let Some(place) = kind.place() {
        let _ = writeln!(text, "           at    {place}");
    }
    if let Some(frame) = kind.frame.as_deref().filter(|frame| kind.place() != Some(frame)) {
        let _ = writeln!(text, "           from  {frame}");
    }
    if let Some(cause) = &kind.cause {
        let cause = cause.lines().next().unwrap_or_default();
        let _ = writeln!(text, "{}", fit(&format!("           cause {cause}")));
    }
    let record = kind.record.lines().next().unwrap_or_default();
    let _ = writeln!(text, "{}", fit(&format!("           in    {record}")));
    let first = merged.and_then(|merged| merged.files.first()).map(|first| format!(" of {}", first.file));
    let _ = writeln!(text, "           first line {}{}", kind.line, first.unwrap_or_default());
    if let (Some(first), Some(last)) = (&kind.first_time, &kind.last_time) {
        let until = if first == last { String::new() } else { format!(" to {last}") };
        let _ = writeln!(text, "           time  {first}{until}");
    }
    if let Some(merged) = merged.filter(|merged| merged.files.len() > 1) {
        for log in merged.files.iter().take(NAMED) {
            let _ = writeln!(text, "           {:>6} × {}", log.count, log.file);
        }
        let others = merged.files.iter().skip(NAMED);
        if others.len() > 0 {
            let logs = others.len();
            let _ = writeln!(text, "           {:>6} × in {logs} more", others.map(|log| log.count).sum::<u64>());
        }
    }
    for line in kind.first.iter().take(lines) {
        let _ = writeln!(text, "           | {line}");
    }
    printable(&text).into_owned()
}

/// A line as far as it fits; what a terminal would obey takes more room when it is written out.
fn fit(line: &str) -> String {
    let line = printable(line);
    if line.chars().count() <= COLUMNS {
        return line.into_owned();
    }
    line.chars().take(COLUMNS - 1).chain(['…']).collect()
}

/// The records above a level, as one line; nothing when there are none.
pub fn above(summary: &Summary, level: Level) -> Option<String> {
    let count = summary.above(level);
    let records = if count == 1 { "record" } else { "records" };
    (count > 0).then(|| format!("{count} {records} above {}", level.name()))
}
