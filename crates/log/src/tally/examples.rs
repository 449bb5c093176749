//! A sample of what was not understood, spread evenly over a log of any size.

use super::{Example, clip};

/// How many texts are kept at most.
const KEPT: usize = 64;
/// How many bytes of each.
const TEXT: usize = 400;

/// Keeps one text in so many; when there are too many, every other one of them is given up.
#[derive(Debug, Default)]
pub(super) struct Examples {
    kept: Vec<Example>,
    seen: u64,
    /// The logarithm of how many texts each of those kept stands for.
    thinned: u32,
}

impl Examples {
    pub(super) fn push(&mut self, line: u64, text: &str) {
        let wanted = self.seen.trailing_zeros() >= self.thinned;
        self.seen += 1;
        if !wanted {
            return;
        }
        if self.kept.len() >= KEPT {
            let mut keep = false;
            self.kept.retain(|_| {
                keep = !keep;
                keep
            });
            self.thinned += 1;
        }
        self.kept.push(Example { line, text: clip(text, TEXT).to_owned(), looks_like: None });
    }

    /// The text has turned out to be part of something that is understood.
    pub(super) fn forget(&mut self, text: &str) {
        let text = clip(text, TEXT);
        // It is one of the last.
        if let Some(at) = self.kept.iter().rposition(|example| example.text == text) {
            self.kept.remove(at);
        }
    }

    pub(super) fn finish(self) -> Vec<Example> {
        self.kept
    }
}

#[test]
fn what_is_kept_is_bounded_and_comes_from_the_whole_log() {
    let mut examples = Examples::default();
    (0..100_000).for_each(|line| examples.push(line, &format!("text {line}")));
    let lines: Vec<u64> = examples.finish().iter().map(|example| example.line).collect();
    assert!(lines.len() > KEPT / 3 && lines.len() <= KEPT, "{lines:?}");
    assert!(lines[0] < 10 && lines.is_sorted() && lines[lines.len() - 1] > 90_000, "{lines:?}");
}
