//! Where in a timeline findings are.

use std::collections::BTreeSet;

use super::model::PlaceView;
use crate::evidence::Evidence;
use crate::finding::{Finding, FindingKind};

/// The places of the findings of a run.
pub(super) struct Places<'a> {
    evidence: &'a Evidence,
    /// For each process the records that are in the timeline.
    kept: &'a [Vec<usize>],
    /// The records that earlier findings are about: the same words twice are two records.
    taken: BTreeSet<(usize, usize)>,
}

impl<'a> Places<'a> {
    pub fn new(evidence: &'a Evidence, kept: &'a [Vec<usize>]) -> Self {
        Self { evidence, kept, taken: BTreeSet::new() }
    }

    /// The place of the next finding: the record that it shows, the end or the step that it is about, or its call.
    pub fn of(&mut self, finding: &Finding) -> Option<PlaceView> {
        let evidence = self.evidence;
        match finding.kind {
            FindingKind::StepFailed => self.step(evidence.failure.as_ref()?.step),
            FindingKind::FaultNotFired => self.step(evidence.faults.iter().find(|fault| fault.fired.is_none())?.step),
            FindingKind::ExitStatus | FindingKind::ExitLate | FindingKind::DescendantLeft => self.exit(finding),
            _ => self.record(finding).or_else(|| self.call(finding)),
        }
    }

    fn step(&self, number: usize) -> Option<PlaceView> {
        self.evidence.steps.iter().position(|step| step.number == number).map(PlaceView::Step)
    }

    fn exit(&self, finding: &Finding) -> Option<PlaceView> {
        let process = self.process(finding)?;
        let boots = &self.evidence.processes[process].boots;
        let late = boots.iter().position(|boot| boot.late || boot.late_stop.is_some());
        Some(PlaceView::Exit(process, late.or_else(|| boots.len().checked_sub(1))?))
    }

    fn call(&self, finding: &Finding) -> Option<PlaceView> {
        let name = finding.call.as_ref()?;
        self.evidence.history.iter().position(|call| call.name == *name).map(PlaceView::Call)
    }

    /// The record whose summary is the first line of the excerpt; of several the first that is on the finding's side of the fault.
    fn record(&mut self, finding: &Finding) -> Option<PlaceView> {
        let said = finding.excerpt.first()?;
        let process = self.process(finding)?;
        let records = &self.evidence.processes[process].records;
        let fault = self.evidence.first_fault().unwrap_or(0);
        let before = finding.kind == FindingKind::LevelAboveInfo;
        let mut said_so: Vec<usize> = (0..self.kept.get(process)?.len())
            .filter(|shown| records[self.kept[process][*shown]].summary() == *said)
            .collect();
        said_so.sort_by_key(|shown| {
            let on_its_side = (records[self.kept[process][*shown]].at < fault) == before;
            (self.taken.contains(&(process, *shown)), !on_its_side)
        });
        let shown = *said_so.first()?;
        self.taken.insert((process, shown));
        Some(PlaceView::Record(process, shown))
    }

    fn process(&self, finding: &Finding) -> Option<usize> {
        let name = finding.process.as_ref()?;
        self.evidence.processes.iter().position(|process| process.name == *name)
    }
}
