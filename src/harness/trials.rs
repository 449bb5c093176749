//! Tests that are found at run time, and the program that runs them.

use std::io::Write;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use super::arguments::{Arguments, Ignored};

/// Why a test failed, as it is printed.
#[derive(Debug)]
pub(super) struct Failure(pub(super) String);

impl<E: std::error::Error> From<E> for Failure {
    fn from(why: E) -> Self {
        Self(why.to_string())
    }
}

/// A test.
pub(super) struct Trial {
    pub(super) name: String,
    /// Why it is not run, where it cannot be.
    pub(super) left_out: Option<String>,
    pub(super) run: Box<dyn Fn() -> Result<(), Failure> + Send + Sync>,
}

/// What came of a test.
enum Outcome {
    Passed,
    Failed(Failure),
    Ignored,
}

/// Lists the tests, or runs those that are meant. The text is that of Rust's own test harness.
pub(super) fn conduct(
    arguments: &Arguments,
    trials: &[Trial],
    out: &mut (dyn Write + Send),
) -> std::io::Result<ExitCode> {
    let named: Vec<&Trial> = trials.iter().filter(|trial| arguments.select(&trial.name)).collect();
    let meant: Vec<&Trial> =
        named.iter().filter(|trial| arguments.ignored != Ignored::Only || trial.left_out.is_some()).copied().collect();
    if arguments.list {
        for trial in &meant {
            writeln!(out, "{}: test", trial.name)?;
        }
        out.flush()?;
        return Ok(ExitCode::SUCCESS);
    }
    let began = Instant::now();
    writeln!(out, "\nrunning {} tests", meant.len())?;
    let threads = arguments.threads.map_or_else(side_by_side, usize::from).min(meant.len().max(1));
    let (next, told) = (AtomicUsize::new(0), Mutex::new((out, Vec::new(), Ok(()))));
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(trial) = meant.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let outcome = outcome(trial, arguments.ignored);
                    let mut told = told.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                    let (out, ended, written) = &mut *told;
                    let said = say(*out, trial, &outcome, arguments.quiet);
                    *written = std::mem::replace(written, Ok(())).and(said);
                    ended.push((trial.name.as_str(), outcome));
                }
            });
        }
    });
    let (out, mut ended, written) = told.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    written?;
    ended.sort_by_key(|(name, _)| *name);
    summary(out, &ended, trials.len() - meant.len(), began)
}

/// A scenario mostly waits.
fn side_by_side() -> usize {
    2 * std::thread::available_parallelism().map_or(1, usize::from)
}

fn outcome(trial: &Trial, ignored: Ignored) -> Outcome {
    if trial.left_out.is_some() && ignored == Ignored::Named {
        return Outcome::Ignored;
    }
    match std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| (trial.run)())) {
        Ok(Ok(())) => Outcome::Passed,
        Ok(Err(why)) => Outcome::Failed(why),
        Err(_) => Outcome::Failed(Failure("the test panicked".to_owned())),
    }
}

fn say(out: &mut (dyn Write + Send), trial: &Trial, outcome: &Outcome, quiet: bool) -> std::io::Result<()> {
    let word = match outcome {
        Outcome::Passed if quiet => return Ok(()),
        Outcome::Passed => "ok".to_owned(),
        Outcome::Failed(_) => "FAILED".to_owned(),
        Outcome::Ignored => match &trial.left_out {
            Some(why) => format!("ignored, {why}"),
            None => "ignored".to_owned(),
        },
    };
    writeln!(out, "test {} ... {word}", trial.name)?;
    out.flush()
}

fn summary(
    out: &mut (dyn Write + Send),
    ended: &[(&str, Outcome)],
    filtered: usize,
    began: Instant,
) -> std::io::Result<ExitCode> {
    let failed: Vec<(&str, &Failure)> = ended
        .iter()
        .filter_map(|(name, outcome)| match outcome {
            Outcome::Failed(why) => Some((*name, why)),
            Outcome::Passed | Outcome::Ignored => None,
        })
        .collect();
    if !failed.is_empty() {
        writeln!(out, "\nfailures:\n")?;
        for (name, why) in &failed {
            writeln!(out, "---- {name} ----\n{}\n", why.0)?;
        }
        writeln!(out, "\nfailures:")?;
        for (name, _) in &failed {
            writeln!(out, "    {name}")?;
        }
    }
    let ignored = ended.iter().filter(|(_, outcome)| matches!(outcome, Outcome::Ignored)).count();
    let passed = ended.len() - failed.len() - ignored;
    let verdict = if failed.is_empty() { "ok" } else { "FAILED" };
    writeln!(
        out,
        "\ntest result: {verdict}. {passed} passed; {} failed; {ignored} ignored; 0 measured; {filtered} filtered out; \
         finished in {:.2}s\n",
        failed.len(),
        began.elapsed().as_secs_f64()
    )?;
    out.flush()?;
    // What Rust's own test harness ends with.
    Ok(if failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(101) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trials() -> Vec<Trial> {
        let trial = |name: &str, left_out: Option<&str>, run: fn() -> Result<(), Failure>| Trial {
            name: name.to_owned(),
            left_out: left_out.map(str::to_owned),
            run: Box::new(run),
        };
        vec![
            trial("sound", None, || Ok(())),
            trial("wrong", None, || Err(Failure("loud".to_owned()))),
            trial("broken", None, || panic!("a bug")),
            trial("elsewhere", Some("node is not installed"), || Ok(())),
        ]
    }

    fn told(given: &[&str]) -> (String, ExitCode) {
        let arguments = Arguments::read(given.iter().map(|&argument| argument.to_owned())).expect("known");
        let mut out = Vec::new();
        let code = conduct(&arguments, &trials(), &mut out).expect("a Vec takes all");
        (String::from_utf8(out).expect("text"), code)
    }

    #[test]
    fn each_test_is_listed_and_of_the_ignored_ones_those_alone() {
        assert_eq!(told(&["--list"]).0, "sound: test\nwrong: test\nbroken: test\nelsewhere: test\n");
        assert_eq!(told(&["--list", "--format", "terse", "--ignored"]).0, "elsewhere: test\n");
    }

    #[test]
    fn a_failure_and_a_panic_fail_and_what_is_left_out_says_why() {
        let (text, code) = told(&[]);
        for part in [
            "test sound ... ok",
            "test wrong ... FAILED",
            "test broken ... FAILED",
            "test elsewhere ... ignored, node is not installed",
            "---- wrong ----\nloud",
            "test result: FAILED. 1 passed; 2 failed; 1 ignored; 0 measured; 0 filtered out",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert_eq!(code, ExitCode::from(101));
    }

    #[test]
    fn only_what_is_meant_is_run() {
        let (text, code) = told(&["--exact", "sound"]);
        assert!(text.contains("1 passed; 0 failed; 0 ignored; 0 measured; 3 filtered out"), "{text}");
        assert_eq!(code, ExitCode::SUCCESS);
    }
}
