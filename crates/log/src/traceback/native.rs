//! What the runtimes of C, C++ and Rust, and the sanitizers, say when they abort.

use super::super::{Language, Traceback};
use super::{Before, Begun, begun, indent, said, say};
use crate::search::Cut;

const TERMINATE: &str = "terminate called ";

/// How messages of the C library begin.
const GLIBC: [&str; 14] = [
    "double free or corruption",
    "free(): ",
    "malloc(): ",
    "realloc(): ",
    "calloc(): ",
    "malloc_consolidate(): ",
    "munmap_chunk(): invalid pointer",
    "corrupted size vs. prev_size",
    "corrupted double-linked list",
    "break adjusted to free malloc space",
    "pure virtual method called",
    "*** Error in `",
    "Aborted (core dumped)",
    "Segmentation fault (core dumped)",
];

/// How messages of Rust's runtime begin that end without a panic.
const RUST: [&str; 3] =
    ["fatal runtime error: ", "thread panicked while processing panic. aborting.", "memory allocation of "];

pub(super) fn begin(line: &str) -> Option<Begun> {
    let text = line.trim_end();
    if let Some(begun) = sanitizer(text).or_else(|| assertion(text)).or_else(|| undefined(text)) {
        return Some(begun);
    }
    if let Some((_, signal)) = text.cut(" - mysqld got ").or_else(|| text.cut(" [ERROR] mysqld got ")) {
        let signal = signal.trim_end_matches([';', ' ']);
        let machine = NativeTraceback { server: true, ..NativeTraceback::default() };
        let mut begun = begun(super::Machine::Native(machine), Language::Native, true);
        said(&mut begun.traceback, signal, text);
        return Some(begun);
    }
    if let Some((name, message)) = uncaught(text) {
        let mut begun = begun(super::Machine::Native(NativeTraceback::default()), Language::Native, true);
        said(&mut begun.traceback, name, message);
        return Some(begun);
    }
    let language = language(text)?;
    let mut begun = begun(super::Machine::Native(NativeTraceback::default()), language, true);
    let traceback = &mut begun.traceback;
    if let Some(what) = text.strip_prefix(TERMINATE) {
        let thrown = what.split('\'').nth(1);
        traceback.exception = Some(thrown.unwrap_or("terminate").to_owned());
        if thrown.is_none() {
            say(traceback, text);
        }
    } else {
        let fault = text.starts_with("Segmentation fault") || text.holds(" Segmentation fault ");
        let what = match (overflow(text), fault) {
            (true, _) => "stack overflow",
            (_, true) => "segmentation fault",
            _ => "abort",
        };
        traceback.exception = Some(what.to_owned());
        say(traceback, text);
    }
    Some(begun)
}

/// `crashed by signal: 11, si_code: 1`, as redis says.
pub(super) fn crashed(text: &str) -> Begun {
    let number: String =
        text.trim_start_matches("crashed by signal: ").chars().take_while(char::is_ascii_digit).collect();
    let mut begun = super::debugger::of_redis();
    said(&mut begun.traceback, &["signal ", &number].concat(), text);
    begun
}

/// `=== ASSERTION FAILED ===`, as redis says: what failed comes in the next line.
pub(super) fn asserted() -> Begun {
    let mut begun = super::debugger::of_redis();
    said(&mut begun.traceback, "assertion", "");
    begun
}

/// `=== REDIS BUG REPORT START: Cut & paste starting from here ===`
pub(super) fn begin_bug_report(line: &str) -> Option<Begun> {
    let (name, _) = line.trim().strip_prefix("=== ")?.split_once(" BUG REPORT START")?;
    if !matches!(name, "REDIS" | "VALKEY" | "KEYDB" | "SENTINEL") {
        return None;
    }
    let mut begun = super::debugger::of_redis();
    said(&mut begun.traceback, "crash", "");
    begun.alone = true;
    Some(begun)
}

/// A heading that stands under a ruler: the ruler belongs to it.
pub(super) fn with_ruler(begun: &mut Begun, before: Before<'_, '_>) {
    let ruler = before(0).is_some_and(|line| line.len() >= 18 && line.bytes().all(|byte| byte == b'='));
    let signal = ruler && before(1) == Some("AddressSanitizer:DEADLYSIGNAL");
    begun.before += usize::from(ruler) + usize::from(signal);
}

