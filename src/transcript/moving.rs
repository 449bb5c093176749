//! What differs between the transcripts of runs of one scenario, and which declaration would settle it.

use similar::{ChangeTag, TextDiff};

/// The lines that move between two transcripts, each with what would settle it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moving {
    /// The lines as a diff: `-` only in the first, `+` only in the second.
    pub lines: Vec<String>,
    /// What to declare, one sentence for each way in which they move.
    pub hints: Vec<String>,
}

/// What moves between two transcripts; nothing when they are the same.
pub fn moving(first: &str, second: &str) -> Option<Moving> {
    if first == second {
        return None;
    }
    let diff = TextDiff::from_lines(first, second);
    let mut lines = Vec::new();
    let (mut gone, mut come) = (Vec::new(), Vec::new());
    for change in diff.iter_all_changes() {
        let line = change.value().trim_end_matches('\n');
        match change.tag() {
            ChangeTag::Delete => {
                lines.push(format!("-{line}"));
                gone.push(line);
            }
            ChangeTag::Insert => {
                lines.push(format!("+{line}"));
                come.push(line);
            }
            ChangeTag::Equal => {}
        }
    }
    Some(Moving { hints: hints(first, second, &gone, &come), lines })
}

fn hints(first: &str, second: &str, gone: &[&str], come: &[&str]) -> Vec<String> {
    let mut hints: Vec<String> = Vec::new();
    let mut hint = |text: String| {
        if !hints.contains(&text) {
            hints.push(text);
        }
    };
    for (line, other) in gone.iter().map(|line| (*line, second)).chain(come.iter().map(|line| (*line, first))) {
        let said = line.trim();
        if !is_record(said) {
            hint(format!(
                "what a call, a fault or a process came to moves; that is no line that can be named. Order it with an event: on.line, on.exit, or a gate: {said}"
            ));
            continue;
        }
        if gone.contains(&line) && come.contains(&line) {
            hint(format!("the order moves: name the line and put it into expect.transcript.unordered: {said}"));
        } else if other.lines().any(|found| found == line) {
            hint(format!("how often moves: name the line and put it into expect.transcript.fold: {said}"));
        } else if let Some(near) = other.lines().find(|found| differ_in_values(said, found.trim())) {
            hint(format!(
                "a value moves: give it a shape in [log] ids or expect.transcript.ids: {said} | {}",
                near.trim()
            ));
        } else {
            hint(format!("it comes and goes: name the line and put it into expect.transcript.optional: {said}"));
        }
    }
    hints
}

/// Whether a line of a transcript is that of a record, which a system file can name.
fn is_record(said: &str) -> bool {
    let level = said.split(' ').next().unwrap_or_default();
    matches!(level, "TRACE" | "DEBUG" | "INFO" | "WARN" | "ERROR" | "-----")
}

/// Whether two lines have the same words but for some that have a digit in one of them.
fn differ_in_values(one: &str, other: &str) -> bool {
    let words = |text: &str| -> Vec<String> { text.split([' ', '=']).map(str::to_owned).collect() };
    let (one, other) = (words(one), words(other));
    let differing: Vec<(&String, &String)> = one.iter().zip(&other).filter(|(one, other)| one != other).collect();
    let is_value = |word: &String| word.contains(|c: char| c.is_ascii_digit());
    one.len() == other.len()
        && !differing.is_empty()
        && differing.len() * 2 <= one.len()
        && differing.iter().all(|(one, other)| is_value(one) || is_value(other))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(first: &str, second: &str, word: &str) {
        let found = moving(first, second).expect("they differ");
        assert_eq!(found.hints.len(), 1, "{found:#?}");
        assert!(found.hints[0].contains(word), "{found:#?}");
        assert!(!found.lines.is_empty());
    }

    #[test]
    fn each_way_of_moving_has_its_hint() {
        assert_eq!(moving("a\nb\n", "a\nb\n"), None);
        check("DEBUG x: a\nDEBUG x: b\nc\n", "DEBUG x: b\nDEBUG x: a\nc\n", ".unordered");
        check("DEBUG x: a\nb\nDEBUG x: a\n", "DEBUG x: a\nb\n", ".fold");
        let call = "  a put first: ";
        let found =
            moving(&format!("{call}ok, applied\n"), &format!("{call}ok, effect unknown\n")).expect("they differ");
        assert!(found.hints.iter().all(|hint| hint.contains("on.line") && !hint.contains("optional")), "{found:#?}");
        check("a\nDEBUG x: maybe\nb\n", "a\nb\n", ".optional");
        let found = moving("INFO x: took 17 steps of it\n", "INFO x: took 18 steps of it\n").expect("they differ");
        assert!(found.hints.iter().all(|hint| hint.contains("ids")), "{found:#?}");
    }
}
