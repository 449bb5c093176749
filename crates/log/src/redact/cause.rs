//! One name for the many texts that the operating system and the libraries have for one event.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;

/// Replaces OS error texts that vary for one event by its class: `<disconnected>`, `<refused>` or `<timeout>`.
///
/// What libraries put around such a text goes, and a chain of texts of the same class is one. What has no class stays.
///
/// ```
/// use quietdown_log::canonical_cause;
///
/// let one = canonical_cause("connection error: Connection reset by peer (os error 104)");
/// let other = canonical_cause("connection closed before message completed");
/// assert_eq!((one.as_str(), other.as_str()), ("<disconnected>", "<disconnected>"));
/// ```
pub fn canonical_cause(text: &str) -> String {
    let mut text = Cow::Borrowed(text);
    for (class, texts) in TEXTS.iter() {
        text = replaced(text, texts, class);
    }
    if !CLASSES.iter().any(|(class, _)| text.contains(class)) {
        return text.into_owned();
    }
    // What is around may be around each other. Nobody nests deeper, and a hostile text must not take quadratic time.
    for _ in 0..16 {
        let before = text.clone();
        for (around, by) in AROUND.iter() {
            text = replaced(text, around, by);
        }
        if text == before {
            break;
        }
    }
    text.into_owned()
}

/// The classes, and the texts that are of each, without regard to case.
const CLASSES: [(&str, &str); 3] = [
    (
        "<disconnected>",
        r"connection closed before message completed
        |operation was canceled: connection (?:closed|was not ready)
        |broken pipe
        |connection (?:was )?reset(?: by (?:the )?(?:remote )?(?:peer|host|server))?\b
        |connection (?:was )?aborted\b\.?
        |software caused connection abort
        |unexpected (?:eof|end of file)(?: during [a-z]+(?: [a-z]+)*)?\b
        |end of file before message length reached
        |peer closed connection(?: without sending (?:tls close_notify|complete message body))?
        |remote end closed connection without response
        |server disconnected(?: without sending a response\.?)?
        |\b(?:server|remote)disconnected(?:error)?\b
        |\b(?:connectionreset|connectionaborted|brokenpipe|unexpectedeof|incompletemessage|incompleteread)(?:error)?\b
        |\b(?:EPIPE|ECONNRESET|ECONNABORTED)\b",
    ),
    (
        "<refused>",
        r"connection refused
        |connect call failed
        |all connection attempts failed
        |\bconnectionrefused(?:error)?\b
        |\bECONNREFUSED\b",
    ),
    (
        "<timeout>",
        r"\b(?:operation|connection|request) timed out\b
        |deadline has elapsed
        |\b(?:connect|read|write|pool|server)?timeout(?:error|exception)\b
        |\btimedout\b
        |\bETIMEDOUT\b",
    ),
];

static TEXTS: LazyLock<[(&str, Regex); 3]> = LazyLock::new(|| {
    CLASSES.map(|(class, texts)| {
        let texts: Vec<&str> = texts.split('\n').map(str::trim).collect();
        (class, compiled(&format!("(?i){}", texts.concat())))
    })
});

/// What stands around a class, and by what both are replaced.
static AROUND: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    let mut around: Vec<(Regex, &str)> = [
        // The number of the error, before (Python) or behind (Rust).
        r"\[Errno -?\d+\] (?<c>C)",
        r"(?<c>C) \(os error \d+\)",
        r"(?<c>C)\(-?\d+, '?C'?\)",
        r#"Os \{ code: \d+, kind: (?<c>C), message: "?C"? \}"#,
        r"(?:hyper::Error|Kind|Io|Some|Err)\((?:Io, )?(?<c>C)\)",
        r"(?:client error \(\w+\)|connection error|error reading a body from connection|error writing a body to connection|error trying to connect|tcp connect error|connect error|I/O error|io error): (?<c>C)",
        r#"\\*"(?<c>C)\\*""#,
        r"\\*'(?<c>C)\\*'",
    ]
    .map(|expression| (compiled(&expression.replace('C', "(?:<disconnected>|<refused>|<timeout>)")), "$c"))
    .into();
    // Chains of causes.
    around.extend(CLASSES.map(|(class, _)| (compiled(&format!(r"{class}(?:(?:: |, | ?\(){class}\)?)+")), class)));
    around
});

