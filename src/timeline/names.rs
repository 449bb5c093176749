//! Events, actions and effects in a few words.

use crate::proxy::Effect;
use crate::scenario::{Action, Asking, Event};

/// What an action on a link has met, in words.
pub(super) fn describe(effect: Effect) -> String {
    let parts = [
        (effect.broken, "connection broken", "connections broken"),
        (effect.held, "connection held", "connections held"),
        (effect.withheld, "byte withheld", "bytes withheld"),
        (effect.refused, "connect refused", "connects refused"),
    ];
    let said = parts
        .iter()
        .filter(|(count, ..)| *count > 0)
        .map(|(count, one, many)| format!("{count} {}", if *count == 1 { one } else { many }));
    said.collect::<Vec<_>>().join(", ")
}

/// An event in a few words.
pub(super) fn name_of_event(event: &Event) -> String {
    match event {
        Event::Request(gate) => {
            let request = match (&gate.op, &gate.path) {
                (Some(op), _) => op.as_ref().clone(),
                (None, Some(path)) => path.as_ref().clone(),
                (None, None) => "any request".to_owned(),
            };
            let phase = serde_json::to_value(gate.phase.as_ref()).ok();
            format!(
                "{} of {request} on the link of {}",
                phase.as_ref().and_then(|phase| phase.as_str()).unwrap_or_default(),
                gate.process.as_ref()
            )
        }
        Event::Bytes(gate) => {
            format!("byte {} towards the {:?} on the link of {}", gate.at, gate.toward, gate.process.as_ref())
                .to_lowercase()
        }
        Event::Connect(gate) => format!("connect on the link of {}", gate.process.as_ref()),
        Event::Connected(gate) => format!("connected on the link of {}", gate.process.as_ref()),
        Event::Idle(gate) => format!("idle on the link of {}", gate.process.as_ref()),
        Event::Line(line) => format!(
            "line {} of {}",
            line.line.as_ref().map_or("as written", |name| name.as_ref().as_str()),
            line.process.as_ref()
        ),
        Event::Exit(exit) => format!("exit of {}", exit.process.as_ref()),
        Event::Ready(ready) => format!("ready {}", ready.process.as_ref()),
        Event::Quiet(quiet) => format!("quiet for {}", quiet.duration),
        Event::After(after) => format!("after {}", after.time),
    }
}

fn asked(asking: Asking<'_>) -> String {
    format!("{} of {}", asking.op.as_ref(), asking.who().map_or("nobody", |who| who.as_ref().as_str()))
}

/// An action in a few words.
pub(super) fn name_of_action(action: &Action) -> String {
    let link = |link: &Option<crate::file::Spanned<String>>| {
        link.as_ref().map_or("the connection".to_owned(), |name| format!("the link of {}", name.as_ref()))
    };
    match action {
        Action::Start(it) => format!("start {}", it.process.as_ref()),
        Action::Stop(it) => format!("stop {}", it.process.as_ref()),
        Action::Kill(it) => format!("kill {}", it.process.as_ref()),
        Action::Signal(it) => format!("signal {} to {}", it.signal.as_ref(), it.process.as_ref()),
        Action::Pause(it) => format!("pause {}", it.process.as_ref()),
        Action::Resume(it) => format!("resume {}", it.process.as_ref()),
        Action::Restart(it) => format!("restart {}", it.process.as_ref()),
        Action::Call(it) => format!("call {}", asked(it.asking())),
        Action::Begin(it) => format!("begin {}", asked(it.asking())),
        Action::Cancel(it) => format!("cancel {}", it.call.as_ref()),
        Action::Finish(it) => format!("finish {}", it.call.as_ref()),
        Action::Connect(it) => {
            format!("connect {} of {}", it.name.as_ref(), it.who().map_or("nobody", |who| who.as_ref().as_str()))
        }
        Action::Close(it) => format!("close {}", it.connection.as_ref()),
        Action::Cut(it) => format!("cut {}", link(&it.link)),
        Action::Hold(it) => format!("hold {}", link(&it.link)),
        Action::Refuse(it) => format!("refuse on the link of {}", it.link.as_ref()),
        Action::Accept(it) => format!("accept on the link of {}", it.link.as_ref()),
        Action::Toxic(it) => {
            let kinds = it.kinds();
            let kind = kinds.first().map_or("toxic", crate::proxy::ToxicKind::name);
            format!("toxic {kind} on the link of {}", it.link.as_ref())
        }
        Action::Untoxic(it) => match &it.name {
            Some(name) => format!("untoxic {} on the link of {}", name.as_ref(), it.link.as_ref()),
            None => format!("untoxic on the link of {}", it.link.as_ref()),
        },
        Action::Release(it) => match (&it.link, &it.gate) {
            (Some(name), _) => format!("release the link of {}", name.as_ref()),
            (None, Some(gate)) => format!("release the gate {}", gate.as_ref()),
            (None, None) => "release".to_owned(),
        },
    }
}
