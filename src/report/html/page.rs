//! The page around the values: one file, without network, in which nothing but our own script is executed.

use std::fmt::Write as _;

use serde::Serialize;
use sha2::{Digest, Sha256};

/// The parts of the script, in the order in which they need each other.
const SCRIPT: [&str; 12] = [
    include_str!("assets/dom.js"),
    include_str!("assets/data.js"),
    include_str!("assets/scale.js"),
    include_str!("assets/things.js"),
    include_str!("assets/timeline.js"),
    include_str!("assets/list.js"),
    include_str!("assets/detail.js"),
    include_str!("assets/diff.js"),
    include_str!("assets/findings.js"),
    include_str!("assets/run.js"),
    include_str!("assets/matrix.js"),
    include_str!("assets/main.js"),
];

const STYLE: &str = concat!(
    include_str!("assets/tokens.css"),
    include_str!("assets/page.css"),
    include_str!("assets/timeline.css"),
    include_str!("assets/matrix.css"),
);

/// The page. `timelines` are JSON.
pub(super) fn page(view: &impl Serialize, timelines: &[String]) -> Result<String, serde_json::Error> {
    let script = script();
    // Nothing is loaded, nothing is sent; of scripts and styles only those with these digests count, and no text becomes markup.
    let policy = format!(
        "default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; base-uri 'none'; form-action 'none'; \
         require-trusted-types-for 'script'; trusted-types 'none'",
        digest(&script),
        digest(STYLE)
    );
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"referrer\" content=\"no-referrer\">\n\
         <title>quietdown</title>\n<style>{STYLE}</style>\n</head>\n<body>\n\
         <noscript>This report is drawn by its own script, which is switched off here.</noscript>\n"
    );
    let mut put = |id: &str, json: &str| {
        let _ = writeln!(page, "<script type=\"application/json\" id=\"{id}\">{}</script>", embedded(json));
    };
    put("data", &serde_json::to_string(view)?);
    for (number, timeline) in timelines.iter().enumerate() {
        put(&format!("timeline-{number}"), timeline);
    }
    let _ = write!(page, "<script>{script}</script>\n</body>\n</html>\n");
    Ok(page)
}

/// One function, so that the parts share their names and nobody else does.
fn script() -> String {
    format!("(() => {{\n\"use strict\";\n{}}})();\n", SCRIPT.concat())
}

/// JSON in which no character means anything to a browser: outside of strings there are none of these.
fn embedded(json: &str) -> String {
    let mut text = String::with_capacity(json.len() + json.len() / 64);
    for c in json.chars() {
        match c {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                let _ = write!(text, "\\u{:04x}", u32::from(c));
            }
            _ => text.push(c),
        }
    }
    text
}

/// A digest as a policy names it.
fn digest(text: &str) -> String {
    base64(&Sha256::digest(text.as_bytes()))
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let padded = [group[0], group.get(1).copied().unwrap_or(0), group.get(2).copied().unwrap_or(0)];
        let bits = padded.iter().fold(0_usize, |bits, byte| bits << 8 | usize::from(*byte));
        for digit in 0..4 {
            let there = digit <= group.len();
            text.push(if there { char::from(DIGITS[bits >> (18 - 6 * digit) & 63]) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_have_no_character_that_means_anything_to_a_browser() {
        let hostile = "</script><!--<script>&\u{2028}\u{2029}";
        let json = serde_json::to_string(hostile).expect("JSON");
        let text = embedded(&json);
        assert!(!text.contains(['<', '>', '&', '\u{2028}', '\u{2029}']), "{text}");
        assert_eq!(serde_json::from_str::<String>(&text).expect("still JSON"), hostile);
    }

    #[test]
    fn digests_are_written_as_policies_have_them() {
        assert_eq!(digest(""), "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
        assert_eq!((base64(b"a"), base64(b"ab"), base64(b"abc")), ("YQ==".into(), "YWI=".into(), "YWJj".into()));
    }

    #[test]
    fn nothing_of_ours_loads_sends_or_makes_markup_of_text() {
        let ours = script();
        for never in [
            "innerHTML",
            "outerHTML",
            "insertAdjacent",
            "document.write",
            "eval(",
            "Function(",
            "fetch(",
            "XMLHttp",
            "href",
            "import(",
        ] {
            assert!(!ours.contains(never), "{never}");
        }
        assert!(!ours.contains("</script") && !STYLE.contains("</style") && !STYLE.contains("url("));
    }
}