fn replaced<'a>(text: Cow<'a, str>, regex: &Regex, by: &str) -> Cow<'a, str> {
    match regex.replace_all(&text, by) {
        Cow::Borrowed(_) => text,
        Cow::Owned(new) => Cow::Owned(new),
    }
}

fn compiled(expression: &str) -> Regex {
    // They are part of the program.
    Regex::new(expression).unwrap_or_else(|wrong| panic!("{wrong}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_for_one_event_become_its_class() {
        for (class, texts) in [
            (
                "<disconnected>",
                &[
                    "Connection reset by peer (os error 104)",
                    "Broken pipe (os error 32)",
                    "EPIPE",
                    "connection closed before message completed",
                    "client error (SendRequest): connection closed before message completed",
                    "client error (SendRequest): connection error: Connection reset by peer (os error 104)",
                    "connection error: Connection reset by peer (os error 104): Connection reset by peer (os error 104)",
                    "error writing a body to connection: Broken pipe (os error 32)",
                    "error reading a body from connection: unexpected EOF during chunk size line",
                    "end of file before message length reached",
                    "unexpected end of file",
                    "unexpected eof",
                    "Os { code: 104, kind: ConnectionReset, message: \"Connection reset by peer\" }",
                    "hyper::Error(IncompleteMessage)",
                    "hyper::Error(Io, Os { code: 32, kind: BrokenPipe, message: \"Broken pipe\" })",
                    "hyper::Error(Io, Kind(UnexpectedEof))",
                    "ConnectionResetError: [Errno 104] Connection reset by peer",
                    "BrokenPipeError: [Errno 32] Broken pipe",
                    "BrokenPipeError(32, 'Broken pipe')",
                    "RemoteDisconnected('Remote end closed connection without response')",
                    "ServerDisconnectedError: Server disconnected",
                    "\"Connection reset by peer (os error 104)\"",
                ][..],
            ),
            (
                "<refused>",
                &[
                    "Connection refused (os error 111)",
                    "client error (Connect): tcp connect error: Connection refused (os error 111)",
                    "ECONNREFUSED",
                    "ConnectionRefusedError: [Errno 111] Connection refused",
                    "Os { code: 111, kind: ConnectionRefused, message: \"Connection refused\" }",
                ],
            ),
            (
                "<timeout>",
                &[
                    "operation timed out",
                    "deadline has elapsed",
                    "Connection timed out (os error 110)",
                    "ETIMEDOUT",
                    "TimeoutError",
                    "client error (Connect): tcp connect error: Connection timed out (os error 110)",
                ],
            ),
        ] {
            for text in texts {
                assert_eq!(canonical_cause(text), class, "{text}");
                let field = format!("request failed cause={text:?} call=\"a\"");
                let said = canonical_cause(&field);
                assert!(said.ends_with(" call=\"a\"") && said.contains(class), "{field}\n{said}");
                assert_eq!(canonical_cause(&said), said, "not final");
            }
        }
    }

    #[test]
    fn other_texts_stay() {
        for text in [
            "",
            "the connection is fine",
            "invalid HTTP version parsed",
            "No such file or directory (os error 2)",
            "timeout=300ms",
            "request-timeout",
            "EOF while parsing a value at line 1 column 0",
            "a \"quoted\" text",
            "unexpectedly",
        ] {
            assert_eq!(canonical_cause(text), text);
        }
    }

    #[test]
    fn quotes_around_a_class_go() {
        assert_eq!(
            canonical_cause(r#"cause="Connection reset by peer (os error 104)" call="x""#),
            r#"cause=<disconnected> call="x""#
        );
        assert_eq!(canonical_cause(r#"{"cause":"Broken pipe"}"#), r#"{"cause":<disconnected>}"#);
    }
}
