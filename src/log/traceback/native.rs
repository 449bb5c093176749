//! What the runtimes of C, C++ and Rust say when they abort.

use super::super::{Language, Traceback};
use super::{Begun, begun, indent, say};

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
    let language = language(text)?;
    let mut begun = begun(super::Machine::Native(Machine), language, true);
    if let Some(what) = text.strip_prefix(TERMINATE) {
        let thrown = what.split('\'').nth(1);
        begun.traceback.exception = thrown.map(str::to_owned);
        if thrown.is_none() {
            say(&mut begun.traceback, text);
        }
    } else {
        say(&mut begun.traceback, text);
    }
    Some(begun)
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
        || (text.contains(": Assertion `") && text.ends_with("' failed."))
        || sanitizer(text);
    native.then_some(Language::Native)
}

/// `thread 'x' has overflowed its stack`, also with the thread's id.
fn overflow(text: &str) -> bool {
    text.starts_with("thread '") && text.ends_with(" has overflowed its stack")
}

/// `==123==ERROR: AddressSanitizer: heap-use-after-free`
fn sanitizer(text: &str) -> bool {
    let rest = text.strip_prefix("==").map(|rest| rest.trim_start_matches(|c: char| c.is_ascii_digit()));
    rest.is_some_and(|rest| rest.starts_with("==ERROR: ") && rest.contains("Sanitizer: "))
}

/// Takes what follows the message.
#[derive(Debug)]
pub(super) struct Machine;

impl Machine {
    pub(super) fn take(&mut self, line: &str, traceback: &mut Traceback) -> bool {
        let text = line.trim();
        if let Some(what) = text.strip_prefix("what():") {
            say(traceback, what.trim());
            return true;
        }
        let follow_ups = ["fatal runtime error: ", "Aborted", "======= ", "SUMMARY: ", "[0x"];
        indent(line) > 0 && !text.is_empty() || follow_ups.iter().any(|begin| text.starts_with(begin))
    }
}
