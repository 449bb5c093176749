//! Heads that no format of the table describes: a time and a level, with target and thread in any order, in brackets or
//! not. Prose has times and the words for levels too, so both must stand where logs have them.

use super::template::Sight;
use super::{Head, Rest, level};
use crate::Level;

/// How far into the line the level may be.
const REACH: usize = 160;
/// How many parts there may be before the message.
const PARTS: usize = 12;
/// How many words may stand before the level that are neither names with a sign in them nor numbers.
const WORDS: usize = 1;

/// What was found so far.
#[derive(Debug, Default)]
struct Found<'l> {
    timed: bool,
    level: Option<Level>,
    target: Option<&'l str>,
    thread: Option<&'l str>,
    words: usize,
    /// How many of them have no colon behind them.
    loose: usize,
}

/// `TIME LEVEL target: message`, `[LEVEL] TIME [thread] target - message`, `[TIME LEVEL target] message`,
/// `TIME [thread/LEVEL] message`, and whatever is like these.
pub(super) fn parse<'l>(line: &Sight<'l>) -> Option<Head<'l>> {
    let text = line.text;
    let bytes = text.as_bytes();
    if !may_be(bytes) {
        return None;
    }
    let mut found = Found::default();
    let mut at = 0;
    // Without a time, what is said in brackets, or how it is set apart, must be enough.
    let mut certain = false;
    for _ in 0..PARTS {
        at += separators(&bytes[at..]);
        if at >= bytes.len() {
            break;
        }
        if at > REACH {
            return None;
        }
        if !found.timed
            && let Some(end) = line.moment(at).filter(|end| ends_part(bytes, *end))
        {
            (found.timed, at) = (true, end);
            continue;
        }
        if let Some((inside, end)) = group(text, at) {
            if found.level.is_some() && !name_in_brackets(inside) {
                break;
            }
            let begins = at == 0;
            let before = found.level;
            if !in_group(inside, &mut found) {
                break;
            }
            certain |= begins && before.is_none() && found.level.is_some() && sure_in_brackets(inside, bytes.get(end));
            at = end;
            continue;
        }
        let Some(next) = word(text, at, &mut found, &mut certain) else { break };
        at = next;
    }
    if found.level.is_none() || !(found.timed || certain) {
        return None;
    }
    let message = text[at..].trim_start_matches([' ', '\t']);
    let message = ["- ", ": ", "| ", "> ", "-- "].iter().find_map(|sign| message.strip_prefix(sign)).unwrap_or(message);
    Some(Head { level: found.level, target: found.target, thread: found.thread, rest: Rest::Pairs(message) })
}

/// Whether a line has enough digits for a time, or begins as only a level in front does. This rules most prose out.
fn may_be(bytes: &[u8]) -> bool {
    let window = &bytes[..bytes.len().min(3 * REACH)];
    let digits = || window.iter().filter(|byte| byte.is_ascii_digit()).count();
    match bytes {
        [b'[' | b'(' | b'<' | b'{', ..] => true,
        [first, second, ..] if first.is_ascii_uppercase() && second.is_ascii_uppercase() => true,
        _ => digits() >= 6,
    }
}

/// How many bytes are between two parts: spaces and what sets them apart.
fn separators(bytes: &[u8]) -> usize {
    let blank = |at: usize| bytes.get(at).is_none_or(|byte| matches!(byte, b' ' | b'\t'));
    let mut at = 0;
    loop {
        match bytes.get(at) {
            Some(b' ' | b'\t' | b'|') => at += 1,
            Some(b'-') if blank(at + 1) => at += 1,
            Some(b'-') if bytes.get(at + 1) == Some(&b'-') && blank(at + 2) => at += 2,
            Some(b':' | b',' | b';') if blank(at + 1) || bytes.get(at + 1) == Some(&b'[') => at += 1,
            _ => return at,
        }
    }
}

fn ends_part(bytes: &[u8], end: usize) -> bool {
    bytes.get(end).is_none_or(|byte| matches!(byte, b' ' | b'\t' | b'|' | b':' | b',' | b'[' | b']'))
}

/// What is in the brackets that open here, and where they end.
fn group(text: &str, at: usize) -> Option<(&str, usize)> {
    let close = match text.as_bytes()[at] {
        b'[' => b']',
        b'(' => b')',
        b'<' => b'>',
        b'{' => b'}',
        _ => return None,
    };
    let length = text.as_bytes()[at + 1..].iter().take(REACH).position(|byte| *byte == close)?;
    let inside = &text[at + 1..at + 1 + length];
    (!inside.contains('"')).then_some((inside.trim(), at + length + 2))
}

/// What follows the level in brackets is a name, or a number, or the message already.
fn name_in_brackets(inside: &str) -> bool {
    inside.len() <= 100 && !inside.contains(' ') && !inside.contains('=')
}

/// Whether brackets at the very beginning hold a level as only logs write it.
fn sure_in_brackets(inside: &str, next: Option<&u8>) -> bool {
    const SMALL: [&str; 8] = ["info", "error", "warn", "warning", "debug", "trace", "critical", "fatal"];
    let upper = inside.len() > 2 && inside.bytes().all(|byte| byte.is_ascii_uppercase());
    (upper || SMALL.contains(&inside)) && next.is_none_or(|byte| matches!(byte, b' ' | b'\t' | b':' | b'['))
}

