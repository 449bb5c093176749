//! What a query asks for: the pairs of a query string, or the fields of a search's body.

use serde_json::{Map, Value};

use super::answer::Refusal;
use super::call::DataCall;

/// The parameters of a query. A list asked for by GET and one asked for by POST differ only in where these come from.
#[derive(Debug)]
pub enum Parameters<'c> {
    /// The pairs of a query string, which may repeat.
    Query(&'c [(String, String)]),
    /// The fields of a body.
    Body(Map<String, Value>),
}

impl<'c> Parameters<'c> {
    /// Those of a query string.
    pub fn of_query(call: &'c DataCall) -> Self {
        Self::Query(&call.query)
    }

    /// Those of a body.
    ///
    /// # Errors
    /// When it is no JSON object.
    pub fn of_body(call: &'c DataCall) -> Result<Self, Refusal> {
        call.json().map(Self::Body)
    }

    /// A text. As in the original, the last one of several stands, and null is absent.
    ///
    /// # Errors
    /// When it is something else.
    pub fn text(&self, name: &str) -> Result<Option<String>, Refusal> {
        match self {
            Self::Query(pairs) => Ok(pairs.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value.clone())),
            Self::Body(fields) => match fields.get(name) {
                None | Some(Value::Null) => Ok(None),
                Some(Value::String(text)) => Ok(Some(text.clone())),
                Some(_) => Err(self.wrong(name, "string_type", "Input should be a valid string".to_owned())),
            },
        }
    }

    /// A list of texts: a parameter that is repeated, or a JSON array.
    ///
    /// # Errors
    /// When it is something else.
    pub fn list(&self, name: &str) -> Result<Option<Vec<String>>, Refusal> {
        match self {
            Self::Query(pairs) => {
                let values: Vec<String> =
                    pairs.iter().filter(|(key, _)| key == name).map(|(_, value)| value.clone()).collect();
                Ok(if values.is_empty() { None } else { Some(values) })
            }
            Self::Body(fields) => match fields.get(name) {
                None | Some(Value::Null) => Ok(None),
                Some(value) => serde_json::from_value(value.clone())
                    .map(Some)
                    .map_err(|_| self.wrong(name, "list_type", "Input should be a list of strings".to_owned())),
            },
        }
    }

    /// A whole number.
    ///
    /// # Errors
    /// When it is something else.
    pub fn number(&self, name: &str, default: i64) -> Result<i64, Refusal> {
        let wrong = || self.wrong(name, "int_parsing", format!("{name} is no whole number"));
        match self {
            Self::Query(_) => self.text(name)?.map_or(Ok(default), |text| text.parse().map_err(|_| wrong())),
            Self::Body(fields) => fields.get(name).map_or(Ok(default), |value| value.as_i64().ok_or_else(wrong)),
        }
    }

    /// One of two words, by default the first.
    ///
    /// # Errors
    /// When it is another.
    pub fn choice(&self, name: &str, words: [&'static str; 2]) -> Result<&'static str, Refusal> {
        let Some(text) = self.text(name)? else { return Ok(words[0]) };
        words.into_iter().find(|word| *word == text).ok_or_else(|| {
            self.wrong(name, "literal_error", format!("Input should be '{}' or '{}'", words[0], words[1]))
        })
    }

    /// The refusal of the parameter of this name.
    pub fn wrong(&self, name: &str, kind: &'static str, message: String) -> Refusal {
        let place = match self {
            Self::Query(_) => "query",
            Self::Body(_) => "body",
        };
        Refusal::Unprocessable { place, field: Some(name.to_owned()), kind, message }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(text: &str) -> DataCall {
        DataCall { body: text.as_bytes().to_vec(), ..DataCall::default() }
    }

    #[test]
    fn a_body_and_a_query_say_the_same_in_their_own_ways() {
        let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        let call = DataCall {
            query: vec![pair("a", "x"), pair("l", "1"), pair("l", "2"), pair("limit", "3")],
            ..body(r#"{"a":"x","l":["1","2"],"limit":3,"b":null}"#)
        };
        for parameters in [Parameters::of_query(&call), Parameters::of_body(&call).expect("an object")] {
            assert_eq!(parameters.text("a").expect("a text"), Some("x".to_owned()));
            assert_eq!(parameters.text("b").expect("a text"), None);
            assert_eq!(parameters.list("l").expect("a list"), Some(vec!["1".to_owned(), "2".to_owned()]));
            assert_eq!(parameters.list("none").expect("a list"), None);
            assert_eq!(parameters.number("limit", -1).expect("a number"), 3);
            assert_eq!(parameters.number("offset", 0).expect("a number"), 0);
            assert_eq!(parameters.choice("sort_order", ["asc", "desc"]).expect("a word"), "asc");
        }
    }

    #[test]
    fn a_value_of_another_kind_is_refused_by_its_name() {
        let call = body(r#"{"a":1,"l":"x","limit":"3","sort_order":"up"}"#);
        let parameters = Parameters::of_body(&call).expect("an object");
        let told = |refused: Result<(), Refusal>| refused.expect_err("refused").to_string();
        assert!(told(parameters.text("a").map(drop)).starts_with("body: a: "));
        assert!(told(parameters.list("l").map(drop)).starts_with("body: l: "));
        assert!(told(parameters.number("limit", 1).map(drop)).starts_with("body: limit: "));
        assert!(told(parameters.choice("sort_order", ["asc", "desc"]).map(drop)).starts_with("body: sort_order: "));
        assert!(Parameters::of_body(&body("[]")).is_err());
    }
}
