//! Which ways of reading a line can fit it at all, by the time that it begins with and by what follows that: of some seventy
//! ways a handful is left. It only rules out what would fail anyway.

use std::cell::OnceCell;

use super::template::{Opening, Sight};
use super::time::bare;
use super::{By, Way};

/// How a line begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Begin {
    /// Without a time.
    Untimed,
    /// With a time.
    Timed,
    /// With a time that has brackets of its own.
    Bracketed,
    /// With a time in brackets that hold more than that.
    Open,
}

/// The ways that are left for each beginning and the byte behind it. Few of all lists are ever needed.
#[derive(Debug)]
pub(super) struct Lookup {
    lists: Vec<OnceCell<Box<[u8]>>>,
}

impl Lookup {
    pub(super) fn new() -> Self {
        Self { lists: vec![OnceCell::new(); 4 << 8] }
    }

    /// The ways in which this line may be read, in their order; nothing where that cannot be told from its beginning.
    pub(super) fn of(&self, line: &Sight<'_>, ways: &[Way]) -> Option<&[u8]> {
        let bytes = line.text.as_bytes();
        let first = *bytes.first()?;
        let (begin, at) = match first {
            b'[' => match line.moment(1) {
                None => (Begin::Untimed, 0),
                Some(end) if Some(end) != bare(bytes, 1) => return None,
                Some(end) if bytes.get(end) == Some(&b']') => (Begin::Bracketed, end + 1),
                Some(end) => (Begin::Open, end),
            },
            // What is behind padding is seen by few.
            b' ' => return None,
            _ => match line.moment(0) {
                None => (Begin::Untimed, 0),
                Some(end) if Some(end) != bare(bytes, 0) => return None,
                Some(end) => (Begin::Timed, end),
            },
        };
        let spaces = bytes[at..].iter().take_while(|byte| **byte == b' ').count();
        let byte = *bytes.get(at + spaces)?;
        let list = self.lists.get((begin as usize) << 8 | usize::from(byte))?;
        Some(list.get_or_init(|| {
            let fit = ways.iter().enumerate().filter(|(_, way)| way.may_follow(begin, byte));
            fit.map(|(at, _)| at as u8).collect()
        }))
    }
}

impl Way {
    /// Whether it may take a line with this beginning and this byte, the next that is no space.
    fn may_follow(&self, begin: Begin, byte: u8) -> bool {
        let first_fits = match begin {
            Begin::Untimed => self.may_begin(byte),
            Begin::Timed => (b'0'..=b'9').any(|first| self.may_begin(first)),
            Begin::Bracketed | Begin::Open => self.may_begin(b'['),
        };
        first_fits
            && match &self.by {
                By::Template(template) => match template.opening() {
                    Opening::Any => true,
                    Opening::Time(next) => begin == Begin::Timed && next.has(byte),
                    Opening::Bracket(next) => begin == Begin::Bracketed && next.has(byte),
                    Opening::Within => begin == Begin::Open,
                },
                By::Code(_) => code_may_follow(self.name, begin, byte),
                By::General | By::Pattern(_) => true,
            }
    }
}

/// The same for a format that a function reads.
fn code_may_follow(name: &str, begin: Begin, byte: u8) -> bool {
    use Begin::{Bracketed, Open, Timed, Untimed};
    let (upper, lower, digit) = (byte.is_ascii_uppercase(), byte.is_ascii_lowercase(), byte.is_ascii_digit());
    let letter = byte.is_ascii_alphabetic() || !byte.is_ascii();
    match (name, begin) {
        ("env-logger" | "monolog" | "django" | "kafka" | "fluent-bit" | "rich", Bracketed | Open) => true,
        ("env-logger" | "monolog" | "django" | "kafka" | "fluent-bit" | "rich", _) => begin == Untimed && byte == b'[',
        ("flexi-logger" | "klog" | "logrus" | "jul" | "ruby", _) => begin == Untimed && letter,
        ("tracing", _) => begin == Timed || begin == Untimed && (digit || upper),
        ("zap", _) => begin != Untimed || digit,
        ("dotnet", Untimed) => lower || byte == b'[',
        ("dotnet", Timed) => byte == b'[',
        ("structlog", Untimed | Timed) => byte == b'[',
        ("zookeeper", _) => begin == Timed && byte == b'[',
        ("tomcat" | "mongodb", _) => begin == Timed && upper,
        ("swift", _) => begin == Timed && lower,
        ("winston", Timed) => lower || byte == b'[',
        ("winston", _) => begin == Untimed && lower,
        ("elixir" | "go", _) => begin == Timed,
        ("redis", _) => begin == Untimed && (digit || byte == b':'),
        ("logcat", _) => begin == Timed && (digit || upper) || begin == Untimed && upper,
        ("java" | "zerolog", Untimed) => digit || byte == b'[',
        ("python", Untimed) => upper || byte == b'[',
        ("logfmt", _) => begin == Untimed && (letter || digit || b"_.-@".contains(&byte)),
        ("syslog", Untimed) => letter || byte == b'<',
        ("syslog", _) => begin == Timed,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Format, Heads};
    use super::*;

    fn check(heads: &Heads, line: &str) {
        let sight = Sight::new(line);
        let Some(left) = heads.lookup.of(&sight, &heads.ways) else { return };
        for (at, way) in heads.ways.iter().enumerate() {
            let kept = left.contains(&(at as u8));
            assert!(kept || way.parse(&sight, true).is_none(), "{} would have taken {line:?}", way.name);
            assert!(kept || way.parse(&sight, false).is_none(), "{} would have taken {line:?} when asked", way.name);
        }
    }

    /// Every line of the corpus, and each of them with bytes changed, moved and left out.
    #[test]
    fn what_is_ruled_out_would_not_have_taken_the_line() {
        let heads = Heads::new(&Format::Auto).expect("formats");
        let mut random = fastrand::Rng::with_seed(5);
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/corpus");
        let files = ["logs", "hand"].iter().flat_map(|part| std::fs::read_dir(folder.join(part)).expect("a folder"));
        let mut lines = 0;
        for file in files {
            let bytes = std::fs::read(file.expect("an entry").path()).unwrap_or_default();
            let text = String::from_utf8_lossy(&bytes);
            for line in text.lines().take(300) {
                lines += 1;
                check(&heads, line);
                let chars: Vec<char> = line.chars().take(80).collect();
                for _ in 0..8 {
                    if chars.is_empty() {
                        break;
                    }
                    let (mut changed, at) = (chars.clone(), random.usize(..chars.len()));
                    match random.u8(..4) {
                        0 => drop(changed.remove(at)),
                        1 => changed.insert(at, char::from(b" []:|<-{(\t"[random.usize(..10)])),
                        2 => changed[at] = chars[random.usize(..chars.len())],
                        _ => drop(changed.drain(..at)),
                    }
                    check(&heads, &changed.into_iter().collect::<String>());
                }
            }
        }
        assert!(lines > 3000, "{lines}");
    }
}