/// Whose message it is, if it is one.
fn language(text: &str) -> Option<Language> {
    let first = text.as_bytes().first()?;
    let known = |list: &[&str]| list.iter().any(|begin| begin.as_bytes()[0] == *first && text.starts_with(begin));
    if known(&RUST) && (!text.starts_with("memory") || text.ends_with(" bytes failed")) || overflow(text) {
        return Some(Language::Rust);
    }
    let after_throwing = text.starts_with("terminate called after throwing an instance of ");
    let native = known(&GLIBC)
        || after_throwing
        || text == "terminate called without an active exception"
        || text == "terminate called recursively"
        || text == "Segmentation fault"
        || (text.starts_with("*** ") && text.ends_with(" detected ***: terminated"))
        || of_shell(text);
    native.then_some(Language::Native)
}

/// `bash: line 1:  6621 Segmentation fault      ./program`, as a shell tells how its child ended.
fn of_shell(text: &str) -> bool {
    let ended = ["Segmentation fault ", "Aborted ", "Bus error ", "Illegal instruction "];
    text.cut(": line ").and_then(|(_, rest)| rest.cut(": ")).is_some_and(|(number, rest)| {
        let rest = rest.trim_start().trim_start_matches(|c: char| c.is_ascii_digit()).trim_start();
        number.bytes().all(|byte| byte.is_ascii_digit()) && ended.iter().any(|ended| rest.starts_with(ended))
    })
}

/// `thread 'x' has overflowed its stack`, also with the thread's id.
fn overflow(text: &str) -> bool {
    text.starts_with("thread '") && text.ends_with(" has overflowed its stack")
}

/// `==123==ERROR: AddressSanitizer: heap-use-after-free on address …`, `WARNING: ThreadSanitizer: data race (pid=1)`
fn sanitizer(text: &str) -> Option<Begun> {
    if !text.starts_with(['=', 'W', 'F']) {
        return None;
    }
    let rest = match text.strip_prefix("==") {
        Some(rest) => rest.trim_start_matches(|c: char| c.is_ascii_digit()).strip_prefix("==")?,
        None => text,
    };
    let rest = ["ERROR: ", "WARNING: ", "FATAL: "].iter().find_map(|kind| rest.strip_prefix(kind))?;
    let (tool, message) = rest.cut(": ")?;
    if !tool.ends_with("Sanitizer") || tool.contains(' ') {
        return None;
    }
    let end = [" on ", " (", ": ", " 0x"].iter().filter_map(|end| message.find(end)).min().unwrap_or(message.len());
    let machine = NativeTraceback { report: true, ..NativeTraceback::default() };
    let mut begun = begun(super::Machine::Native(machine), Language::Native, true);
    said(&mut begun.traceback, &format!("{tool}: {}", &message[..end]), message);
    Some(begun)
}

/// ``program: file.c:3: main: Assertion `x == 1' failed.``
fn assertion(text: &str) -> Option<Begun> {
    if let Some(begun) = hardened(text) {
        return Some(begun);
    }
    let failed = text.strip_suffix(" failed.")?;
    let at = failed.place_of(": Assertion `").or_else(|| failed.place_of(": Assertion '"))?;
    if !failed.ends_with('\'') {
        return None;
    }
    let mut begun = begun(super::Machine::Native(NativeTraceback::default()), Language::Native, true);
    said(&mut begun.traceback, "assertion", &text[at + 2..]);
    // The place is the first part that is followed by a number.
    let mut parts = failed[..at].split(':').map(str::trim).peekable();
    while let Some(part) = parts.next() {
        if let Some(number) =
            parts.peek().filter(|next| !next.is_empty() && next.bytes().all(|byte| byte.is_ascii_digit()))
        {
            begun.traceback.frame = Some(format!("{part}:{number}"));
            break;
        }
    }
    Some(begun)
}

/// `/x/vector:661: assertion !empty() failed: back() called on an empty vector`, as a hardened libc++ says.
fn hardened(text: &str) -> Option<Begun> {
    let (place, rest) = text.cut(": assertion ")?;
    let (file, number) = place.rsplit_once(':')?;
    let numbered = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    if !numbered || file.contains(' ') || !rest.holds(" failed") {
        return None;
    }
    let mut begun = begun(super::Machine::Native(NativeTraceback::default()), Language::Native, true);
    said(&mut begun.traceback, "assertion", &["assertion ", rest].concat());
    begun.traceback.frame = Some(place.to_owned());
    Some(begun)
}

/// What was thrown in `libc++abi: terminating due to uncaught exception of type a::B: message`.
fn uncaught(text: &str) -> Option<(&str, &str)> {
    let rest = text.strip_prefix("libc++abi")?.cut(": terminating ")?.1;
    let thrown = rest.cut(" exception of type ").map_or("terminate", |(_, thrown)| thrown);
    Some(thrown.cut(": ").unwrap_or((thrown, "")))
}

