//! Secrets in texts: found by what stands before them, by their values or by patterns, and replaced by names.

use std::borrow::Cow;
use std::collections::HashMap;

use regex::{Captures, Regex};

use super::ExpressionError;

/// What may stand between a name and its value, or around either: quotes, escaped quotes, a terminal's colours.
const AROUND: &str = r#"(?:\x1b\[[0-9;]*m|\\*["'])*"#;

/// Where a name begins; a terminal's colour ends with a letter.
const START: &str = r"(?:\b|\x1b\[[0-9;]*m)";

/// Words that stand where a secret would, and are none.
const NO_SECRETS: [&str; 12] = [
    "none",
    "null",
    "nil",
    "true",
    "false",
    "undefined",
    "redacted",
    "required",
    "missing",
    "invalid",
    "failed",
    "denied",
];

/// The least length of a value that is looked for wherever it stands: shorter ones are words.
const VALUE: usize = 6;

/// Finds secrets in texts and gives each a name, the same one wherever it stands: `<secret-1>`.
///
/// Found are credentials of `Authorization` headers and behind `Bearer`, cookies, values of names such as `password` and
/// `api_key`, passwords in URLs, private keys in PEM, the values that were given, and what the given patterns match (their group 1,
/// if they have one). Masking twice is masking once.
///
/// ```
/// use quietdown_log::Secrets;
///
/// let mut secrets = Secrets::new(["tok_[a-z0-9]+"], ["hunter-two"])?;
/// assert_eq!(secrets.mask("Authorization: Bearer abc123, tok_9f as hunter-two"), "Authorization: Bearer <secret-3>, <secret-2> as <secret-1>");
/// assert_eq!(secrets.mask("tok_9f"), "<secret-2>");
/// # Ok::<(), quietdown_log::ExpressionError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Secrets {
    known: &'static Known,
    /// What was given: patterns and values.
    given: Option<regex::bytes::Regex>,
    own: Vec<Regex>,
    values: Option<Regex>,
    names: HashMap<String, String>,
}

/// What is known of all secrets. It is compiled once: that takes longer than many a run.
#[derive(Debug)]
struct Known {
    /// Whether a text can have any: most have none, and are looked at only once.
    hint: regex::bytes::Regex,
    /// Each with the secret as a group.
    rules: Vec<Regex>,
    /// The name of a field whose value is one.
    field: Regex,
}

/// Names whose values are secrets.
const NAMES: &str = r"[\w.-]*(?:password|passwd|passphrase|secret|api[_-]?key|access[_-]?key|private[_-]?key|access[_-]?token|refresh[_-]?token|auth[_-]?token|client[_-]?secret)";

impl Secrets {
    /// Looks for what these patterns match, for these values, and for what is known by what stands before it.
    ///
    /// # Errors
    /// What is wrong with a pattern.
    pub fn new<P: AsRef<str>, V: AsRef<str>>(
        patterns: impl IntoIterator<Item = P>,
        values: impl IntoIterator<Item = V>,
    ) -> Result<Self, ExpressionError> {
        let own: Vec<String> = patterns.into_iter().map(|pattern| pattern.as_ref().to_owned()).collect();
        let mut values: Vec<String> = values
            .into_iter()
            .map(|value| value.as_ref().trim().to_owned())
            .filter(|value| value.len() >= VALUE && !NO_SECRETS.contains(&value.to_lowercase().as_str()))
            .map(|value| regex::escape(&value))
            .collect();
        // The longest first: another may be its beginning.
        values.sort_by_key(|value| std::cmp::Reverse(value.len()));
        values.dedup();
        let any: Vec<&str> = own.iter().chain(&values).map(String::as_str).collect();
        let given = any.iter().map(|pattern| format!("(?:{pattern})")).collect::<Vec<_>>().join("|");
        Ok(Self {
            known: known()?,
            given: (!any.is_empty()).then(|| regex::bytes::Regex::new(&given)).transpose()?,
            own: own.iter().map(|pattern| Regex::new(pattern)).collect::<Result<_, _>>()?,
            values: (!values.is_empty()).then(|| Regex::new(&values.join("|"))).transpose()?,
            names: HashMap::new(),
        })
    }

    /// Whether there may be one in these bytes: false means that there is none.
    pub fn may_be_in(&self, bytes: &[u8]) -> bool {
        self.known.hint.is_match(bytes) || self.given.as_ref().is_some_and(|given| given.is_match(bytes))
    }

    /// Whether the value of a field of this name is one, as it is.
    pub fn is_name(&self, field: &str) -> bool {
        self.known.field.is_match(field)
    }

