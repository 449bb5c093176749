//! What goes on, as a few lines that are drawn, taken back and drawn again.

use std::time::{Duration, Instant};

/// The most names of what runs that are told.
const NAMED: usize = 3;

/// How long a picture stands at least.
const STANDS: Duration = Duration::from_millis(100);

/// What goes on.
#[derive(Debug, Default)]
pub(super) struct Live {
    /// How wide the terminal is; nothing where nothing can be taken back.
    columns: Option<usize>,
    all: usize,
    done: usize,
    failed: usize,
    running: Vec<(String, Instant)>,
    /// Lines above what runs: the matrix of a sweep.
    pub(super) block: Vec<String>,
    /// How many lines stand there now.
    drawn: usize,
    since: Option<Instant>,
}

impl Live {
    pub(super) fn new(all: usize, columns: Option<usize>) -> Self {
        Self { columns, all, ..Self::default() }
    }

    pub(super) fn is_shown(&self) -> bool {
        self.columns.is_some()
    }

    /// Whether what stands there has been there for long enough.
    pub(super) fn is_due(&self, now: Instant) -> bool {
        self.since.is_none_or(|since| now.duration_since(since) >= STANDS)
    }

    pub(super) fn begun(&mut self, name: &str, now: Instant) {
        self.running.push((name.to_owned(), now));
    }

    pub(super) fn ended(&mut self, name: &str, failed: bool) {
        if let Some(at) = self.running.iter().position(|(running, _)| running == name) {
            self.running.remove(at);
        }
        self.done += 1;
        self.failed += usize::from(failed);
    }

    /// A line, above what goes on.
    pub(super) fn above(&mut self, line: &str) -> String {
        let picture = self.is_shown() && self.drawn > 0;
        let again = if picture { self.picture() } else { String::new() };
        format!("{}{line}\n{again}", self.erase(if picture { self.drawn } else { 0 }))
    }

    /// What goes on, in place of what stood there.
    pub(super) fn redrawn(&mut self) -> String {
        if !self.is_shown() {
            return String::new();
        }
        let erase = self.erase(self.drawn);
        self.since = Some(Instant::now());
        format!("{erase}{}", self.picture())
    }

    pub(super) fn erased(&mut self) -> String {
        let erase = self.erase(self.drawn);
        self.drawn = 0;
        erase
    }

    /// One line about what runs and how long, where nothing can be taken back; nothing when nothing runs.
    pub(super) fn still(&self) -> String {
        if self.running.is_empty() { String::new() } else { format!("still  {}\n", self.line(usize::MAX)) }
    }

    fn erase(&self, lines: usize) -> String {
        // Up to the first of the lines, and away with all below.
        if lines == 0 { String::new() } else { format!("\r\u{1b}[{lines}A\u{1b}[J") }
    }

    fn picture(&mut self) -> String {
        let columns = self.columns.unwrap_or(80);
        let mut lines = self.block.clone();
        lines.push(self.line(columns));
        self.drawn = lines.len();
        lines.iter().map(|line| format!("{line}\n")).collect()
    }

    /// What runs, how long, and how many are left.
    fn line(&self, columns: usize) -> String {
        let failed = if self.failed > 0 { format!(", {} failed", self.failed) } else { String::new() };
        let left = self.all.saturating_sub(self.done + self.running.len());
        let counts = format!("{}/{}{failed}, {left} to begin", self.done, self.all);
        let mut names: Vec<String> = self
            .running
            .iter()
            .take(NAMED)
            .map(|(name, since)| format!("{name} {:.0} s", since.elapsed().as_secs_f64()))
            .collect();
        let more = self.running.len().saturating_sub(NAMED);
        names.extend((more > 0).then(|| format!("{more} more")));
        let line = if names.is_empty() { counts } else { format!("{counts}; {}", names.join(", ")) };
        // A line that wraps could not be taken back.
        quietdown_log::printable(&line).chars().take(columns.saturating_sub(1)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_on_stands_below_what_is_said_and_is_taken_back_whole() {
        let mut live = Live::new(9, Some(40));
        let now = Instant::now();
        live.begun("stop-mid-long-poll", now);
        live.begun("a-very-long-name-of-a-scenario", now);
        live.block = vec!["matrix".to_owned()];
        let first = live.redrawn();
        let lines: Vec<&str> = first.lines().collect();
        assert_eq!(lines, ["matrix", "0/9, 7 to begin; stop-mid-long-poll 0 s"]);
        assert!(lines.iter().all(|line| line.chars().count() < 40), "{first}");
        assert!(!live.is_due(Instant::now()));
        let said = live.above("pass  idle");
        assert!(said.starts_with("\r\u{1b}[2A\u{1b}[Jpass  idle\nmatrix\n0/9"), "{said:?}");
        live.ended("stop-mid-long-poll", true);
        assert!(live.redrawn().contains("1/9, 1 failed, 7 to begin; a-very-lon"));
        assert_eq!(live.erased(), "\r\u{1b}[2A\u{1b}[J");
        assert_eq!(live.above("end"), "end\n", "nothing stands there any more");
    }

    #[test]
    fn where_nothing_can_be_taken_back_a_line_says_what_still_runs() {
        let mut live = Live::new(2, None);
        assert_eq!((live.redrawn(), live.still()), (String::new(), String::new()));
        live.begun("idle", Instant::now());
        assert_eq!(live.still(), "still  0/2, 1 to begin; idle 0 s\n");
        assert_eq!(live.above("pass"), "pass\n");
    }
}