/// `file.c:41:22: runtime error: signed integer overflow: …`
fn undefined(text: &str) -> Option<Begun> {
    let (place, message) = text.cut(": runtime error: ")?;
    let (line, column) = place.rsplit_once(':')?;
    let (file, number) = line.rsplit_once(':')?;
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(column) || !digits(number) || file.is_empty() || file.contains(' ') {
        return None;
    }
    let mut begun = begun(super::Machine::Native(NativeTraceback::default()), Language::Native, true);
    said(&mut begun.traceback, "UndefinedBehaviorSanitizer", message);
    begun.traceback.frame = Some(line.to_owned());
    Some(begun)
}

/// Takes what follows the message.
#[derive(Debug, Default)]
pub(super) struct NativeTraceback {
    /// Whether it is a report of a sanitizer, which has an end of its own.
    report: bool,
    /// Whether it is what mysqld says of its own end: many sentences, and the stack.
    server: bool,
    ended: bool,
    /// Whether frames of the first stack have come.
    frames: bool,
}

impl NativeTraceback {
    pub(super) fn take(&mut self, line: &str, traceback: &mut Traceback) -> bool {
        let text = line.trim();
        if self.server {
            // `/usr/sbin/mysqld(pour+0x5) [0x55]`
            let function = text.split_once('(').filter(|(file, _)| file.starts_with('/')).map(|(_, rest)| rest);
            let name = function.and_then(|rest| rest.split(['+', ')']).next()).unwrap_or_default();
            let own = ["my_print_stacktrace", "handle_fatal_signal", "print_fatal_signal"];
            if traceback.frame.is_none() && !name.is_empty() && !own.iter().any(|own| name.contains(own)) {
                traceback.frame = Some(name.to_owned());
            }
            return traceback.lines.len() < 80;
        }
        if let Some(frame) = numbered(text) {
            // Those of the sanitizer itself, or of the library, say nothing about the program.
            let own = frame.0.starts_with("__interceptor_") || frame.1.holds("libsanitizer/") || frame.0 == "operator";
            if traceback.frame.is_none() && !own {
                traceback.frame = Some(place(frame.1).unwrap_or(frame.0).to_owned());
            }
            self.frames = true;
            return true;
        }
        if self.report {
            return self.in_report(line, text);
        }
        if let Some(what) = text.strip_prefix("what():") {
            say(traceback, what.trim());
            return true;
        }
        let follow_ups = ["fatal runtime error: ", "Aborted", "======= ", "SUMMARY: ", "[0x"];
        indent(line) > 0 && !text.is_empty() || follow_ups.iter().any(|begin| text.starts_with(begin))
    }

    fn in_report(&mut self, line: &str, text: &str) -> bool {
        const LINES: [&str; 24] = [
            "==",
            "READ of ",
            "WRITE of ",
            "ACCESS of ",
            "0x",
            "freed by ",
            "previously allocated",
            "allocated by ",
            "Address 0x",
            "HINT: ",
            "Hint: ",
            "SUMMARY: ",
            "Shadow ",
            "=>0x",
            "Direct leak of ",
            "Indirect leak of ",
            "Thread T",
            "AddressSanitizer can not provide",
            "ThreadSanitizer: ",
            "MemorySanitizer: ",
            "Uninitialized value",
            "NOTE: ",
            "Register values:",
            "LeakSanitizer: ",
        ];
        if self.ended {
            let more = text.starts_with("Shadow ")
                || text.starts_with("=>0x")
                || text.starts_with("==")
                || text.starts_with("ThreadSanitizer: ")
                || indent(line) > 0;
            return more && !text.is_empty();
        }
        self.ended |= text.starts_with("SUMMARY: ");
        text.is_empty() || indent(line) > 0 || LINES.iter().any(|known| text.starts_with(known))
    }
}

/// The function and the rest of `#0 0x55 in main /x.c:20`, or of `#0 main /x.c:20 (program+0x1)`.
fn numbered(text: &str) -> Option<(&str, &str)> {
    let rest = text.strip_prefix('#')?.trim_start_matches(|c: char| c.is_ascii_digit()).strip_prefix(' ')?;
    let rest = match rest.cut(" in ") {
        Some((address, rest)) if address.starts_with("0x") => rest,
        _ => rest,
    };
    Some(rest.split_once(' ').unwrap_or((rest, "")))
}

/// `/x.c:20` of `/x.c:20 (program+0x1)` or `/x.c:20:7`.
fn place(rest: &str) -> Option<&str> {
    let place = rest.split(" (").next()?.rsplit(' ').next()?;
    let (file, number) = place.rsplit_once(':')?;
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match file.rsplit_once(':') {
        Some((_, line)) if digits(line) && digits(number) => Some(file),
        _ => digits(number).then_some(place),
    }
}
