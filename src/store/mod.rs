//! The embedded system under test: a rollout store, its client, its runner, its strategy.
//!
//! The harness never imports this module, nor this module the harness: they meet as processes.
