//! Items that are handed out: each once, in the order in which they came, and none is stuck or finished by nobody.

use serde_json::Value;

use super::item_effects::{ItemEffect, at, before, calls, item_effects, line, short, unnamed, unsure};
use super::{others_work, set};
use crate::evidence::{Asked, Call};
use crate::finding::{Finding, FindingKind};
use crate::system::{Does, ItemLine, Queue, RoleKind};
use crate::verdict::Case;

pub(super) fn judge(case: Case<'_>, rule: &Queue, items: &[&Value], findings: &mut Vec<Finding>) {
    set::added(case, &rule.item, &[&rule.put, &rule.add], &[], items, findings);
    let trace = Trace {
        case,
        rule,
        put: item_effects(case.evidence, &rule.put),
        taken: item_effects(case.evidence, &rule.take).into_iter().filter(ItemEffect::sure).collect(),
        put_back: item_effects(case.evidence, &rule.put_back),
        finished: item_effects(case.evidence, &rule.finish),
    };
    trace.taken_once(findings);
    trace.in_order(findings);
    trace.none_stuck(items, findings);
    trace.finished_by_somebody(items, findings);
}

/// What happened to the items of a queue.
struct Trace<'a> {
    case: Case<'a>,
    rule: &'a Queue,
    put: Vec<ItemEffect<'a>>,
    /// Only what was acknowledged: who took what else is not known.
    taken: Vec<ItemEffect<'a>>,
    put_back: Vec<ItemEffect<'a>>,
    finished: Vec<ItemEffect<'a>>,
}

