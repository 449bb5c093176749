//! Every scenario of `scenarios/`, and its control, as a test.

quietdown::harness!("scenarios", system = "shop", programs = ["shop"]);
