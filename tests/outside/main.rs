//! Tests that need what not every machine has: PID namespaces, clients of Toxiproxy in other languages, a browser. Those that cannot be run are
//! counted as ignored.

mod html_report;
#[path = "../place/mod.rs"]
mod place;
#[allow(dead_code, reason = "shared with other tests, which need more of it")]
#[path = "../proxy_api/served.rs"]
mod served;
mod signals;
mod toxiproxy_clients;

use libtest_mimic::Arguments;

fn main() {
    let trials =
        [signals::trials(), toxiproxy_clients::trials(), html_report::trials()].into_iter().flatten().collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}
