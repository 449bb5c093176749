//! The store's server: HTTP/1 over loopback, and a stop that its clients need not notice.
//!
//! A stop, in this order: the flag says `stopping`; health and every later request are answered 503 with the draining
//! marker; long polls are answered early; what is in flight finishes within the drain time; the listener closes; the
//! data is flushed; the flag says `stopped`. A second signal ends the process at once.

mod accept;
mod answer;
mod connection;
mod cors;
mod exchange;
mod handle;
mod life;
mod long_poll;
mod otlp;
mod routes;
mod shared;
mod signal;
mod stop;
mod target;

pub use life::{ServerOptions, run};
