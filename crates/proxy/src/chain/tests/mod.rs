//! Chains without sockets and without a clock: what passes when, to the byte and to the microsecond.

mod changes;
mod kinds;
mod line;
