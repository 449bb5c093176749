//! `--html`: the page beside other reports. What is drawn of it is tested in a browser, in `outside`.

use crate::place::{Place, check};

#[path = "../outside/html_report/evidence.rs"]
mod evidence;
#[path = "../outside/html_report/swept.rs"]
mod swept;

#[test]
fn run_writes_the_page_beside_other_reports_and_says_when_it_cannot() {
    let place = Place::new();
    let system = evidence::SYSTEM
        .replace("[\"shop\"]", "[\"sh\", \"-c\", \"echo ' INFO shop: ready'; exec sleep 1000\"]")
        .replace("clean = { status = [0] }", "clean = { status = [\"SIGTERM\"] }");
    place.write("shop.toml", &system);
    place.write("scenarios/idle.toml", "summary = \"It boots\"\n");
    let run = ["run", "--system", "./shop.toml", "--accept"];
    check(place.quietdown(&[&run[..], &["--html", "page.html", "--tap", "t.tap"]].concat()), 0, &["all passed"]);
    let page = place.read("page.html");
    assert!(page.starts_with("<!doctype html>") && page.contains("id=\"timeline-0\"") && page.contains("\"passed\""));
    assert!(place.read("t.tap").contains("ok 1"));
    check(
        place.quietdown(&[&run[..], &["--html", "none/page.html"]].concat()),
        3,
        &["none/page.html: the report cannot be written"],
    );
}

#[test]
fn the_page_of_a_large_sweep_is_bounded() {
    let page = swept::page(1_000).expect("a page");
    assert!(page.len() < 20_000_000, "{} bytes", page.len());
    assert_eq!(page.matches("id=\"timeline-").count(), 1_000);
}
