//! Replaces what differs from run to run by names that keep identity.

use std::collections::BTreeMap;

use regex::Regex;

/// Gives the same name to the same value, everywhere in a transcript.
#[derive(Debug, Clone)]
pub struct Redactor {
    ids: Vec<(String, Regex)>,
    shapes: Vec<(Regex, &'static str)>,
    /// Values with their names; the longest first, so that no part of one is taken for another.
    values: Vec<(String, String)>,
    counts: BTreeMap<String, usize>,
}

/// What is the same event and has many texts.
const CAUSES: [(&str, &str); 3] = [
    (r"(?i)[^:=]*(connection refused|\(os error 111\))[^,;]*", "<refused>"),
    (
        r"(?i)[^:=]*(connection reset|broken pipe|connection closed|unexpected eof|unexpected end of file|incomplete ?message|closed before|\(os error (104|32)\))[^,;]*",
        "<disconnected>",
    ),
    (r"(?i)[^:=]*(timed out|deadline has elapsed|\(os error 110\))[^,;]*", "<timeout>"),
];

const SHAPES: [(&str, &str); 7] = [
    (r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?", "<time>"),
    (r"\b1[5-9]\d{8}\.\d+\b", "<time>"),
    (r"(?:\b127(?:\.\d{1,3}){3}|\blocalhost|\[::1\]):\d{1,5}\b", "<address>"),
    (r"\b\d+(?:\.\d+)?(?:ns|µs|us|ms|s)\b", "<duration>"),
    (r"\bpid[= ]\d+\b", "pid=<pid>"),
    (r"\b0x[0-9a-f]{6,16}\b", "<pointer>"),
    (r"/tmp/[A-Za-z0-9._/-]+", "<path>"),
];

const UUID: &str = r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b";

impl Redactor {
    /// Replaces identifiers of these shapes: the name of each kind, and the regular expression of its shape.
    ///
    /// # Errors
    /// When an expression is wrong.
    pub fn new(ids: &BTreeMap<String, String>) -> Result<Self, String> {
        let compile = |expression: &str| Regex::new(expression).map_err(|why| why.to_string());
        let mut known = Vec::new();
        for (name, shape) in ids {
            known.push((name.clone(), compile(shape)?));
        }
        known.push(("uuid".to_owned(), compile(UUID)?));
        let shapes = SHAPES
            .iter()
            .chain(&CAUSES)
            .map(|(shape, name)| Ok((compile(shape)?, *name)))
            .collect::<Result<_, String>>()?;
        Ok(Self { ids: known, shapes, values: Vec::new(), counts: BTreeMap::new() })
    }

    /// Fixes the name of a value.
    pub fn name(&mut self, value: &str, name: &str) {
        if value.is_empty() || self.values.iter().any(|(known, _)| known == value) {
            return;
        }
        let at = self.values.partition_point(|(known, _)| known.len() >= value.len());
        self.values.insert(at, (value.to_owned(), name.to_owned()));
    }

    /// Numbers the identifiers in a text, in the order in which they stand there.
    pub fn learn(&mut self, text: &str) {
        let mut found: Vec<(usize, String, String)> = Vec::new();
        for (kind, shape) in &self.ids {
            found.extend(shape.find_iter(text).map(|hit| (hit.start(), kind.clone(), hit.as_str().to_owned())));
        }
        found.sort();
        for (_, kind, value) in found {
            if !self.values.iter().any(|(known, _)| *known == value) {
                let count = self.counts.entry(kind.clone()).or_default();
                *count += 1;
                let name = format!("<{kind}-{count}>");
                self.name(&value, &name);
            }
        }
    }

    /// The text with every value replaced. What was redacted stays as it is when it is redacted again.
    pub fn redact(&mut self, text: &str) -> String {
        self.learn(text);
        let mut text = text.to_owned();
        for (value, name) in &self.values {
            if text.contains(value.as_str()) {
                text = text.replace(value.as_str(), name);
            }
        }
        for (shape, name) in &self.shapes {
            if shape.is_match(&text) {
                text = shape.replace_all(&text, *name).into_owned();
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redactor() -> Redactor {
        Redactor::new(&BTreeMap::from([("rollout".to_owned(), "ro-[0-9a-f]{12}".to_owned())])).expect("shapes")
    }

    #[test]
    fn identity_is_kept_and_the_order_of_learning_counts() {
        let mut redactor = redactor();
        redactor.name("/tmp/runs/x-1", "<run>");
        redactor.learn("ro-bbbbbbbbbbbb then ro-aaaaaaaaaaaa");
        assert_eq!(
            redactor.redact("a=ro-aaaaaaaaaaaa b=ro-bbbbbbbbbbbb c=ro-cccccccccccc in /tmp/runs/x-1/db"),
            "a=<rollout-2> b=<rollout-1> c=<rollout-3> in <run>/db"
        );
    }

    #[test]
    fn shapes_and_causes() {
        let mut redactor = redactor();
        let cases = [
            (
                "addr=127.0.0.1:4444 took 12.5ms at 2026-11-25T03:11:22.1Z pid 77",
                "addr=<address> took <duration> at <time> pid=<pid>",
            ),
            ("cause=Connection reset by peer (os error 104)", "cause=<disconnected>"),
            ("cause=connection closed before message completed", "cause=<disconnected>"),
            ("cause=tcp connect error: Connection refused (os error 111)", "cause=tcp connect error:<refused>"),
            ("nothing to do", "nothing to do"),
        ];
        for (text, wanted) in cases {
            let once = redactor.redact(text);
            assert_eq!(once, wanted);
            assert_eq!(redactor.redact(&once), once, "idempotent");
        }
    }
}
