//! What the calls of the history did to items.

use serde_json::Value;

use crate::evidence::{Call, CallEffect, CallResult, Evidence};
use crate::system::{CallPlace, Does, Item, Keyed};
use crate::verdict::Case;

/// What one call did, or may have done, to one item.
#[derive(Debug, Clone, Copy)]
pub(super) struct ItemEffect<'a> {
    /// The call.
    pub call: &'a Call,
    /// The item's id, where the call names it.
    pub id: Option<&'a Value>,
    /// What the call put into it.
    pub content: Option<&'a Value>,
}

impl<'a> ItemEffect<'a> {
    /// By what its item is known: its content where items have one, else its id.
    pub fn identity(&self, item: &Item) -> Option<&'a Value> {
        if item.content.is_some() { self.content.or(self.id) } else { self.id }
    }

    /// Whether it was acknowledged.
    pub fn sure(&self) -> bool {
        sure(self.call)
    }
}

/// Whether a call was acknowledged.
pub(super) fn sure(call: &Call) -> bool {
    call.result == Some(CallResult::Ok)
}

/// Whether a call may have happened, or not.
pub(super) fn unsure(call: &Call) -> bool {
    !sure(call) && call.effect == CallEffect::Unknown
}

/// Whether one call had ended before the other began.
pub(super) fn before(first: &Call, second: &Call) -> bool {
    first.ended.is_some_and(|ended| ended <= second.begun)
}

/// What is at a place of a call.
pub(super) fn at<'a>(call: &'a Call, place: &CallPlace) -> Vec<&'a Value> {
    place.of(&call.args, call.value.as_ref())
}

/// The calls of these operations that happened or may have, each with the mapping it fits.
pub(super) fn calls<'a>(evidence: &'a Evidence, does: &'a [Does]) -> impl Iterator<Item = (&'a Call, &'a Does)> {
    evidence.history.iter().filter(|call| sure(call) || unsure(call)).flat_map(move |call| {
        does.iter().filter(move |does| *does.op.as_ref() == call.op && fits(call, does)).map(move |does| (call, does))
    })
}

fn fits(call: &Call, does: &Does) -> bool {
    does.when
        .iter()
        .all(|(place, values)| untold(call, place) || at(call, place).iter().any(|value| values.contains(value)))
}

/// Whether what is at this place is known to the server alone: its answer never came.
fn untold(call: &Call, place: &CallPlace) -> bool {
    !place.in_arguments && unsure(call)
}

/// How many items the calls may have meant that do not say which: their answers, which would have named them, never came.
pub(super) fn unnamed<'a>(
    evidence: &'a Evidence,
    does: impl IntoIterator<Item = &'a Does>,
    named_by: impl Fn(&Does) -> Option<&CallPlace>,
) -> usize {
    let mut most: Vec<(*const Call, usize)> = Vec::new();
    for does in does {
        for (call, does) in calls(evidence, std::slice::from_ref(does)) {
            let Some(place) = named_by(does).filter(|place| untold(call, place)) else { continue };
            let number = if place.place.many() { usize::MAX } else { 1 };
            // One call that is mapped twice did one of the two.
            match most.iter_mut().find(|(known, _)| std::ptr::eq(*known, call)) {
                Some((_, known)) => *known = number.max(*known),
                None => most.push((call, number)),
            }
        }
    }
    most.iter().fold(0, |sum: usize, (_, number)| sum.saturating_add(*number))
}

/// What the calls of these operations did to items, in the order of the history.
pub(super) fn item_effects<'a>(evidence: &'a Evidence, does: &'a [Does]) -> Vec<ItemEffect<'a>> {
    let mut item_effects = Vec::new();
    for (call, does) in calls(evidence, does) {
        let ids = does.id.as_ref().map_or_else(Vec::new, |place| at(call, place));
        let contents = does.content.as_ref().map_or_else(Vec::new, |place| at(call, place));
        for index in 0..ids.len().max(contents.len()) {
            item_effects.push(ItemEffect { call, id: ids.get(index).copied(), content: contents.get(index).copied() });
        }
    }
    item_effects
}

/// What the calls of these operations did to a key: the key as `id`, the value as `content`. Without a key it may be any, without
/// a value it may have any: only the answer would have said so, and it never came.
pub(super) fn keyed<'a>(evidence: &'a Evidence, mapped: &'a [Keyed]) -> Vec<ItemEffect<'a>> {
    let mut item_effects = Vec::new();
    for call in evidence.history.iter().filter(|call| sure(call) || unsure(call)) {
        for keyed in mapped.iter().filter(|keyed| *keyed.op.as_ref() == call.op) {
            let key = at(call, &keyed.key).first().copied();
            item_effects.extend(at(call, &keyed.value).into_iter().map(|value| ItemEffect {
                call,
                id: key,
                content: Some(value),
            }));
            if untold(call, &keyed.value) {
                item_effects.push(ItemEffect { call, id: key, content: None });
            }
        }
    }
    item_effects
}

/// Whether a call that is not mapped makes the same request as one of these: it may do the same.
pub(super) fn done_otherwise(case: Case<'_>, does: &[&Does]) -> bool {
    let request = |op: &str| case.system.operations.get(op).map(|rule| (&rule.method, &rule.path));
    case.evidence.history.iter().any(|call| {
        does.iter().all(|does| *does.op.as_ref() != call.op)
            && match request(&call.op) {
                Some(made) => does.iter().any(|does| request(does.op.as_ref()) == Some(made)),
                // Nobody knows what it does.
                None => true,
            }
    })
}

/// A call as a line of evidence, with what it says of the item.
pub(super) fn line(call: &Call) -> String {
    let result = match call.result {
        Some(CallResult::Ok) => match &call.value {
            Some(value) => format!("ok, {}", short(value)),
            None => "ok".to_owned(),
        },
        Some(result) => match call.effect {
            CallEffect::Unknown => format!("{}: it may have been done", result.name()),
            _ => result.name().to_owned(),
        },
        None => "never ended: it may have been done".to_owned(),
    };
    let (begun, args) = (call.begun as f64 / 1e3, short(&call.args));
    format!("{begun:.1} ms  {} in {}: {} {args} -> {result}", call.name, call.process, call.op)
}

/// A value in at most so many characters.
pub(super) fn short(value: &Value) -> String {
    const MOST: usize = 160;
    let text = value.to_string();
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
