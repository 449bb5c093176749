//! How a scenario says what a text or a level must be.

use std::collections::BTreeMap;
use std::fmt;

use regex::Regex;
#[cfg(feature = "schema")]
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};

use super::fits;
use crate::log::Level;

/// What a text must be: a plain text, `{ glob = "…" }` or `{ regex = '…' }`.
#[derive(Debug, Clone)]
pub enum TextRule {
    /// As it is written: a part of a message, all of anything else.
    Plain(String),
    /// All of it, with `*` for any run of characters.
    Glob(String),
    /// A regular expression that matches somewhere. Its named groups are captures.
    Regex(Regex),
}

impl TextRule {
    /// Whether a text that may have more around it obeys.
    pub fn is_in(&self, text: &str) -> bool {
        match self {
            Self::Plain(part) => text.contains(part.as_str()),
            Self::Glob(pattern) => fits(pattern, text),
            Self::Regex(regex) => regex.is_match(text),
        }
    }

    /// Whether a text as a whole obeys.
    pub fn is(&self, text: &str) -> bool {
        match self {
            Self::Plain(whole) => text == whole,
            other => other.is_in(text),
        }
    }

    /// What a text that does not obey must be, as the end of a sentence.
    pub(crate) fn unmet(&self) -> String {
        match self {
            Self::Plain(_) => format!("does not contain {self}"),
            other => format!("does not match {other}"),
        }
    }

    /// Adds what the named groups catch. `false` when a name has caught something else before.
    pub fn capture(&self, text: &str, caught: &mut BTreeMap<String, String>) -> bool {
        let Self::Regex(regex) = self else { return true };
        let Some(captures) = regex.captures(text) else { return true };
        regex.capture_names().flatten().all(|name| {
            let Some(found) = captures.name(name) else { return true };
            let known = caught.entry(name.to_owned()).or_insert_with(|| found.as_str().to_owned());
            known == found.as_str()
        })
    }

    /// The names of its captures.
    pub fn captures(&self) -> impl Iterator<Item = &str> {
        let regex = match self {
            Self::Regex(regex) => Some(regex),
            _ => None,
        };
        regex.into_iter().flat_map(|regex| regex.capture_names().flatten())
    }
}

impl fmt::Display for TextRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plain(text) => write!(f, "{text:?}"),
            Self::Glob(pattern) => write!(f, "glob {pattern:?}"),
            Self::Regex(regex) => write!(f, "regex '{regex}'"),
        }
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = TextRule;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, { glob = \"…\" } or { regex = '…' }")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<TextRule, E> {
        Ok(TextRule::Plain(text.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<TextRule, A::Error> {
        let wrong = || A::Error::custom("write a text, { glob = \"…\" } or { regex = '…' }");
        let key: String = map.next_key()?.ok_or_else(wrong)?;
        let value: String = map.next_value()?;
        if map.next_key::<String>()?.is_some() {
            return Err(wrong());
        }
        match key.as_str() {
            "glob" => Ok(TextRule::Glob(value)),
            "regex" => {
                let regex = Regex::new(&value).map_err(|why| {
                    let why = why.to_string();
                    let why = why.lines().last().unwrap_or_default().trim().trim_start_matches("error: ").to_owned();
                    A::Error::custom(format!("`{value}` is no regular expression: {why}"))
                })?;
                Ok(TextRule::Regex(regex))
            }
            _ => Err(wrong()),
        }
    }
}

impl<'de> Deserialize<'de> for TextRule {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextVisitor)
    }
}

#[cfg(feature = "schema")]
impl JsonSchema for TextRule {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "TextRule".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let one = |name: &str| {
            json_schema!({
                "type": "object",
                "properties": { name: { "type": "string" } },
                "required": [name],
                "additionalProperties": false
            })
        };
        json_schema!({
            "oneOf": [{ "type": "string" }, one("glob"), one("regex")],
            "description": "A plain text, { glob = \"…\" } with * for any run of characters, or { regex = '…' } whose named groups are captures."
        })
    }
}

/// Which levels are meant: `"WARN"`, or `">= WARN"`, `"<= INFO"`, `"> INFO"`, `"< WARN"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LevelRule {
    how: How,
    level: Level,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    Is,
    AtLeast,
    AtMost,
    Above,
    Below,
}

/// A text that is no rule for levels.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no level; write TRACE, DEBUG, INFO, WARN or ERROR, also as \">= WARN\" or \"<= INFO\"")]
pub struct LevelRuleError(String);