impl Trace<'_> {
    fn put_back(&self, id: &Value) -> bool {
        self.put_back.iter().any(|effect| effect.id == Some(id)) || self.unnamed(&self.rule.put_back) > 0
    }

    /// How many items these calls may have meant without saying which.
    fn unnamed(&self, does: &[Does]) -> usize {
        unnamed(self.case.evidence, does, |does| does.id.as_ref())
    }

    /// Whether its put asked for it to be delivered again.
    fn redelivered(&self, id: &Value) -> bool {
        let puts = self.put.iter().filter(|effect| effect.id == Some(id));
        puts.into_iter().any(|effect| self.rule.redelivers.iter().any(|place| !at(effect.call, place).is_empty()))
    }

    fn taken_once(&self, findings: &mut Vec<Finding>) {
        for (index, first) in self.taken.iter().enumerate() {
            let Some(id) = first.id.filter(|id| !self.put_back(id) && !self.redelivered(id)) else { continue };
            let earlier = self.taken[..index].iter().any(|effect| effect.id == Some(id));
            let Some(second) = self.taken[index + 1..].iter().find(|effect| effect.id == Some(id)).filter(|_| !earlier)
            else {
                continue;
            };
            let message = format!("{} was taken by {} and by {}", short(id), first.call.name, second.call.name);
            let finding = Finding::new(FindingKind::DeliveredTwice, message).process(&second.call.process);
            findings.push(finding.call(&second.call.name).excerpt([line(first.call), line(second.call)]));
        }
    }

    /// What was put before another is not taken after it, as far as the calls did not overlap.
    fn in_order(&self, findings: &mut Vec<Finding>) {
        let taken = |id: &Value| self.taken.iter().find(|effect| effect.id == Some(id));
        let puts: Vec<(&ItemEffect<'_>, &ItemEffect<'_>)> = self
            .put
            .iter()
            .filter(|effect| effect.sure())
            .filter_map(|effect| Some((effect, effect.id?)))
            .filter(|(_, id)| !self.put_back(id) && !self.redelivered(id))
            .filter_map(|(effect, id)| Some((effect, taken(id)?)))
            .collect();
        for (index, (first_put, first_take)) in puts.iter().enumerate() {
            for (second_put, second_take) in &puts[index + 1..] {
                let same_call = std::ptr::eq(first_put.call, second_put.call);
                let (put, take) = if same_call || before(first_put.call, second_put.call) {
                    ([first_put, second_put], [first_take, second_take])
                } else if before(second_put.call, first_put.call) {
                    ([second_put, first_put], [second_take, first_take])
                } else {
                    continue;
                };
                if before(take[1].call, take[0].call) {
                    let name = |effect: &ItemEffect<'_>| effect.id.map(short).unwrap_or_default();
                    let message = format!("{} was put before {}, and taken after it", name(put[0]), name(put[1]));
                    let lines = [put[0], put[1], take[1], take[0]].map(|effect| line(effect.call));
                    let finding = Finding::new(FindingKind::OutOfOrder, message).process(&take[0].call.process);
                    findings.push(finding.call(&take[0].call.name).excerpt(lines));
                    return;
                }
            }
        }
    }

    /// An item that is taken at the end was handed to somebody who knows of it, or died with it.
    fn none_stuck(&self, items: &[&Value], findings: &mut Vec<Finding>) {
        let held: Vec<&Value> = self
            .in_state(items, &self.rule.taken)
            .into_iter()
            .filter(|id| !self.taken.iter().any(|effect| effect.id == Some(*id)) && !self.left(id))
            .filter(|id| !self.was_added_past_the_queue(id) && !self.claimed(id))
            .collect();
        // Each take whose answer nobody got may have taken one; one that can take several, any number.
        let unsure: Vec<(&Call, bool)> = calls(self.case.evidence, &self.rule.take)
            .filter(|(call, _)| unsure(call))
            .map(|(call, does)| (call, does.id.as_ref().is_some_and(|id| id.place.many())))
            .collect();
        let excused = if unsure.iter().any(|(_, many)| *many) { usize::MAX } else { unsure.len() };
        let counted = self.rule.left_line.as_ref().filter(|line| line.id.is_none()).map_or(0, |line| self.count(line));
        let excused = excused.saturating_add(counted).saturating_add(self.unnamed(&self.rule.claim));
        let excused = excused.saturating_add(self.unnamed(&self.rule.add));
        if held.len() <= excused || self.taker_died() {
            return;
        }
        let ids: Vec<String> = held.iter().map(|id| short(id)).collect();
        let message = format!("taken, but by nobody who knows of it: {}", ids.join(", "));
        let suspects = calls(self.case.evidence, &self.rule.take).map(|(call, _)| call);
        let suspects = suspects.filter(|call| self.taken.iter().all(|effect| !std::ptr::eq(effect.call, *call)));
        findings.push(Finding::new(FindingKind::Stuck, message).excerpt(suspects.map(line)));
    }

    /// An item that is finished was finished by a call, or by a process that says so.
    fn finished_by_somebody(&self, items: &[&Value], findings: &mut Vec<Finding>) {
        let by_nobody: Vec<&Value> = self
            .in_state(items, &self.rule.finished)
            .into_iter()
            .filter(|id| !self.finished.iter().any(|effect| effect.id == Some(*id)))
            .filter(|id| !self.says(self.rule.done_line.as_ref(), id))
            .collect();
        let counted = self.rule.done_line.as_ref().filter(|line| line.id.is_none());
        let excused = match counted {
            Some(line) => self.count(line),
            // Without a word for it, what free-running processes finish is not known.
            None if self.rule.done_line.is_none() && others_work(self.case) => usize::MAX,
            None => 0,
        };
        let excused = excused.saturating_add(self.unnamed(&self.rule.finish));
        if by_nobody.len() <= excused {
            return;
        }
        let ids: Vec<String> = by_nobody.iter().map(|id| short(id)).collect();
        let message = format!("recorded as finished, but nobody finished it: {}", ids.join(", "));
        findings.push(Finding::new(FindingKind::FinishedByNobody, message));
    }

    fn in_state<'v>(&self, items: &[&'v Value], states: &[String]) -> Vec<&'v Value> {
        let state = self.rule.item.state.as_ref();
        let is = |item: &Value| {
            state
                .and_then(|place| place.first(item))
                .and_then(Value::as_str)
                .is_some_and(|state| states.iter().any(|one| one == state))
        };
        items.iter().filter(|item| is(item)).filter_map(|item| self.rule.item.id.first(item)).collect()
    }

    fn was_added_past_the_queue(&self, id: &Value) -> bool {
        item_effects(self.case.evidence, &self.rule.add)
            .iter()
            .any(|effect| effect.id == Some(id) || effect.id.is_none())
    }

    fn claimed(&self, id: &Value) -> bool {
        item_effects(self.case.evidence, &self.rule.claim).iter().any(|effect| effect.id == Some(id))
    }

    fn left(&self, id: &Value) -> bool {
        self.says(self.rule.left_line.as_ref(), id)
    }

    /// Whether a process logged this line about this item.
    fn says(&self, line: Option<&ItemLine>, id: &Value) -> bool {
        let Some((named, field)) = line.and_then(|line| Some((line, line.id.as_ref()?))) else { return false };
        let Some(named) = self.case.system.lines.get(named.line.as_ref()) else { return false };
        let written = id.as_str().map_or_else(|| id.to_string(), str::to_owned);
        let mut records = self.case.evidence.processes.iter().flat_map(|process| &process.records);
        records.any(|record| named.matches(record) && record.field(field).is_some_and(|value| value == written))
    }

    fn count(&self, line: &ItemLine) -> usize {
        let Some(named) = self.case.system.lines.get(line.line.as_ref()) else { return 0 };
        let records = self.case.evidence.processes.iter().flat_map(|process| &process.records);
        records.filter(|record| named.matches(record)).count()
    }

    /// Whether a process that takes items by itself was killed: what it had dies with it.
    fn taker_died(&self) -> bool {
        let takers = self.case.evidence.processes.iter().filter(|process| {
            matches!(self.case.kind(process, None), Some(RoleKind::FreeRunning | RoleKind::Composite))
        });
        takers.flat_map(|process| &process.boots).any(|boot| {
            boot.asked == Some(Asked::Kill)
                || boot.late
                || boot.exit.as_ref().is_some_and(|exit| exit.signal.as_deref() == Some("SIGKILL"))
        })
    }
}
