//! Whole runs, with processes: what the harness makes of them, and what it leaves behind.

#[path = "../needs/python.rs"]
#[macro_use]
mod needs;

mod defects;
mod http_client;
mod process;
mod readiness;
mod sweep;
#[cfg(debug_assertions)]
mod sweep_defects;
mod timeline_end;
mod zygote;
