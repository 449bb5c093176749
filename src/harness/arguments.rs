//! The arguments of a test program, as `cargo test` and `cargo nextest` give them.
//!
//! A subset of those of Rust's own test harness. It is read here and not by `libtest-mimic`, because that brings a
//! command line parser of a dozen crates into the build of whoever has quietdown as a dev-dependency.

use std::num::NonZeroUsize;

/// What a test program was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Arguments {
    /// Only tests whose name contains one of these; all where there is none.
    filters: Vec<String>,
    /// None whose name contains one of these.
    skip: Vec<String>,
    /// Filters and `skip` are whole names.
    exact: bool,
    /// Names only, nothing is run.
    pub(super) list: bool,
    /// A line less for each test.
    pub(super) quiet: bool,
    /// Which of the ignored tests are run.
    pub(super) ignored: Ignored,
    /// How many tests run side by side.
    pub(super) threads: Option<NonZeroUsize>,
}

/// Which tests are meant, of those that are ignored and those that are not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Ignored {
    /// Only those that are not ignored; ignored ones are named.
    #[default]
    Named,
    /// Only the ignored ones (`--ignored`).
    Only,
    /// All (`--include-ignored`).
    Included,
}

/// Arguments that cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum ArgumentError {
    #[error("unknown option `{0}`; known: {KNOWN}")]
    Unknown(String),
    #[error("`{0}` wants a value")]
    NoValue(&'static str),
    #[error("`{option} {value}`: {wanted}")]
    Value { option: &'static str, value: String, wanted: &'static str },
}

const KNOWN: &str = "--list, --exact, --skip FILTER, --ignored, --include-ignored, --test-threads N, --format pretty|terse, \
                     --quiet, --nocapture, --show-output, --color WHEN";

impl Arguments {
    /// Reads what stands behind the program's name.
    pub(super) fn read(given: impl IntoIterator<Item = String>) -> Result<Self, ArgumentError> {
        let mut arguments = Self::default();
        let mut given = given.into_iter();
        while let Some(argument) = given.next() {
            let (name, joined) = match argument.split_once('=') {
                Some((name, value)) if name.starts_with("--") => (name.to_owned(), Some(value.to_owned())),
                _ => (argument.clone(), None),
            };
            let mut value = |option| joined.clone().or_else(|| given.next()).ok_or(ArgumentError::NoValue(option));
            match name.as_str() {
                "--list" => arguments.list = true,
                "--exact" => arguments.exact = true,
                "--quiet" | "-q" => arguments.quiet = true,
                "--ignored" => arguments.ignored = Ignored::Only,
                "--include-ignored" => arguments.ignored = Ignored::Included,
                "--skip" => arguments.skip.push(value("--skip")?),
                "--test-threads" => {
                    let option = "--test-threads";
                    let value = value(option)?;
                    let wanted = "a number of at least 1";
                    let threads = value.parse().map_err(|_| ArgumentError::Value { option, value, wanted })?;
                    arguments.threads = Some(threads);
                }
                "--format" => match value("--format")?.as_str() {
                    "pretty" => {}
                    "terse" => arguments.quiet = true,
                    other => {
                        let (option, value) = ("--format", other.to_owned());
                        return Err(ArgumentError::Value { option, value, wanted: "pretty or terse" });
                    }
                },
                // Nothing is captured and nothing is coloured.
                "--nocapture" | "--no-capture" | "--show-output" => {}
                "--color" => drop(value("--color")?),
                _ if name.starts_with('-') => return Err(ArgumentError::Unknown(argument)),
                _ => arguments.filters.push(argument),
            }
        }
        Ok(arguments)
    }

    /// Whether a test of this name is meant.
    pub(super) fn select(&self, name: &str) -> bool {
        let fits = |filter: &String| if self.exact { name == filter } else { name.contains(filter) };
        (self.filters.is_empty() || self.filters.iter().any(fits)) && !self.skip.iter().any(fits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(given: &[&str]) -> Result<Arguments, ArgumentError> {
        Arguments::read(given.iter().map(|&argument| argument.to_owned()))
    }

    #[test]
    fn filters_are_parts_of_names_or_whole_ones() {
        let some = read(&["mid", "--skip", "control"]).expect("known");
        assert!(some.select("stop-mid-body") && !some.select("idle") && !some.select("stop-mid-body::control"));
        let one = read(&["--exact", "idle", "--nocapture"]).expect("known");
        assert!(one.select("idle") && !one.select("idle::control"));
    }

    #[test]
    fn what_nextest_asks_is_understood() {
        let listed = read(&["--list", "--format", "terse", "--ignored"]).expect("known");
        assert!(listed.list && listed.ignored == Ignored::Only);
        assert_eq!(read(&["--test-threads=3"]).expect("known").threads.map(NonZeroUsize::get), Some(3));
    }

    #[test]
    fn wrong_arguments_say_what_is_known() {
        for (given, part) in [
            (&["--shuffle"][..], "known: --list"),
            (&["--skip"], "wants a value"),
            (&["--test-threads", "0"], "at least 1"),
            (&["--format", "json"], "pretty or terse"),
        ] {
            let error = read(given).expect_err("wrong").to_string();
            assert!(error.contains(part), "{given:?}: {error}");
        }
    }
}
