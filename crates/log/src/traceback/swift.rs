//! What Swift writes when it traps.

use super::super::{Language, Traceback};
use super::{Begun, application, begun, said};

/// `cup/main.swift:5: Fatal error: message`, or `Fatal error: message: file cup/main.swift, line 5`.
pub(super) fn begin(line: &str) -> Option<Begun> {
    const ERRORS: [&str; 4] = ["Fatal error", "Precondition failed", "Assertion failed", "fatal error"];
    let at = line.find(".swift")?;
    let (what, message, place) = match line[at + 6..].strip_prefix(':') {
        Some(rest) => {
            let (number, rest) = rest.split_once(": ")?;
            let number = number.split(':').next().filter(|number| is_number(number))?;
            let what = ERRORS.iter().find(|what| rest.starts_with(*what))?;
            let file = line[..at].rsplit(' ').next()?;
            (*what, rest[what.len()..].trim_start_matches(':').trim(), format!("{file}.swift:{number}"))
        }
        None => {
            let what = ERRORS.iter().find(|what| line.starts_with(*what))?;
            let (before, number) = line.rsplit_once(".swift, line ")?;
            let (message, file) = before[what.len()..].rsplit_once("file ").filter(|_| is_number(number.trim()))?;
            (*what, message.trim_matches([':', ' ']), format!("{file}.swift:{}", number.trim()))
        }
    };
    let mut begun = begun(super::Machine::Swift(Machine { stack: false }), Language::Swift, true);
    said(&mut begun.traceback, what, message);
    application::note(&mut begun.traceback, &place, "");
    begun.traceback.frame = Some(place);
    Some(begun)
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Takes the stack that may follow.
#[derive(Debug)]
pub(super) struct Machine {
    stack: bool,
}

impl Machine {
    pub(super) fn take(&mut self, line: &str, traceback: &mut Traceback) -> bool {
        const LINES: [&str; 9] = [
            "Current stack trace:",
            "*** ",
            "💣 ",
            "Program crashed:",
            "Thread ",
            "Registers:",
            "Images ",
            "Backtrace took",
            "Illegal instruction",
        ];
        let text = line.trim_start();
        if LINES.iter().any(|begin| text.starts_with(begin)) {
            self.stack = true;
            return true;
        }
        // `3 pour() + 5 in cup at /srv/cup.swift:5:3`
        let placed =
            text.rsplit_once(" at ").map(|(_, place)| place).filter(|place| self.stack && place.contains(".swift:"));
        if let Some(place) = placed {
            let place = place.split(".swift:").next().zip(place.split(".swift:").nth(1));
            if let Some((file, rest)) = place {
                let number = rest.split(':').next().unwrap_or_default();
                application::note(traceback, &format!("{file}.swift:{number}"), "");
            }
            return true;
        }
        self.stack && (text.is_empty() || text.starts_with(|c: char| c.is_ascii_digit()) || text.len() < line.len())
    }
}
