//! What the oracle could not tell of a call whose answer never came.

use super::invariant::{Does, Invariant};
use super::model::SystemFile;
use super::place::CallPlace;

/// What to know of the invariants of a system: where nothing but its answer says which item a call meant.
pub(super) fn notes(file: &SystemFile) -> Vec<String> {
    file.invariants.iter().flat_map(|invariant| of(invariant.as_ref())).collect()
}

fn of(invariant: &Invariant) -> Vec<String> {
    let of_items = |kind: &str, by_content: bool, does: &[Does]| -> Vec<String> {
        let named_by = |does: &'_ Does| -> bool {
            let place = if by_content { does.content.as_ref().or(does.id.as_ref()) } else { does.id.as_ref() };
            place.is_some_and(answered)
        };
        let unnamed = does.iter().filter(|does| named_by(does));
        unnamed.map(|does| adds(kind, does.op.as_ref(), "`content` in `item` and in the operation")).collect()
    };
    match invariant {
        Invariant::Set(set) => {
            let mut notes = of_items("set", set.item.content.is_some(), &set.add);
            let unnamed = set.remove.iter().filter(|does| does.id.as_ref().is_some_and(answered));
            notes.extend(unnamed.map(|does| {
                let op = does.op.as_ref();
                format!(
                    "a set whose `{op}` names what it removes only in its answer: an item that is missing (`lost`) is no \
                     finding beside a `{op}` whose answer never came; remove items by an id in `args`"
                )
            }));
            notes
        }
        Invariant::Queue(queue) => {
            let by_content = queue.item.content.is_some();
            let mut notes = of_items("queue", by_content, &queue.put);
            notes.extend(of_items("queue", by_content, &queue.add));
            notes
        }
        Invariant::Register(register) => {
            let unnamed = register.write.iter().filter(|write| answered(&write.value));
            unnamed
                .map(|write| {
                    let op = write.op.as_ref();
                    format!(
                        "a register whose `{op}` names its value only in its answer: any value is taken for right beside a \
                         `{op}` whose answer never came; write a `value` from `args`"
                    )
                })
                .collect()
        }
        Invariant::Log(log) => {
            let unnamed = log.append.iter().filter(|append| answered(&append.value));
            unnamed.map(|append| adds("log", append.op.as_ref(), "a `value` from `args`")).collect()
        }
        Invariant::Once(_) => Vec::new(),
    }
}

/// Whether it is told by the answer alone.
fn answered(place: &CallPlace) -> bool {
    !place.in_arguments
}

fn adds(kind: &str, op: &str, remedy: &str) -> String {
    format!(
        "a {kind} whose `{op}` names what it adds only in its answer: what nobody added (`phantom`) is no finding beside a \
         `{op}` whose answer never came; write {remedy}"
    )
}
