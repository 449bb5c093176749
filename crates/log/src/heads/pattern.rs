//! Heads that a regular expression describes.

use regex::Regex;

use super::{Head, Rest, Words, level};

/// A regular expression whose groups `level`, `target`, `thread` and `message` are taken; other named groups are fields.
#[derive(Debug)]
pub(super) struct Pattern {
    regex: Regex,
    fields: Vec<String>,
    /// What words mean beside those that are known.
    pub(super) words: Words,
}

impl Pattern {
    /// Without a group `message`, the message is what follows the match.
    pub(super) fn new(expression: &str) -> Result<Self, regex::Error> {
        let regex = Regex::new(expression)?;
        let known = ["level", "target", "thread", "message"];
        let names = regex.capture_names().flatten();
        let fields = names.filter(|name| !known.contains(name)).map(str::to_owned).collect();
        Ok(Self { regex, fields, words: Words::default() })
    }

    /// Whether it has a group for the level.
    pub(super) fn has_level(&self) -> bool {
        self.regex.capture_names().flatten().any(|name| name == "level")
    }

    /// The word that stands for the level of a line, whatever it is.
    pub(super) fn level_word<'l>(&self, line: &'l str) -> Option<&'l str> {
        Some(self.regex.captures(line)?.name("level")?.as_str().trim()).filter(|word| !word.is_empty())
    }

    pub(super) fn parse<'l>(&self, line: &'l str) -> Option<Head<'l>> {
        let captures = self.regex.captures(line)?;
        let group = |name: &str| captures.name(name).map(|group| group.as_str().trim()).filter(|text| !text.is_empty());
        let has_message = self.regex.capture_names().flatten().any(|name| name == "message");
        let message = match captures.get(0) {
            Some(whole) if !has_message => line[whole.end()..].trim(),
            _ => group("message").unwrap_or_default(),
        };
        let fields: Vec<_> =
            self.fields.iter().filter_map(|name| Some((name.clone(), group(name)?.to_owned()))).collect();
        Some(Head {
            level: group("level").and_then(|word| self.words.level(word).or_else(|| level(word))),
            target: group("target"),
            thread: group("thread"),
            rest: Rest::Groups { message, fields },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Level;

    #[test]
    fn groups_are_taken_and_others_become_fields() {
        let pattern =
            Pattern::new(r"^\[(?<level>\w+)\] (?<target>\S+) (?:call=(?<call>\S+) )?(?<message>.*)").expect("right");
        let head = pattern.parse("[warning] store call=poll gone").expect("a head").finish();
        assert_eq!(
            (head.level, head.target.as_deref(), head.message.as_str()),
            (Some(Level::Warn), Some("store"), "gone")
        );
        assert_eq!(head.fields, [("call".to_owned(), "poll".to_owned())]);
        assert!(pattern.parse("[e] store x").expect("a head").finish().fields.is_empty());
        assert!(pattern.parse("something else").is_none());
    }

    #[test]
    fn without_a_message_group_the_rest_is_the_message() {
        let pattern = Pattern::new(r"^(?<level>[IWE]) ").expect("right");
        let head = pattern.parse("E it broke").expect("a head").finish();
        assert_eq!((head.level, head.message.as_str()), (Some(Level::Error), "it broke"));
    }
}
