//! Every block of docs/scenarios.md is a scenario that `check` accepts.

use std::path::Path;

use quietdown::scenario::Scenario;
use quietdown::system::System;

const SCENARIOS: &str = include_str!("../../docs/scenarios.md");

#[test]
fn every_documented_scenario_is_in_order() {
    let blocks: Vec<&str> =
        SCENARIOS.split("\n```toml\n").skip(1).filter_map(|rest| rest.split("\n```").next()).collect();
    assert!(blocks.len() >= 8, "{} blocks", blocks.len());
    for block in blocks {
        let process = if block.contains("[processes.a]") { "" } else { "[processes.a]\n" };
        let source = format!("summary = \"x\"\n{process}{block}\n");
        let scenario = Scenario::parse(Path::new("documented.toml"), &source);
        let scenario = scenario.unwrap_or_else(|wrong| panic!("{wrong}\n{source}"));
        scenario.check(&System::store()).unwrap_or_else(|wrong| panic!("{wrong}\n{source}"));
    }
}
