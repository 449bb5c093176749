//! What failed, by its cause, each as a scenario file that shows it again.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::report::Console;
use crate::sweep::{Minimal, Outcome, Sweep, SweepPoint, Verdict, cause, headline, phase_name};

use super::{BROKEN, Ended};

/// The failures of a sweep.
pub struct Failures<'s> {
    sweep: &'s Sweep<'s>,
    folder: PathBuf,
    groups: BTreeMap<String, Vec<(&'s SweepPoint, &'s Outcome)>>,
}

impl<'s> Failures<'s> {
    /// Those of `points`, grouped.
    pub fn new(
        sweep: &'s Sweep<'s>,
        points: &'s [SweepPoint],
        outcomes: &'s BTreeMap<usize, Outcome>,
        folder: &Path,
    ) -> Self {
        let mut groups: BTreeMap<String, Vec<(&SweepPoint, &Outcome)>> = BTreeMap::new();
        for point in points {
            let outcome = outcomes.get(&point.number).filter(|outcome| outcome.verdict == Verdict::Failed);
            if let Some(outcome) = outcome {
                groups.entry(cause(&outcome.findings)).or_default().push((point, outcome));
            }
        }
        Self { sweep, folder: folder.join("failures"), groups }
    }

    /// Makes each small, writes it, and says what there is. The first of a group is made as small as it can be; the others try what
    /// it did not need, too. Gives the files by the numbers of the points, also where one could not be written.
    pub fn write(&self, console: &Console) -> (BTreeMap<usize, PathBuf>, Result<(), Ended>) {
        let (mut shown_by, mut ended) = (BTreeMap::new(), Ok(()));
        for (number, members) in self.groups.values().enumerate() {
            let first = members.first().map(|(_, outcome)| headline(&outcome.findings)).unwrap_or_default();
            let like = if members.len() > 1 { ", of the first" } else { "" };
            console.say(format_args!("\n{}. {} points{like}: {first}", number + 1, members.len()));
            let mut first: Option<Minimal> = None;
            for (point, outcome) in members {
                match self.write_one(point, outcome, &mut first, console) {
                    Ok(path) => shown_by.extend(path.map(|path| (point.number, path))),
                    // What was found is told whole, whatever the disk.
                    Err(why) => ended = Err(why),
                }
            }
        }
        (shown_by, ended)
    }

    fn write_one(
        &self,
        point: &SweepPoint,
        outcome: &Outcome,
        first: &mut Option<Minimal>,
        console: &Console,
    ) -> Result<Option<PathBuf>, Ended> {
        let number = point.number;
        let path = self.path(point);
        if std::fs::read_to_string(&path).is_ok() {
            console.say(format_args!("   point {number}: {} (from before)", path.display()));
            return Ok(Some(path));
        }
        let Some(minimal) = self.sweep.minimal(&point.strikes, outcome, first.as_ref()) else {
            let why = if self.sweep.is_over() { "the budget is over" } else { "it cannot be made again" };
            console.say(format_args!(
                "   point {number}: not made small, {why}; --print --points {number} prints it as it is"
            ));
            return Ok(None);
        };
        let text = &minimal.composition.text;
        let written = std::fs::create_dir_all(&self.folder).and_then(|()| std::fs::write(&path, text));
        let shown = format!("shown {} of {}", minimal.shown, minimal.runs);
        console.say(format_args!("   point {number}: {} ({shown})", path.display()));
        if first.is_none() {
            if let Some(report) = &minimal.report {
                console.say(console.terminal.failure(report));
            } else {
                outcome.findings.iter().for_each(|finding| console.say(console.terminal.finding(finding)));
            }
            *first = Some(minimal);
        }
        written.map_err(|why| (BROKEN, format!("{}: {why}", path.display())))?;
        Ok(Some(path))
    }

    /// Where the scenario of a point is written.
    fn path(&self, point: &SweepPoint) -> PathBuf {
        let requests = self.sweep.requests();
        let words: Vec<String> = point
            .strikes
            .iter()
            .map(|strike| {
                let request = &requests[strike.request];
                let what = request.call.as_ref().or(request.op.as_ref()).map_or("request", String::as_str);
                format!("{}-{}-{what}", strike.fault, phase_name(strike.place.phase))
            })
            .collect();
        let plain = |c: char| if c.is_ascii_alphanumeric() || "-_".contains(c) { c } else { '-' };
        let words: String = words.join("-then-").chars().map(plain).take(120).collect();
        self.folder.join(format!("{:05}-{words}.toml", point.number))
    }
}
