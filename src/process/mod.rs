//! Child processes: spawned into groups of their own, captured, signalled, and never left behind.

mod child;
mod descendants;
mod handle;
mod signals;
mod spawn;
mod start;
mod stat;
mod vfork;
mod watchdog;
mod zygote;

pub use child::{Child, exit_of};
pub use descendants::{MARKER, Marked, Tick, left_of, marked};
pub use quietdown_proxy::engine::ReservedPort;
pub use signals::{signal, signal_name};
pub use spawn::{Input, Output, Spawn};
pub(crate) use stat::is_stopped;
pub use watchdog::{guard, mark, watch};
pub use zygote::{PYTHON as PYTHON_ZYGOTE, Zygote, ZygoteCommand, Zygotes};