/// Takes what is in brackets; gives whether it can be part of a head.
fn in_group<'l>(inside: &'l str, found: &mut Found<'l>) -> bool {
    if found.level.is_none()
        && let Some(level) = in_brackets(inside)
    {
        found.level = Some(level);
        return true;
    }
    let sight = Sight::new(inside);
    let mut rest = inside;
    if !found.timed
        && let Some(end) = sight.moment(0).filter(|end| ends_part(inside.as_bytes(), *end))
    {
        found.timed = true;
        rest = inside[end..].trim_start_matches([':', ' ', '|', ',']);
    }
    if found.level.is_none() {
        // `main/INFO`, `core:error`, `INFO target`, `E 22:00:00 web:123`.
        let mut parts = rest.split(['/', ' ', ':', '|', ',']).filter(|part| !part.is_empty());
        let whole = rest.split(['/', ' ', ':', '|', ',']).filter(|part| !part.is_empty()).count();
        let told = parts.find(|part| is_upper(part) && level(part).is_some());
        let last = rest.rsplit(['/', ':']).next().filter(|last| whole == 2 && !last.contains(' '));
        let told = told.or_else(|| last.filter(|last| last.len() > 3 && level(last).is_some()));
        if let Some(told) = told {
            found.level = level(told);
            let at = told.as_ptr() as usize - rest.as_ptr() as usize;
            let (before, after) = (rest[..at].trim_end_matches(['/', ' ', ':', '|', ',']), &rest[at + told.len()..]);
            let mut after = after.trim_start_matches(['/', ' ', ':', '|', ',']);
            if !found.timed
                && let Some(end) = Sight::new(after).moment(0)
            {
                found.timed = true;
                after = after[end..].trim_start();
            }
            if !after.is_empty() && !after.contains(' ') {
                found.target = found.target.or(Some(after));
            }
            if !before.is_empty() {
                found.thread = found.thread.or(Some(before));
            }
            return true;
        }
    }
    let rest = rest.trim();
    if rest.is_empty() || rest.bytes().all(|byte| byte.is_ascii_digit()) {
        return true;
    }
    let dotted = !rest.contains(' ') && (rest.contains('.') || rest.contains("::"));
    match (dotted || found.thread.is_some(), found.target) {
        (true, None) => found.target = Some(rest),
        _ => found.thread = found.thread.or(Some(rest)),
    }
    true
}

/// A level that is all that brackets hold; a single letter is one there.
fn in_brackets(inside: &str) -> Option<Level> {
    let word = inside.trim_end_matches(|c: char| c.is_ascii_digit());
    (!word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphabetic())).then(|| level(word)).flatten()
}

fn is_upper(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_uppercase())
}

/// Takes a word; gives where it ends, or nothing when the message begins with it.
fn word<'l>(text: &'l str, at: usize, found: &mut Found<'l>, certain: &mut bool) -> Option<usize> {
    let bytes = text.as_bytes();
    let length = bytes[at..].iter().take_while(|byte| !matches!(byte, b' ' | b'\t' | b'|')).count();
    let whole = &text[at..at + length];
    let letters = bytes[at..].iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
    let (name, sign) = (&text[at..at + letters], bytes.get(at + letters));
    if found.level.is_none()
        && let Some(known) = level(name)
    {
        let upper = is_upper(name) && (letters > 1 || matches!(sign, Some(b'|')) || text[at + 1..].starts_with(" |"));
        let follows = &text[at + letters..];
        let padded = follows.starts_with("  ") || follows.starts_with('\t') || follows.starts_with(" |");
        let colon = matches!(sign, Some(b':')) && follows[1..].starts_with([' ', '\t', '[']) || follows == ":";
        let apart = match sign {
            None | Some(b' ' | b'\t' | b'|') => upper || found.timed && padded,
            // In a sentence `error:` follows other words.
            Some(b':') => upper || found.timed && letters > 2 && found.loose == 0 && colon,
            Some(b'/') => upper || found.timed && letters > 3,
            Some(b'[' | b']' | b',' | b';' | b'(') => upper,
            _ => false,
        };
        if apart {
            found.level = Some(known);
            let set_apart = [" | ", " - ", "\t", " ["].iter().any(|sign| follows.starts_with(sign)) || padded;
            *certain |= at == 0 && upper && letters > 3 && set_apart;
            return Some(at + letters + usize::from(colon));
        }
    }
    if found.level.is_some() {
        // What follows a level is a name with a colon or a dash behind it, or else the message.
        if found.target.is_some() {
            return None;
        }
        let name = whole.strip_suffix(':').filter(|name| is_name(name));
        let dashed = text[at + length..].starts_with(" - ") && is_name(whole) && whole.contains(['.', ':', '_']);
        let piped = text[at + length..].trim_start().starts_with("| ") && is_name(whole);
        found.target = Some(name.or_else(|| (dashed || piped).then_some(whole))?);
        return Some(at + length);
    }
    let number = whole.bytes().all(|byte| byte.is_ascii_hexdigit() || b"-#.".contains(&byte));
    if number {
        return Some(at + length);
    }
    let plain = whole.bytes().all(|byte| byte.is_ascii_alphabetic() || b",.'!?".contains(&byte));
    found.loose += usize::from(!whole.ends_with(':'));
    found.words += usize::from(plain) * 2 + usize::from(!plain);
    // Before the level only names may stand, and without a time in front of them none at all.
    // A name may come first of all; then a time must follow.
    if !found.timed && at > 0 || found.words > WORDS + 2 || whole.contains(['"', '=']) && found.words > 2 {
        return None;
    }
    if whole.contains('=') {
        found.words -= 1;
    } else {
        found.target = found.target.or(Some(whole.trim_end_matches(':')));
    }
    Some(at + length)
}

fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 120
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-:/#$<>()@".contains(&byte))
        && !name.bytes().all(|byte| byte.is_ascii_digit())
}
