//! Child processes: spawned into groups of their own, captured, signalled, and never left behind.

mod child;
mod descendants;
mod handle;
mod limits;
mod listens;
mod signals;
mod sock_diag;
mod spawn;
mod start;
mod stat;
mod subreaper;
mod supervisor;
mod vfork;
mod wire;
mod zygote;

pub use child::{Child, exit_of};
pub use descendants::{MARKER, Marked, marked};
pub use limits::{Descriptors, OpenFilesError, shortage};
pub use listens::{is_listened_on, listening_ports};
pub use quietdown_proxy::engine::ReservedPort;
pub use signals::{ends, signal, signal_name};
pub use spawn::{Input, Output, Spawn};
pub(crate) use stat::is_stopped;
pub use subreaper::Subreaper;
pub(crate) use subreaper::{Belonging, OrphanProcess, children_cpu};
pub use supervisor::{guard, mark};
pub use zygote::{PYTHON as PYTHON_ZYGOTE, ZygoteCommand, ZygoteProcess, Zygotes};

#[cfg(test)]
use descendants::with_argument;
