use std::sync::Arc;
use std::time::Instant;

use super::flow::{ByteStream, End, Flow};
use super::latency::Delay;
use super::limit::Limit;
use super::pace::Pace;
use super::selection::Selection;
use super::slices::Slices;
use super::swallow::Swallow;
use crate::HitEffect;
use crate::chance::Chance;
use crate::toxic::{Corrupt, SlowClose, Toxic, ToxicKind};
use crate::toxics::Serial;

/// One toxic on one direction of one connection.
#[derive(Debug)]
pub(super) struct Valve {
    serial: Serial,
    toxic: Arc<Toxic>,
    chance: Chance,
    /// Where it came into the stream.
    from: u64,
    passed: u64,
    work: Work,
}

/// What a valve keeps in mind.
#[derive(Debug)]
enum Work {
    Delay(Delay),
    Pace(Pace),
    Slices(Slices),
    Limit(Limit),
    Swallow(Swallow),
    /// When the end of the stream may pass.
    SlowClose(Option<Instant>),
    /// Up to where it has looked.
    Corrupt(u64),
    Nothing,
}

/// The place of the draw that decides whether a toxic applies to a connection: no byte has it.
const TOXICITY: u64 = u64::MAX;

impl Valve {
    pub fn new(
        serial: Serial,
        toxic: &Arc<Toxic>,
        chance: Chance,
        from: u64,
        open_since: Option<Instant>,
        now: Instant,
    ) -> Self {
        let chosen = toxic.only.is_some();
        let work = match &toxic.kind {
            ToxicKind::Latency(_) => Work::Delay(Delay::new(from)),
            ToxicKind::Bandwidth(_) => Work::Pace(Pace::default()),
            ToxicKind::Slicer(_) => Work::Slices(Slices::default()),
            ToxicKind::LimitData(_) => Work::Limit(Limit::default()),
            ToxicKind::Timeout(_) => Work::Swallow(Swallow::new(End::Close, (!chosen).then_some(now))),
            ToxicKind::ResetPeer(_) => Work::Swallow(Swallow::new(End::Reset, open_since.filter(|_| !chosen))),
            ToxicKind::SlowClose(_) => Work::SlowClose(None),
            ToxicKind::Corrupt(_) => Work::Corrupt(from),
            ToxicKind::Noop(_) => Work::Nothing,
        };
        Self { serial, toxic: Arc::clone(toxic), chance, from, passed: from, work }
    }

    pub fn serial(&self) -> Serial {
        self.serial
    }

    pub fn name(&self) -> &str {
        &self.toxic.name
    }

    pub fn is_deep(&self) -> bool {
        matches!(self.work, Work::Delay(_)) && self.applies()
    }

    /// Takes new values of its toxic. The draws stay: who was hit at a smaller share is hit at a larger one.
    /// The time of a `timeout` begins anew, as with Toxiproxy.
    pub fn update(&mut self, toxic: &Arc<Toxic>, now: Instant) {
        if Arc::ptr_eq(&self.toxic, toxic) {
            return;
        }
        self.toxic = Arc::clone(toxic);
        if let (Work::Swallow(swallow), ToxicKind::Timeout(_)) = (&mut self.work, &self.toxic.kind) {
            swallow.begin_anew(now);
        }
    }

    /// Whether the connection ends when the toxic is taken away: what was swallowed cannot be made good.
    pub fn ends_when_removed(&self) -> bool {
        matches!(&self.work, Work::Swallow(swallow) if self.applies() && swallow.has_begun())
    }

    fn applies(&self) -> bool {
        self.chance.share(TOXICITY) < self.toxic.toxicity
    }

    fn selection(&self) -> Selection {
        match &self.toxic.only {
            _ if !self.applies() => Selection::Nothing,
            None => Selection::All { from: self.from },
            Some(_) => Selection::Chosen(self.serial),
        }
    }

    /// Lets pass what may pass now, of a stream that has come as far as `input`.
    pub fn advance<'a, 'b>(&mut self, stream: &'a mut ByteStream<'b>, input: u64, ended: bool) -> Flow<'a, 'b> {
        let mut flow = Flow::new(stream, (self.passed, input), ended);
        let (selection, chance) = (self.selection(), self.chance);
        match (&mut self.work, &self.toxic.kind) {
            (Work::Delay(delay), ToxicKind::Latency(it)) => delay.advance(it, chance, selection, &mut flow),
            (Work::Pace(pace), ToxicKind::Bandwidth(it)) => pace.advance(it, selection, &mut flow),
            (Work::Slices(slices), ToxicKind::Slicer(it)) => slices.advance(it, chance, selection, &mut flow),
            (Work::Limit(limit), ToxicKind::LimitData(it)) => limit.advance(it, selection, &mut flow),
            (Work::Swallow(swallow), ToxicKind::Timeout(it)) => {
                swallow.advance(Some(it.timeout).filter(|time| !time.is_zero()), selection, &mut flow);
            }
            (Work::Swallow(swallow), ToxicKind::ResetPeer(it)) => {
                swallow.advance(Some(it.timeout), selection, &mut flow);
            }
            (Work::SlowClose(until), ToxicKind::SlowClose(it)) => slow_close(until, it, selection, &mut flow),
            (Work::Corrupt(looked), ToxicKind::Corrupt(it)) => corrupt(looked, it, selection, &mut flow),
            // A toxic never changes its kind: this is `noop`.
            _ => flow.pass(input),
        }
        self.passed = flow.passed;
        flow
    }

    pub fn cut_to(&mut self, offset: u64) {
        self.passed = self.passed.min(offset);
        match &mut self.work {
            Work::Delay(delay) => delay.cut_to(offset),
            Work::Corrupt(looked) => *looked = offset.min(*looked),
            _ => {}
        }
    }
}

fn slow_close(until: &mut Option<Instant>, toxic: &SlowClose, selection: Selection, flow: &mut Flow<'_, '_>) {
    flow.pass(flow.input);
    if !flow.ended || selection == Selection::Nothing {
        return;
    }
    let at = *until.get_or_insert_with(|| flow.now() + toxic.delay);
    if at > flow.now() {
        flow.touch(HitEffect::Delayed, flow.input);
        flow.keeps_end = true;
        flow.wake = Some(at);
    }
}

fn corrupt(looked: &mut u64, toxic: &Corrupt, selection: Selection, flow: &mut Flow<'_, '_>) {
    while *looked < flow.input {
        let run = selection.at(*looked, flow.stream.messages);
        let until = run.until.min(flow.input);
        if let Some(start) = run.start {
            let from = start.saturating_add(toxic.from).max(*looked);
            let length = if toxic.length == 0 { u64::MAX } else { toxic.length };
            let to = start.saturating_add(toxic.from).saturating_add(length).min(until);
            if from < to {
                let at = |offset: u64| offset.saturating_sub(flow.stream.forwarded) as usize;
                let (first, last) = (at(from), at(to));
                flow.stream.buffer.change(first, last, |byte| *byte ^= toxic.mask);
                flow.touch(HitEffect::Changed, from);
            }
        }
        *looked = until;
    }
    flow.pass(flow.input);
}