impl LevelRule {
    /// Reads a rule, in any case of letters.
    ///
    /// # Errors
    /// What is wrong with the text, and what to write instead.
    pub fn parse(text: &str) -> Result<Self, LevelRuleError> {
        const HOWS: [(&str, How); 4] =
            [(">=", How::AtLeast), ("<=", How::AtMost), (">", How::Above), ("<", How::Below)];
        let text = text.trim();
        let (how, name) = HOWS
            .iter()
            .find_map(|(sign, how)| Some((*how, text.strip_prefix(sign)?.trim())))
            .unwrap_or((How::Is, text));
        let levels = [Level::Trace, Level::Debug, Level::Info, Level::Warn, Level::Error];
        let level = levels.into_iter().find(|level| level.name().eq_ignore_ascii_case(name));
        Ok(Self { how, level: level.ok_or_else(|| LevelRuleError(text.to_owned()))? })
    }

    /// Whether a level is one of those.
    pub fn is(self, level: Level) -> bool {
        match self.how {
            How::Is => level == self.level,
            How::AtLeast => level >= self.level,
            How::AtMost => level <= self.level,
            How::Above => level > self.level,
            How::Below => level < self.level,
        }
    }
}

impl fmt::Display for LevelRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = match self.how {
            How::Is => "",
            How::AtLeast => ">= ",
            How::AtMost => "<= ",
            How::Above => "> ",
            How::Below => "< ",
        };
        write!(f, "{sign}{}", self.level.name())
    }
}

struct LevelVisitor;

impl Visitor<'_> for LevelVisitor {
    type Value = LevelRule;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a level such as \"WARN\" or \">= WARN\"")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<LevelRule, E> {
        LevelRule::parse(text).map_err(E::custom)
    }
}

impl<'de> Deserialize<'de> for LevelRule {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(LevelVisitor)
    }
}

#[cfg(feature = "schema")]
impl JsonSchema for LevelRule {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "LevelRule".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "pattern": "^ *(>=|<=|>|<)? *([Tt][Rr][Aa][Cc][Ee]|[Dd][Ee][Bb][Uu][Gg]|[Ii][Nn][Ff][Oo]|[Ww][Aa][Rr][Nn]|[Ee][Rr][Rr][Oo][Rr]) *$",
            "description": "A level: \"WARN\", or several: \">= WARN\", \"<= INFO\", \"> INFO\", \"< WARN\"."
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_read_in_any_case_and_compared() {
        for (text, yes, no) in [
            ("WARN", Level::Warn, Level::Error),
            (">= warn", Level::Error, Level::Info),
            ("<=INFO", Level::Info, Level::Warn),
            ("> Info", Level::Warn, Level::Info),
            ("< WARN", Level::Info, Level::Warn),
        ] {
            let rule = LevelRule::parse(text).expect("a level");
            assert!(rule.is(yes) && !rule.is(no), "{text}");
            assert_eq!(LevelRule::parse(&rule.to_string()), Ok(rule));
        }
        for text in ["", "loud", "=> WARN", ">= "] {
            assert!(LevelRule::parse(text).expect_err("wrong").to_string().contains(">= WARN"), "{text}");
        }
    }

    #[test]
    fn texts_are_compared_as_the_rule_says() {
        let rule = |text: &str| -> TextRule {
            let table: BTreeMap<String, TextRule> = toml::from_str(&format!("a = {text}")).expect("a rule");
            table["a"].clone()
        };
        assert!(rule("\"b\"").is_in("abc") && !rule("\"b\"").is("abc"));
        assert!(rule("{ glob = \"a*c\" }").is("abc") && !rule("{ glob = \"a*c\" }").is_in("abcd"));
        let regex = rule("{ regex = 'id=(?<id>\\d+)' }");
        let mut caught = BTreeMap::new();
        assert!(regex.is("x id=7 y") && regex.capture("id=7", &mut caught) && !regex.capture("id=8", &mut caught));
        assert_eq!((caught["id"].as_str(), regex.captures().next()), ("7", Some("id")));
        for wrong in ["{ regex = '(' }", "{ like = \"x\" }", "{}", "{ glob = \"a\", regex = 'b' }", "3"] {
            toml::from_str::<BTreeMap<String, TextRule>>(&format!("a = {wrong}")).expect_err(wrong);
        }
    }
}
