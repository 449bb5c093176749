//! `${…}` in commands and arguments.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::file::substitute;
use crate::scenario::{FillError, fill_size};

/// A variable that cannot be filled in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum TemplateError {
    #[error(transparent)]
    Fill(#[from] FillError),
    #[error("`{0}` has no answer")]
    NoAnswer(String),
    #[error("the answer of `{call}` has no `{path}`: {answer}")]
    NoField { call: String, path: String, answer: Value },
}

/// Replaces `${call.field}` and `${fill:16MiB}` everywhere in a value. A text that is nothing but one variable becomes the value itself.
///
/// # Errors
/// When an answer lacks the field.
pub(super) fn resolve(value: Value, saved: &BTreeMap<String, Value>) -> Result<Value, TemplateError> {
    Ok(match value {
        Value::String(text) => resolve_text(&text, saved)?,
        Value::Array(items) => {
            Value::Array(items.into_iter().map(|item| resolve(item, saved)).collect::<Result<_, _>>()?)
        }
        Value::Object(fields) => Value::Object(
            fields
                .into_iter()
                .map(|(name, item)| Ok((name, resolve(item, saved)?)))
                .collect::<Result<_, TemplateError>>()?,
        ),
        other => other,
    })
}

fn resolve_text(text: &str, saved: &BTreeMap<String, Value>) -> Result<Value, TemplateError> {
    if let Some(inner) = text.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'))
        && !inner.contains("${")
    {
        return lookup(inner, saved);
    }
    let mut wrong = None;
    let filled = substitute_with(text, |name| match lookup(name, saved) {
        Ok(Value::String(text)) => Some(text),
        Ok(other) => Some(other.to_string()),
        Err(why) => {
            wrong = Some(why);
            None
        }
    });
    wrong.map_or(Ok(Value::String(filled)), Err)
}

fn substitute_with(text: &str, mut value: impl FnMut(&str) -> Option<String>) -> String {
    let value = std::cell::RefCell::new(&mut value);
    substitute(text, |name| (value.borrow_mut())(name))
}

fn lookup(name: &str, saved: &BTreeMap<String, Value>) -> Result<Value, TemplateError> {
    if let Some(size) = name.strip_prefix("fill:") {
        return Ok(Value::String("x".repeat(fill_size(size)?)));
    }
    let (call, path) = name.split_once('.').map_or((name, None), |(call, path)| (call, Some(path)));
    let answer = saved.get(call).ok_or_else(|| TemplateError::NoAnswer(call.to_owned()))?;
    let Some(path) = path else { return Ok(answer.clone()) };
    let mut found = answer;
    for part in path.split('.') {
        let next = match part.parse::<usize>() {
            Ok(index) if found.is_array() => found.get(index),
            _ => found.get(part),
        };
        found = next.ok_or_else(|| TemplateError::NoField {
            call: call.to_owned(),
            path: path.to_owned(),
            answer: crate::evidence::abridge(answer.clone()),
        })?;
    }
    Ok(found.clone())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_saved_answer_keeps_its_type_when_it_stands_alone() {
        let saved = BTreeMap::from([("r".to_owned(), json!({"id": "ro-1", "n": 3, "list": [{"x": true}]}))]);
        let resolved = resolve(
            json!({"a": "${r.n}", "b": ["${r.id}", "n=${r.n}"], "c": "${r.list.0.x}", "d": "${fill:3}"}),
            &saved,
        );
        assert_eq!(resolved, Ok(json!({"a": 3, "b": ["ro-1", "n=3"], "c": true, "d": "xxx"})));
        assert!(resolve(json!("${r.none}"), &saved).is_err_and(|why| why.to_string().contains("has no `none`")));
        assert!(resolve(json!("a ${q.x}"), &saved).is_err());
    }
}
