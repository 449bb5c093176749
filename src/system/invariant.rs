//! What must hold of a system's data, and how its operations map to that.

use std::collections::BTreeMap;

use crate::file::Spanned;
use serde::Deserialize;
use serde_json::Value;

use super::place::{CallPlace, ValuePlace};

/// What must hold of the data: that of one of these models.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Invariant {
    /// Items that are added: nothing acknowledged is missing, nothing is there twice, nothing is there that nobody added.
    Set(Set),
    /// As a set; and items are handed out once, in their order, and none is stuck or finished by nobody.
    Queue(Box<Queue>),
    /// Values by key: the last acknowledged write is what is there.
    Register(Register),
    /// Entries by key: as a set for each key, in the order in which they were appended.
    Log(AppendLog),
    /// Operations that are carried out once for each call, however often their request is repeated.
    Once(Once),
}

/// How the data are read at the end, past the faults.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Read {
    /// The path of a GET. `${key}` in it stands for each key that the calls name, one GET for each.
    pub path: Spanned<String>,
    /// Where in the answer the list of items is; the answer itself when absent.
    pub items: Option<ValuePlace>,
}

/// What an item of the read is known by.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Item {
    /// What identifies it: given by the server, or by who added it.
    pub id: ValuePlace,
    /// What was put into it.
    pub content: Option<ValuePlace>,
    /// The state that it is in.
    pub state: Option<ValuePlace>,
}

/// The calls of an operation that do something to items, and where in a call they are named.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Does {
    /// The operation.
    pub op: Spanned<String>,
    /// Where the call names the items' ids.
    pub id: Option<CallPlace>,
    /// Where the call has what is put into the items.
    pub content: Option<CallPlace>,
    /// Only calls that have one of these values at each of these places.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(with = "BTreeMap<String, Vec<Value>>"))]
    pub when: BTreeMap<CallPlace, Vec<Value>>,
}

/// Items that are added.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Set {
    /// How all items are read.
    pub read: Read,
    /// What an item is known by.
    pub item: Item,
    /// What adds items.
    pub add: Vec<Does>,
    /// What removes items.
    #[serde(default)]
    pub remove: Vec<Does>,
}

/// Items that are put into a queue, taken, and finished or put back.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Queue {
    /// How all items are read.
    pub read: Read,
    /// What an item is known by.
    pub item: Item,
    /// What puts items into the queue.
    pub put: Vec<Does>,
    /// What adds items past the queue.
    #[serde(default)]
    pub add: Vec<Does>,
    /// What takes items out of it.
    pub take: Vec<Does>,
    /// What takes an item that it names, in whatever state it is: somebody knows of it then.
    #[serde(default)]
    pub claim: Vec<Does>,
    /// What lets an item be taken once more.
    #[serde(default)]
    pub put_back: Vec<Does>,
    /// What finishes items.
    #[serde(default)]
    pub finish: Vec<Does>,
    /// Where a put asks for its item to be delivered again when its taker gives no sign of life: such items may be taken more
    /// than once.
    #[serde(default)]
    pub redelivers: Vec<CallPlace>,
    /// The states of an item that somebody has taken and not finished.
    #[serde(default)]
    pub taken: Vec<String>,
    /// The states of an item that is finished as it should.
    #[serde(default)]
    pub finished: Vec<String>,
    /// What a free-running process logs when its work on an item is done.
    pub done_line: Option<ItemLine>,
    /// What a process logs when it leaves an item to be recovered later, since it cannot give it back.
    pub left_line: Option<ItemLine>,
}

/// A line that is about an item.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ItemLine {
    /// The named line.
    pub line: Spanned<String>,
    /// Its field with the id of the item; without it, lines are only counted.
    pub id: Option<String>,
}

/// Values by key.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Register {
    /// How all items are read.
    pub read: Read,
    /// Where in an item its key is.
    pub key: ValuePlace,
    /// Where in an item its value is.
    pub value: ValuePlace,
    /// What writes values.
    pub write: Vec<Keyed>,
    /// What reads them.
    #[serde(default)]
    pub get: Vec<Keyed>,
}

/// Entries by key.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct AppendLog {
    /// How the entries are read.
    pub read: Read,
    /// Where in an entry its value is, by which it is known.
    pub value: ValuePlace,
    /// What appends entries.
    pub append: Vec<Keyed>,
    /// Whether the order in which entries are read is that in which they were appended.
    #[serde(default = "yes")]
    pub ordered: bool,
}

fn yes() -> bool {
    true
}

/// Operations that are carried out once for each call.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Once {
    /// The operations.
    pub operations: Vec<Spanned<String>>,
}

/// The calls of an operation that are about a value of a key.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Keyed {
    /// The operation.
    pub op: Spanned<String>,
    /// Where the call names the key.
    pub key: CallPlace,
    /// Where the call has the value; a call that has none is about something else.
    pub value: CallPlace,
}

impl Invariant {
    /// How its data are read; nothing where the traffic tells.
    pub fn read(&self) -> Option<&Read> {
        match self {
            Self::Set(set) => Some(&set.read),
            Self::Queue(queue) => Some(&queue.read),
            Self::Register(register) => Some(&register.read),
            Self::Log(log) => Some(&log.read),
            Self::Once(_) => None,
        }
    }

    /// The operations that it maps, as they are written.
    pub fn operations(&self) -> Vec<&Spanned<String>> {
        match self {
            Self::Set(set) => set.add.iter().chain(&set.remove).map(|does| &does.op).collect(),
            Self::Queue(queue) => {
                let first = queue.put.iter().chain(&queue.add).chain(&queue.take);
                first.chain(&queue.claim).chain(&queue.put_back).chain(&queue.finish).map(|does| &does.op).collect()
            }
            Self::Register(register) => register.write.iter().chain(&register.get).map(|keyed| &keyed.op).collect(),
            Self::Log(log) => log.append.iter().map(|keyed| &keyed.op).collect(),
            Self::Once(once) => once.operations.iter().collect(),
        }
    }

    /// The lines that it names, as they are written.
    pub fn lines(&self) -> Vec<&Spanned<String>> {
        match self {
            Self::Queue(queue) => queue.done_line.iter().chain(&queue.left_line).map(|line| &line.line).collect(),
            Self::Set(_) | Self::Register(_) | Self::Log(_) | Self::Once(_) => Vec::new(),
        }
    }

    /// Where calls name the keys, by operation: of the models that have keys.
    pub fn keys(&self) -> Vec<(&str, &CallPlace)> {
        let keyed = match self {
            Self::Register(register) => &register.write,
            Self::Log(log) => &log.append,
            Self::Set(_) | Self::Queue(_) | Self::Once(_) => return Vec::new(),
        };
        keyed.iter().map(|keyed| (keyed.op.as_ref().as_str(), &keyed.key)).collect()
    }
}