    /// The name of a secret.
    pub fn name(&mut self, secret: &str) -> String {
        let next = self.names.len() + 1;
        self.names.entry(secret.to_owned()).or_insert_with(|| format!("<secret-{next}>")).clone()
    }

    /// The text with names in place of secrets.
    pub fn mask<'t>(&mut self, text: &'t str) -> Cow<'t, str> {
        if !self.may_be_in(text.as_bytes()) {
            return Cow::Borrowed(text);
        }
        let mut masked = Cow::Borrowed(text);
        let rules: Vec<(Regex, bool)> = self
            .values
            .iter()
            .chain(&self.own)
            .map(|rule| (rule.clone(), true))
            .chain(self.known.rules.iter().map(|rule| (rule.clone(), false)))
            .collect();
        for (rule, is_certain) in rules {
            let replaced = rule.replace_all(&masked, |found: &Captures<'_>| {
                let whole = found.get(0).map_or("", |it| it.as_str());
                let Some(secret) = found
                    .get(1)
                    .or(found.get(0))
                    .filter(|it| is_certain && !is_masked(it.as_str()) || is_secret(it.as_str()))
                else {
                    return whole.to_owned();
                };
                let from = found.get(0).map_or(0, |it| it.start());
                let (before, after) = (&whole[..secret.start() - from], &whole[secret.end() - from..]);
                format!("{before}{}{after}", self.name(secret.as_str()))
            });
            if let Cow::Owned(replaced) = replaced {
                masked = Cow::Owned(replaced);
            }
        }
        masked
    }

    /// As [`mask`](Self::mask), for bytes that may be no UTF-8. Those in which nothing is masked stay as they are.
    pub fn mask_bytes<'t>(&mut self, bytes: &'t [u8]) -> Cow<'t, [u8]> {
        if !self.may_be_in(bytes) {
            return Cow::Borrowed(bytes);
        }
        let text = String::from_utf8_lossy(bytes);
        match self.mask(&text) {
            Cow::Borrowed(_) => Cow::Borrowed(bytes),
            Cow::Owned(masked) if masked == text => Cow::Borrowed(bytes),
            Cow::Owned(masked) => Cow::Owned(masked.into_bytes()),
        }
    }
}

fn known() -> Result<&'static Known, regex::Error> {
    static KNOWN: std::sync::OnceLock<Result<Known, regex::Error>> = std::sync::OnceLock::new();
    KNOWN.get_or_init(Known::new).as_ref().map_err(Clone::clone)
}

