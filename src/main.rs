//! The command line of quietdown.

fn main() {}
