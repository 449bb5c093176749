//! Where something is in a call, or in an item: `args.input`, `value.rollouts[].rollout_id`.

use serde::Deserialize;
use serde_json::Value;

/// A place in a JSON value: names with dots between them; `[]` after a name stands for every element of its list.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(try_from = "String")]
#[cfg_attr(feature = "schema", schemars(with = "String"))]
pub struct ValuePlace {
    steps: Vec<Step>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Field(String),
    Each,
}

/// A text that is no place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PlaceError {
    /// It is no place in a value.
    #[error("`{0}` is no place: write names with dots, such as items[].id")]
    InValue(String),
    /// It does not say whether it is in the arguments or in what was returned.
    #[error("`{0}` is no place in a call: begin with `args` or `value`, such as args.input")]
    InCall(String),
}

/// A place in a call: of its arguments (`args`) or of what it returned (`value`).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(try_from = "String")]
#[cfg_attr(feature = "schema", schemars(with = "String"))]
pub struct CallPlace {
    /// Of its arguments; else of what it returned.
    pub in_arguments: bool,
    /// Where in that.
    pub place: ValuePlace,
}

impl ValuePlace {
    fn parse(text: &str) -> Result<Self, PlaceError> {
        let mut steps = Vec::new();
        for part in text.split('.') {
            let name = part.trim_end_matches("[]");
            if name.is_empty() && !(steps.is_empty() && part == "[]") || name.contains(['[', ']', ' ']) {
                return Err(PlaceError::InValue(text.to_owned()));
            }
            if !name.is_empty() {
                steps.push(Step::Field(name.to_owned()));
            }
            steps.extend(std::iter::repeat_n(Step::Each, (part.len() - name.len()) / 2));
        }
        Ok(Self { steps })
    }

    /// What is there: nothing where a name is missing or null, one value, or as many as a list has.
    pub fn select<'v>(&self, value: &'v Value) -> Vec<&'v Value> {
        let mut found = vec![value];
        for step in &self.steps {
            found = match step {
                Step::Field(name) => found.into_iter().filter_map(|value| value.get(name)).collect(),
                Step::Each => found.into_iter().filter_map(Value::as_array).flatten().collect(),
            };
        }
        found.retain(|value| !value.is_null());
        found
    }

    /// Whether it can give several values.
    pub fn many(&self) -> bool {
        self.steps.contains(&Step::Each)
    }

    /// The first of what is there.
    pub fn first<'v>(&self, value: &'v Value) -> Option<&'v Value> {
        self.select(value).first().copied()
    }
}

impl CallPlace {
    /// What is there in a call with these arguments that returned this.
    pub fn of<'v>(&self, args: &'v Value, value: Option<&'v Value>) -> Vec<&'v Value> {
        if self.in_arguments {
            self.place.select(args)
        } else {
            value.map_or_else(Vec::new, |value| self.place.select(value))
        }
    }
}

impl TryFrom<String> for ValuePlace {
    type Error = PlaceError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl TryFrom<String> for CallPlace {
    type Error = PlaceError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let wrong = || PlaceError::InCall(text.clone());
        let rest = text.strip_prefix("args").or_else(|| text.strip_prefix("value")).ok_or_else(wrong)?;
        let place = match rest.strip_prefix('.').or_else(|| rest.starts_with("[]").then_some(rest)) {
            Some(rest) if rest.starts_with("[].") || rest == "[]" => {
                let mut place = ValuePlace { steps: vec![Step::Each] };
                if let Some(after) = rest.strip_prefix("[].") {
                    place.steps.extend(ValuePlace::parse(after)?.steps);
                }
                place
            }
            Some(rest) => ValuePlace::parse(rest)?,
            None if rest.is_empty() => ValuePlace { steps: Vec::new() },
            None => return Err(wrong()),
        };
        Ok(Self { in_arguments: text.starts_with("args"), place })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_place_gives_what_is_there() {
        let value = json!({ "a": { "b": 1 }, "l": [{ "c": 2 }, { "c": null }, { "c": 3 }, {}], "n": null });
        for (text, expected) in [
            ("a.b", json!([1])),
            ("l[].c", json!([2, 3])),
            ("n", json!([])),
            ("x.y", json!([])),
            ("a.b.c", json!([])),
            ("a[]", json!([])),
        ] {
            let place = ValuePlace::try_from(text.to_owned()).expect("a place");
            assert_eq!(json!(place.select(&value)), expected, "{text}");
        }
        assert_eq!(json!(ValuePlace::try_from("[].c".to_owned()).expect("a place").select(&value["l"])), json!([2, 3]));
    }

    #[test]
    fn a_place_in_a_call_says_of_which_side_it_is() {
        let place = |text: &str| CallPlace::try_from(text.to_owned());
        assert!(place("args.input").expect("a place").in_arguments);
        assert!(!place("value").expect("a place").in_arguments);
        assert_eq!(place("value[].id").expect("a place").place.select(&json!([{ "id": 1 }, { "id": 2 }])).len(), 2);
        for wrong in ["input", "argsinput", "args.", "args..a", "value[]id", "args.a[0]", ""] {
            assert!(place(wrong).is_err(), "{wrong}");
        }
    }
}
