//! Links as a test uses them: three whole tests of clients and servers as examples, and what a link promises.

mod behaviour;
mod cut_body_taken_for_whole;
mod retry_that_duplicates;
mod shutdown_that_hangs;
mod support;
