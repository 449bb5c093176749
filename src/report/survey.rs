use std::fmt::Write as _;

use crate::log::{Kind, Level, Summary, printable};

/// What a log holds, for people: formats, levels, tracebacks by cause. At most `lines` lines of each traceback are shown.
pub fn survey(name: &str, summary: &Summary, lines: usize) -> String {
    let mut text = format!("{}: {}\n", printable(name), size(summary));
    let mut formats: Vec<_> = summary.formats.iter().collect();
    formats.sort_by_key(|(name, count)| (std::cmp::Reverse(**count), **name));
    let mut formats: Vec<String> = formats.into_iter().map(|(name, count)| format!("{name} {count}")).collect();
    if summary.raw > 0 {
        formats.push(format!("of no format {}", summary.raw));
    }
    let mut levels: Vec<String> =
        summary.levels.iter().rev().map(|(level, count)| format!("{} {count}", level.name())).collect();
    if summary.without_level > 0 {
        levels.push(format!("without {}", summary.without_level));
    }
    let none = |list: Vec<String>| if list.is_empty() { "none".to_owned() } else { list.join(", ") };
    let _ = writeln!(text, "  formats     {}", none(formats));
    let _ = writeln!(text, "  levels      {}", none(levels));
    let count = summary.traceback_count();
    let kinds = summary.tracebacks.len();
    let _ = match count {
        0 => writeln!(text, "  tracebacks  none"),
        _ => writeln!(text, "  tracebacks  {count} of {kinds} {}", if kinds == 1 { "kind" } else { "kinds" }),
    };
    for kind in &summary.tracebacks {
        text.push_str(&traceback(kind, lines));
    }
    if summary.other_tracebacks > 0 {
        let _ = writeln!(text, "\n  {:>6} × others: too many kinds to tell apart", summary.other_tracebacks);
    }
    text
}

fn size(summary: &Summary) -> String {
    let plural = |count: u64, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
    let records = plural(summary.records(), "record");
    format!("{}, {}, {records}", plural(summary.bytes, "byte"), plural(summary.lines, "line"))
}

fn traceback(kind: &Kind, lines: usize) -> String {
    let exception = kind.exception.as_deref().unwrap_or("traceback");
    let said = kind.message.lines().next().unwrap_or_default();
    let said = if said.is_empty() { String::new() } else { format!(": {said}") };
    let mut text = format!("\n  {:>6} × {} {exception}{said}\n", kind.count, kind.language.name());
    if let Some(place) = kind.place() {
        let _ = writeln!(text, "           at    {place}");
    }
    if let Some(frame) = kind.frame.as_deref().filter(|frame| kind.place() != Some(frame)) {
        let _ = writeln!(text, "           from  {frame}");
    }
    if let Some(cause) = &kind.cause {
        let _ = writeln!(text, "           cause {}", cause.lines().next().unwrap_or_default());
    }
    let record = kind.record.lines().next().unwrap_or_default();
    let _ = writeln!(text, "           in    {record}\n           first line {}", kind.line);
    for line in kind.first.iter().take(lines) {
        let _ = writeln!(text, "           | {line}");
    }
    printable(&text).into_owned()
}

/// The records above a level, as one line; nothing when there are none.
pub fn above(summary: &Summary, level: Level) -> Option<String> {
    let count = summary.above(level);
    (count > 0).then(|| format!("  {count} records above {}", level.name()))
}
