//! What the experiments have shown, by cause: each once, with the places at which it was seen.

use std::collections::BTreeSet;

use super::{Clean, Experiment, Outcome, TryFault, When};
use crate::finding::{Finding, FindingKind};
use crate::run::Report;
use crate::sweep;

/// What is wrong, as whoever maintains the program would call it. The order is that of the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Symptom {
    /// The server was killed, and its client said nothing.
    QuietCrash,
    /// The client waits for ever.
    Hangs,
    /// The server does not end when it is told to.
    NeverEnds,
    /// Somebody was loud about a planned end.
    LoudStop,
    /// The server ends a planned stop with a status that says that it failed.
    WrongStatus,
    /// The server writes a stack trace because a connection broke.
    LoudDisconnect,
    /// A process outlives the one that started it.
    LeftBehind,
    /// Anything else that was found.
    Other,
    /// It is wrong even where nothing is disturbed.
    Undisturbed,
}

impl Symptom {
    /// For people.
    pub fn headline(self) -> &'static str {
        match self {
            Self::QuietCrash => "a crash that nobody reports",
            Self::Hangs => "the client hangs",
            Self::NeverEnds => "the server does not end in time",
            Self::LoudStop => "loud about a planned stop",
            Self::WrongStatus => "a planned stop ends as a failure",
            Self::LoudDisconnect => "the server is loud when a connection breaks",
            Self::LeftBehind => "left behind",
            Self::Other => "found besides",
            Self::Undisturbed => "even undisturbed",
        }
    }
}

/// One thing that is wrong, wherever it was seen.
#[derive(Debug, Clone)]
pub struct Observation {
    /// What kind of thing.
    pub symptom: Symptom,
    /// The finding where it was seen first.
    pub finding: Finding,
    /// The experiments that show it; none when it is there even undisturbed.
    pub seen: Vec<Experiment>,
    key: String,
}

/// What came of a try.
#[derive(Debug, Default)]
pub struct Digest {
    /// What is wrong, in the order of the answer.
    pub observations: Vec<Observation>,
    /// How many experiments found nothing.
    pub quiet: usize,
    /// Those whose fault met nothing: there was nothing to strike, or it came to something else first.
    pub untested: Vec<(Experiment, String)>,
    /// Those in which the harness failed, and why.
    pub broken: Vec<(Experiment, String)>,
}

impl Digest {
    /// Of a clean run, and what came after it.
    pub fn new(clean: &Clean, outcomes: &[Outcome]) -> Self {
        let mut digest = Self::default();
        let undisturbed = |finding: &&Finding| finding.kind != FindingKind::StepFailed && !is_of_the_end(finding);
        let of_clean: Vec<&Finding> = clean.report.findings.iter().filter(undisturbed).collect();
        let known: BTreeSet<String> = of_clean.iter().map(|finding| key(finding)).collect();
        of_clean.iter().for_each(|finding| digest.add(Symptom::Undisturbed, finding, None));
        for Outcome { experiment, result } in outcomes {
            match result {
                Err(why) => digest.broken.push((experiment.clone(), why.to_string())),
                Ok(report) => digest.take(experiment, report, &known),
            }
        }
        digest.observations.sort_by_key(|observation| (observation.symptom, usize::MAX - observation.seen.len()));
        digest
    }

    fn take(&mut self, experiment: &Experiment, report: &Report, known: &BTreeSet<String>) {
        let struck = report.evidence.faults.iter().any(|fault| fault.fired.is_some());
        if !struck {
            let why = report.evidence.failure.as_ref().map(|failure| failure.message.clone());
            self.untested.push((experiment.clone(), why.unwrap_or_else(|| "it met nothing".to_owned())));
            return;
        }
        let causes: Vec<&Finding> = report
            .findings
            .iter()
            .filter(|finding| !known.contains(&key(finding)) && !is_of_the_end(finding))
            .collect();
        if causes.is_empty() {
            self.quiet += 1;
        }
        for finding in causes {
            if let Some(symptom) = symptom(experiment, finding) {
                self.add(symptom, finding, Some(experiment));
            }
        }
    }

    fn add(&mut self, symptom: Symptom, finding: &Finding, experiment: Option<&Experiment>) {
        let key = key(finding);
        let at = self.observations.iter().position(|known| known.symptom == symptom && known.key == key);
        let at = at.unwrap_or_else(|| {
            self.observations.push(Observation { symptom, finding: finding.clone(), seen: Vec::new(), key });
            self.observations.len() - 1
        });
        if let Some(experiment) = experiment.filter(|it| !self.observations[at].seen.contains(it)) {
            self.observations[at].seen.push(experiment.clone());
        }
    }
}

/// Whether it is about what was said when the harness ended the run: that is a stop, which has experiments of its own.
pub(crate) fn is_of_the_end(finding: &Finding) -> bool {
    finding.after_end
        && matches!(finding.kind, FindingKind::Traceback | FindingKind::LevelAboveDebug | FindingKind::LevelAboveInfo)
}

/// What findings of one cause have in common.
fn key(finding: &Finding) -> String {
    sweep::cause(std::slice::from_ref(finding))
}

/// What a finding is a symptom of; nothing when another finding of the same run says it better.
fn symptom(experiment: &Experiment, finding: &Finding) -> Option<Symptom> {
    let of_server = finding.process.as_deref() == Some("server");
    Some(match (finding.kind, experiment.fault) {
        (FindingKind::NotReported | FindingKind::OverSuppressed, TryFault::Kill) => Symptom::QuietCrash,
        (FindingKind::ExitLate, _) if of_server => Symptom::NeverEnds,
        (FindingKind::StepFailed | FindingKind::CallNeverEnded, _) => {
            match finding.message.contains("the end of `server`") {
                // That the server does not end is a finding of its own, which says what holds it.
                true => return None,
                false => Symptom::Hangs,
            }
        }
        (FindingKind::ExitLate, _) => Symptom::Hangs,
        (FindingKind::DescendantLeft, _) => Symptom::LeftBehind,
        (FindingKind::ExitStatus, TryFault::Stop) => Symptom::WrongStatus,
        (FindingKind::Traceback | FindingKind::LevelAboveDebug | FindingKind::LevelAboveInfo, TryFault::Stop) => {
            Symptom::LoudStop
        }
        (FindingKind::Traceback, _) if of_server => Symptom::LoudDisconnect,
        _ => Symptom::Other,
    })
}

impl Observation {
    /// Where it was seen, in one line: faults with the phases, or the kinds of request.
    pub fn places(&self) -> String {
        let mut faults: Vec<TryFault> = self.seen.iter().map(|experiment| experiment.fault).collect();
        faults.dedup();
        let of = |fault: TryFault| {
            let places: Vec<String> =
                self.seen.iter().filter(|it| it.fault == fault).map(|it| it.when.to_string()).collect();
            let shown = match places.as_slice() {
                [one] => one.clone(),
                [one, other] => format!("{one}; {other}"),
                [one, rest @ ..] => format!("{one}; and {} more places", rest.len()),
                [] => String::new(),
            };
            format!("{}: {shown}", fault.name())
        };
        faults.into_iter().map(of).collect::<Vec<_>>().join(" | ")
    }

    /// The experiment that shows it best: the first that has a place in the traffic.
    pub fn example(&self) -> Option<&Experiment> {
        self.seen.iter().find(|it| it.when != When::Idle).or(self.seen.first())
    }
}