impl Known {
    fn new() -> Result<Self, regex::Error> {
        let separator = format!(r#"(?:{AROUND}[ \t]*(?:[:=]|=>)[ \t]*|["'][ \t]*,[ \t]*)(?:b["'])?{AROUND}"#);
        let rules = [
            format!(r#"(?i){START}authorization{separator}(?:digest|aws4-hmac-sha256)[ \t]+([^"'\r\n\x1b]+)"#),
            format!(
                r#"(?i){START}authorization{separator}(?:(?:bearer|basic|token|negotiate|apikey)[ \t]+)?([^\s"'\\,;)}}\]\x1b]+)"#
            ),
            // A word is none.
            r"(?i)\bbearer[ \t]+([a-z0-9._~+/-]{16,}=*|[a-z._~+/-]*[0-9][a-z0-9._~+/-]{2,}=*)".to_owned(),
            format!(
                r#"(?i){START}cookie2?{separator}([^\s;,"'\\\x1b=]+=[^\s;,"'\\\x1b]*(?:;[ \t]*[^\s;,"'\\\x1b]+)*)"#
            ),
            format!(r#"(?i){START}{NAMES}{AROUND}[ \t]*=[ \t]*(?:b["'])?{AROUND}([^\s"'\\,;&)}}\]\x1b]{{3,}})"#),
            format!(r#"(?i){START}{NAMES}\\*["'][ \t]*:[ \t]*\\*["']([^"'\\\r\n]{{3,}})"#),
            r#"(?i)\bx-api-key[ \t]*:[ \t]*([^\s"'\\,;]+)"#.to_owned(),
            r#"://[^/\s:@"']*:([^@/\s"']+)@"#.to_owned(),
            r"-----BEGIN [A-Z ]*PRIVATE KEY-----(?:\\n|\s)*([A-Za-z0-9+/=\s\\]{16,})".to_owned(),
        ];
        Ok(Self {
            hint: regex::bytes::Regex::new(
                "(?i)authorization|bearer|cookie|passw|passphrase|secret|api.?key|access.?key|private.?key|.token|://[^/\\s@]*@",
            )?,
            rules: rules.iter().map(|rule| Regex::new(rule)).collect::<Result<_, _>>()?,
            field: Regex::new(&format!("(?i)^(?:{NAMES}|(?:proxy-)?authorization|(?:set-)?cookie|x-api-key)$"))?,
        })
    }
}

fn is_masked(text: &str) -> bool {
    text.starts_with("<secret-") && text.ends_with('>')
}

/// Whether what stands in the place of a secret is one: no variable, no word that says that there is none, and not masked already.
fn is_secret(text: &str) -> bool {
    let scheme = ["bearer", "basic", "digest", "token", "negotiate", "authentication", "authorization"];
    let lower = text.trim_end_matches(['.', ':']).to_lowercase();
    let hidden = text.chars().all(|c| "*x.-_<>[]".contains(c));
    !(text.starts_with("${")
        || text.contains("<secret-")
        || hidden
        || NO_SECRETS.contains(&lower.as_str())
        || scheme.contains(&lower.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(text: &str) -> String {
        Secrets::new([] as [&str; 0], [] as [&str; 0]).expect("rules").mask(text).into_owned()
    }

    #[test]
    fn credentials_are_masked_however_they_are_written_and_nothing_beside_them() {
        for (text, wanted) in [
            ("Authorization: Bearer abc.DEF-123", "Authorization: Bearer <secret-1>"),
            ("> authorization: Basic dXNlcjpwYXNz", "> authorization: Basic <secret-1>"),
            (r#"{"authorization": "Bearer abc123", "a": 1}"#, r#"{"authorization": "Bearer <secret-1>", "a": 1}"#),
            (r#"{\"Authorization\":\"abc123\"}"#, r#"{\"Authorization\":\"<secret-1>\"}"#),
            ("{'Authorization': 'Bearer abc123'}", "{'Authorization': 'Bearer <secret-1>'}"),
            ("[(b'authorization', b'Bearer abc123')]", "[(b'authorization', b'Bearer <secret-1>')]"),
            ("authorization=Bearer abc123 level=info", "authorization=Bearer <secret-1> level=info"),
            ("Authorization: Digest username=u, response=1f", "Authorization: Digest <secret-1>"),
            ("Cookie: sid=abc; theme=dark", "Cookie: <secret-1>"),
            ("\"set-cookie\": \"sid=abc; Path=/\" to a", "\"set-cookie\": \"<secret-1>\" to a"),
            (
                "\u{1b}[3mcookie\u{1b}[0m\u{1b}[2m=\u{1b}[0msid=abc x",
                "\u{1b}[3mcookie\u{1b}[0m\u{1b}[2m=\u{1b}[0m<secret-1> x",
            ),
            ("calling with bearer 0a1b2c3d4e", "calling with bearer <secret-1>"),
            ("DB_PASSWORD=hunter2 PORT=1", "DB_PASSWORD=<secret-1> PORT=1"),
            (r#"{"password":"two words","n":1}"#, r#"{"password":"<secret-1>","n":1}"#),
            ("GET /a?api_key=k123&b=1", "GET /a?api_key=<secret-1>&b=1"),
            ("postgres://u:p4ss@db:5432/x", "postgres://u:<secret-1>@db:5432/x"),
            ("a token=abc", "a token=abc"),
        ] {
            assert_eq!(masked(text), wanted);
            assert_eq!(masked(wanted).replace("<secret-2>", "<secret-1>"), wanted, "masked twice");
        }
    }

    #[test]
    fn words_about_secrets_are_none() {
        for text in [
            "bearer authentication required",
            "authorization: denied",
            "Authorization = \"${saved.token}\"",
            "password=*****",
            "password: wrong",
            "cookie: none",
            "the cookie, a secret, and the authorization",
            "http://127.0.0.1:8080/a@b",
        ] {
            assert_eq!(masked(text), text);
        }
    }

    #[test]
    fn values_and_patterns_are_found_anywhere_and_the_same_secret_has_the_same_name() {
        let mut secrets =
            Secrets::new(["card=(\\d+)", "tok_\\w+"], ["s3cr3t/+", "s3cr3t/+longer", "short", "true"]).expect("rules");
        let text = "x s3cr3t/+longer y s3cr3t/+ card=4711 tok_a short true";
        assert_eq!(secrets.mask(text), "x <secret-1> y <secret-2> card=<secret-3> <secret-4> short true");
        assert_eq!(secrets.mask("s3cr3t/+"), "<secret-2>");
        assert_eq!(secrets.mask_bytes(b"\xff tok_a").as_ref(), "\u{fffd} <secret-4>".as_bytes());
        assert!(matches!(secrets.mask_bytes(b"\xff plain"), Cow::Borrowed(_)));
        assert!(Secrets::new(["("], [] as [&str; 0]).is_err());
    }
}
