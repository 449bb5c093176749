//! What the fault proxy costs, side by side with no proxy at all and with a bare forwarder: `docs/performance.md`.

mod api;
mod backend;
mod client;
mod forwarder;
mod machine;
mod measure;
mod ours;
mod path;
mod poll;
mod process;
mod role;
mod row;
mod stats;
mod table;

use std::io;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use measure::{ALL, Amount, Measurement};
use ours::Ours;

/// Compares quietdown's fault proxy with no proxy and with a bare forwarder, all on one core.
#[derive(Debug, Parser)]
#[command(bin_name = "cargo bench --bench proxy --")]
struct Options {
    /// The measurements to make; all when none is named.
    #[arg(value_name = "ROW", value_parser = measurement)]
    rows: Vec<&'static Measurement>,
    /// How often to measure each way.
    #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u16).range(1..))]
    rounds: u16,
    /// Milliseconds of each measurement of one way.
    #[arg(long, default_value_t = 250, value_parser = clap::value_parser!(u16).range(1..))]
    slice: u16,
    /// The core that everybody is pinned to; the idlest when absent.
    #[arg(long)]
    core: Option<usize>,
    /// The quietdown whose proxy is measured.
    #[arg(long, value_name = "PATH", default_value = env!("CARGO_BIN_EXE_quietdown"), hide_default_value = true)]
    program: String,
    /// Measure a link as `quietdown run` embeds it, and not `quietdown proxy`. It has no control API.
    #[arg(long)]
    link: bool,
    /// One short round of everything: does the bench work? The figures mean nothing.
    #[arg(long)]
    smoke: bool,
    /// Fail when a bar is missed that the bare forwarder keeps.
    #[arg(long)]
    check: bool,
    /// What cargo passes to every bench.
    #[arg(long, hide = true)]
    bench: bool,
}

fn measurement(name: &str) -> Result<&'static Measurement, String> {
    ALL.iter().find(|measurement| measurement.name == name).ok_or_else(|| {
        let names: Vec<_> = ALL.iter().map(|measurement| measurement.name).collect();
        format!("there are {}", names.join(", "))
    })
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let result = match arguments.split_first() {
        Some((mark, role)) if mark == role::MARK => play(role).map(|()| true),
        _ => bench(&Options::parse()),
    };
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(wrong) => {
            eprintln!("bench: {wrong}");
            ExitCode::FAILURE
        }
    }
}

fn play(role: &[String]) -> io::Result<()> {
    machine::die_with_parent()?;
    match role.split_first() {
        Some((name, arguments)) if name == "backend" => backend::run(arguments),
        Some((name, arguments)) if name == "forwarder" => forwarder::run(arguments),
        Some((name, arguments)) if name == "program" => ours::run_program(arguments),
        Some((name, arguments)) if name == "link" => ours::run_link(arguments),
        _ => Err(io::Error::other("there is no such role")),
    }
}

/// Measures and prints; whether every bar is kept, where that is asked for.
fn bench(options: &Options) -> io::Result<bool> {
    let ours = if options.link { Ours::Link } else { Ours::Program(options.program.clone().leak()) };
    let amount = if options.smoke {
        Amount { ours, rounds: 1, slice: Duration::from_millis(20), idle: 100 }
    } else {
        let slice = Duration::from_millis(options.slice.into());
        Amount { ours, rounds: options.rounds.into(), slice, idle: 2000 }
    };
    machine::raise_descriptor_limit()?;
    machine::exact_timers()?;
    let core = machine::pin(options.core)?;
    let others = if machine::prefer() { "before other processes" } else { "disturbed by other processes" };
    println!(
        "all on core {core}, {others}; {} rounds; medians, × is the median of the rounds' ratios to direct\n",
        amount.rounds
    );
    table::print_head();
    let (mut complete, mut kept) = (true, true);
    for measurement in ALL {
        let chosen = |row: &&Measurement| row.name == measurement.name;
        if !options.rows.is_empty() && !options.rows.iter().any(chosen) {
            continue;
        }
        let values = (measurement.run)(amount)
            .map_err(|wrong| io::Error::new(wrong.kind(), format!("{}: {wrong}", measurement.name)))?;
        for values in values.iter().filter(|values| !values.ours.is_empty()) {
            let line = table::line(values);
            table::print(&line.cells, line.mark);
            complete &= !line.ours.is_nan();
            kept &= !line.missed;
        }
    }
    if !complete {
        return Err(io::Error::other("a row has no value"));
    }
    Ok(kept || !options.check)
}
