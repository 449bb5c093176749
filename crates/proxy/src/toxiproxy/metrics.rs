//! Metrics in Prometheus' text format, with Toxiproxy's names.

use std::fmt::Write;

use super::proxies::Proxies;
use super::toxic::stream;
use crate::Side;

/// The type of the text.
pub(super) const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Which metrics there are.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Wanted {
    /// The bytes of each proxy.
    pub proxies: bool,
    /// What this process uses.
    pub runtime: bool,
}

impl Wanted {
    pub fn any(self) -> bool {
        self.proxies || self.runtime
    }

    pub fn text(self, proxies: &Proxies) -> String {
        let mut text = String::new();
        if self.proxies {
            write_proxies(&mut text, proxies);
        }
        if self.runtime {
            write_process(&mut text);
        }
        text
    }
}

fn write_proxies(text: &mut String, proxies: &Proxies) {
    for (name, received) in [("received", true), ("sent", false)] {
        let _ = writeln!(text, "# HELP toxiproxy_proxy_{name}_bytes_total Bytes {name} by a proxy.");
        let _ = writeln!(text, "# TYPE toxiproxy_proxy_{name}_bytes_total counter");
        for proxy in proxies.all() {
            let link = proxy.link();
            for side in [Side::Client, Side::Server] {
                let (came, gone) = link.bytes(side);
                let bytes = if received { came } else { gone };
                let _ = writeln!(
                    text,
                    "toxiproxy_proxy_{name}_bytes_total{{direction=\"{}\",listener=\"{}\",proxy=\"{}\",upstream=\"{}\"}} {bytes}",
                    stream(side),
                    link.addr(),
                    escaped(&proxy.name),
                    escaped(&proxy.upstream().to_string()),
                );
            }
        }
    }
}

/// Toxiproxy tells of Go's runtime here. There is none; these are the names that every runtime has in common.
fn write_process(text: &mut String) {
    let page = rustix::param::page_size() as u64;
    let ticks = rustix::param::clock_ticks_per_second() as f64;
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The name before it may contain anything, also spaces.
    let fields: Vec<f64> = stat
        .rsplit(')')
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .map(|field| field.parse().unwrap_or(0.0))
        .collect();
    let field = |number: usize| fields.get(number - 3).copied().unwrap_or_default();
    let descriptors = std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count);
    let mut metric = |name: &str, kind: &str, help: &str, value: f64| {
        let _ = writeln!(text, "# HELP process_{name} {help}\n# TYPE process_{name} {kind}\nprocess_{name} {value}");
    };
    metric("cpu_seconds_total", "counter", "CPU time in seconds.", (field(14) + field(15)) / ticks);
    metric("resident_memory_bytes", "gauge", "Resident memory in bytes.", field(24) * page as f64);
    metric("virtual_memory_bytes", "gauge", "Virtual memory in bytes.", field(23));
    metric("open_fds", "gauge", "Open file descriptors.", descriptors as f64);
}

fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
