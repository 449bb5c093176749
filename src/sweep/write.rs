//! Writes scenario files the way a person would: one line for an event, one for an action.

use std::fmt::Write as _;

use toml::{Table, Value};

/// A step.
#[derive(Debug, Clone, Default)]
pub(super) struct Line {
    pub on: Option<Value>,
    pub action: Option<Value>,
    pub within: Option<Value>,
}

/// The text of a scenario file, and the new numbers of the steps `marked`: a call that begins and ends without anything in
/// between becomes one step.
pub(super) fn render(
    head: &Table,
    lines: Vec<Line>,
    marked: &[usize],
    summary: &str,
    comment: &str,
) -> (String, Vec<usize>) {
    let mut text = String::new();
    for line in comment.lines() {
        let _ = writeln!(text, "# {line}");
    }
    let _ = writeln!(text, "summary = {}", Value::from(summary));
    let (tables, plain): (Vec<_>, Vec<_>) = head.iter().partition(|(_, value)| value.is_table());
    for (key, value) in plain {
        let _ = writeln!(text, "{} = {value}", quoted(key));
    }
    for (key, value) in &tables {
        match (key.as_str(), value.as_table()) {
            ("processes", Some(processes)) => {
                for (name, process) in processes {
                    section(&mut text, &format!("[processes.{}]", quoted(name)), process.as_table());
                }
            }
            ("expect", _) => {}
            (_, table) => section(&mut text, &format!("[{}]", quoted(key)), table),
        }
    }
    let mut numbers = Vec::new();
    let mut at = 0;
    let mut number = 0;
    while at < lines.len() {
        number += 1;
        let (line, taken) = match lines.get(at + 1).and_then(|next| joined(&lines[at], next)) {
            Some(call) => (call, 2),
            None => (lines[at].clone(), 1),
        };
        numbers.extend(marked.iter().filter(|mark| (at + 1..=at + taken).contains(mark)).map(|_| number));
        text.push_str("\n[[step]]\n");
        for (key, value) in [("on", &line.on), ("do", &line.action)] {
            for (word, value) in value.iter().filter_map(|value| value.as_table()).flatten() {
                let _ = writeln!(text, "{key}.{} = {value}", quoted(word));
            }
        }
        if let Some(within) = &line.within {
            let _ = writeln!(text, "within = {within}");
        }
        at += taken;
    }
    if let Some(expect) = head.get("expect").and_then(Value::as_table) {
        expectations(&mut text, expect);
    }
    (text, numbers)
}

/// What the base scenario demands need not be there beside another fault; it may.
fn expectations(text: &mut String, expect: &Table) {
    let plain: Table = expect.iter().filter(|(_, value)| !is_list_of_tables(value)).map(own).collect();
    if !plain.is_empty() {
        section(text, "[expect]", Some(&plain));
    }
    for (key, value) in expect.iter().filter(|(_, value)| is_list_of_tables(value)) {
        for item in value.as_array().into_iter().flatten().filter_map(Value::as_table) {
            let mut item = item.clone();
            if key == "line" {
                item.insert("count".to_owned(), "0..".into());
            }
            section(text, &format!("[[expect.{}]]", quoted(key)), Some(&item));
        }
    }
}

fn is_list_of_tables(value: &Value) -> bool {
    value.as_array().is_some_and(|items| items.iter().all(Value::is_table))
}

fn own((key, value): (&String, &Value)) -> (String, Value) {
    (key.clone(), value.clone())
}

fn section(text: &mut String, header: &str, table: Option<&Table>) {
    let _ = writeln!(text, "\n{header}");
    for (key, value) in table.into_iter().flatten() {
        let _ = writeln!(text, "{} = {value}", quoted(key));
    }
}

/// The blocking call that a begin and the finish right after it are.
fn joined(begin: &Line, finish: &Line) -> Option<Line> {
    let part = |line: &Line, word: &str| line.action.as_ref()?.get(word)?.as_table().cloned();
    let (mut call, finish_fields) = (part(begin, "begin")?, part(finish, "finish")?);
    if finish.on.is_some() || call.get("as") != finish_fields.get("call") {
        return None;
    }
    call.extend(finish_fields.into_iter().filter(|(key, _)| key != "call"));
    if call.get("as") == call.get("save") {
        call.remove("as");
    }
    let action = Table::from_iter([("call".to_owned(), Value::Table(call))]);
    Some(Line { on: begin.on.clone(), action: Some(Value::Table(action)), within: begin.within.clone() })
}

/// A key as TOML writes it.
fn quoted(key: &str) -> String {
    let bare = !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
    if bare { key.to_owned() } else { Value::from(key).to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(text: &str) -> Line {
        let table: Table = toml::from_str(text).expect("TOML");
        Line { on: table.get("on").cloned(), action: table.get("do").cloned(), within: None }
    }

    #[test]
    fn a_call_with_nothing_in_between_is_one_step_and_marks_move_with_their_steps() {
        let head: Table = toml::from_str("seed = 3\n[processes.a]\noptions = { retry = \"1ms\" }").expect("TOML");
        let lines = vec![
            step("do.begin = { process = \"a\", op = \"x\", as = \"one\" }"),
            step("do.finish = { call = \"one\", save = \"one\" }"),
            step("do.begin = { process = \"a\", op = \"x\", as = \"two\" }"),
            step(
                "on.request = { process = \"a\", op = \"x\", phase = \"request-sent\" }\ndo.kill = { process = \"server\" }",
            ),
            step("do.finish = { call = \"two\", result = [\"ok\", \"lost\"] }"),
        ];
        let (text, marked) = render(&head, lines, &[4], "s \"x\"", "c");
        assert_eq!(marked, [3], "{text}");
        let scenario = crate::scenario::Scenario::parse(std::path::Path::new("x.toml"), &text).expect(&text);
        assert_eq!((scenario.file.steps.len(), scenario.file.seed), (4, 3), "{text}");
        assert_eq!(scenario.file.summary, "s \"x\"");
        assert!(text.contains("do.call = { op = \"x\", process = \"a\", save = \"one\" }"), "{text}");
    }
}
