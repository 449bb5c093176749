//! The page of `--html` in a real browser: drawn, clicked, searched, filtered; and whatever a log holds, nothing of it is carried out.
//! Where Chromium is not installed (`QUIETDOWN_CHROMIUM` names another program) they are left out, and counted as ignored.

use std::path::PathBuf;

use browser::Browser;
use evidence::{cut, record, request};
use libtest_mimic::Trial;
use serde_json::{Value, json};

use crate::place::Place;

mod browser;
mod evidence;
mod swept;

/// A test, which is told where Chromium is.
type InChromium = fn(&str);

/// One for each behaviour; ignored where there is no Chromium.
pub fn trials() -> Vec<Trial> {
    let program = browser::program();
    let tests: [(&str, InChromium); 8] = [
        (
            "the_label_of_a_request_keeps_what_tells_it_from_others",
            the_label_of_a_request_keeps_what_tells_it_from_others,
        ),
        ("findings_lead_to_their_place_in_the_timeline", findings_lead_to_their_place_in_the_timeline),
        (
            "search_levels_and_processes_narrow_the_list_and_the_lanes",
            search_levels_and_processes_narrow_the_list_and_the_lanes,
        ),
        ("keys_move_zoom_and_switch_between_light_and_dark", keys_move_zoom_and_switch_between_light_and_dark),
        ("on_paper_everything_is_there_without_controls", on_paper_everything_is_there_without_controls),
        ("a_transcript_that_differs_is_shown_side_by_side", a_transcript_that_differs_is_shown_side_by_side),
        (
            "a_cell_of_the_matrix_opens_the_timeline_of_its_worst_point",
            a_cell_of_the_matrix_opens_the_timeline_of_its_worst_point,
        ),
        ("nothing_of_a_hostile_log_is_carried_out", nothing_of_a_hostile_log_is_carried_out),
    ];
    let trials = tests.into_iter().map(|(name, test)| {
        let program = program.clone();
        let ignored = program.is_none();
        let run = move || {
            test(program.as_deref().ok_or("Chromium is not installed")?);
            Ok(())
        };
        Trial::test(name, run).with_ignored_flag(ignored)
    });
    trials.collect()
}

/// The page of a saved run.
fn page(place: &Place, evidence: &Value, findings: &Value) -> PathBuf {
    place.write("run/evidence.json", &evidence.to_string());
    place.write("run/findings.json", &findings.to_string());
    let ended = place.quietdown(&["report", "run", "--html", "page.html"]);
    assert!(matches!(ended.0, Some(0 | 1)), "{}", ended.1);
    place.path("page.html")
}

fn quiet_records() -> Vec<Value> {
    vec![
        record(45_000, "DEBUG", "adding"),
        record(130_000, "ERROR", "connection lost"),
        record(131_000, "DEBUG", "trying again"),
    ]
}

fn findings_lead_to_their_place_in_the_timeline(program: &str) {
    let place = Place::new();
    let file = page(&place, &cut(quiet_records()), &json!([]));
    let mut browser = Browser::start(program, 1280, 900);
    browser.open(&file, "");
    let lanes = browser.eval("[...document.querySelectorAll('.lane strong')].map((it) => it.textContent).join(', ')");
    assert_eq!(lanes, "scenario, server, a, a → server");
    // What is wrong is on top, and its place is chosen when the page opens.
    assert!(browser.text(".finding").contains("must be reported once"), "{}", browser.text(".findings"));
    assert!(browser.text(".detail").contains("add second: transport"), "{}", browser.text(".detail"));
    // The fault: where it is in the file, and what it broke.
    browser.click(".mark.fault path");
    let detail = browser.text(".detail");
    assert!(detail.contains("2, line 6 of the scenario") && detail.contains("1 connection"), "{detail}");
    // The request that it met: how far it came, in phases and bytes.
    browser.click(".mark.request.bad .bar");
    let detail = browser.text(".detail");
    assert!(detail.contains("up to: request sent") && detail.contains("100 + 20 bytes"), "{detail}");
    assert!(detail.contains("no answer") && detail.contains("add second"), "{detail}");
    assert_eq!(browser.count(".detail .phases .done"), 3);
    // Back to what is wrong, by its button.
    browser.click("[data-finding='1']");
    assert!(browser.text(".detail .said").contains("connection lost"));
    // A call leads from its request.
    browser.click(".mark.call.good .bar");
    assert!(browser.text(".detail").contains("applied"));
}

fn search_levels_and_processes_narrow_the_list_and_the_lanes(program: &str) {
    let place = Place::new();
    let file = page(&place, &cut(quiet_records()), &json!([]));
    let mut browser = Browser::start(program, 1280, 900);
    browser.open(&file, "");
    let all = browser.count(".things .row");
    browser.press("/");
    browser.write("TRYING again");
    assert_eq!((browser.count(".things .row"), browser.count(".mark.record")), (1, 1));
    assert!(browser.text(".things .row").contains("trying again"));
    browser.press("Escape");
    assert_eq!(browser.count(".things .row"), all, "the end of the search shows all");
    browser.eval("(() => { const it = document.querySelector('.filter select'); it.value = '4'; it.dispatchEvent(new Event('change')); })()");
    browser.settle();
    assert_eq!(browser.count(".things .row.record"), 1, "only the ERROR");
    browser.click(".chip[data-process='a']");
    assert_eq!(browser.count(".things .row.record"), 0);
    assert_eq!(browser.count("[data-lane^='link']"), 0, "the lanes of a process that is not wanted are gone");
}

fn keys_move_zoom_and_switch_between_light_and_dark(program: &str) {
    let place = Place::new();
    let file = page(&place, &cut(quiet_records()), &json!([]));
    let mut browser = Browser::start(program, 1280, 900);
    browser.open(&file, "");
    let first = browser.text(".detail .said");
    browser.press("j");
    assert_ne!(browser.text(".detail .said"), first);
    browser.press("n");
    for _ in 0..3 {
        assert_ne!(browser.text(".detail .said"), "");
        browser.press("n");
    }
    assert_eq!(browser.text(".detail .said"), first, "after the last finding comes the first");
    let ticks = |browser: &mut Browser| browser.text(".axis svg");
    let whole = ticks(&mut browser);
    browser.press("+");
    assert_ne!(ticks(&mut browser), whole);
    browser.press("0");
    assert_eq!(ticks(&mut browser), whole);
    let colour = "getComputedStyle(document.body).backgroundColor";
    for (scheme, other) in [("light", "dark"), ("dark", "light")] {
        let media = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        browser.call("Emulation.setEmulatedMedia", media);
        browser.open(&file, "");
        let before = browser.eval(colour);
        browser.press("t");
        assert_ne!(browser.eval(colour), before, "from {scheme} to {other}");
    }
    browser.press("?");
    assert_eq!(browser.count("dialog[open]"), 1);
}

fn on_paper_everything_is_there_without_controls(program: &str) {
    let place = Place::new();
    let file = page(&place, &cut(quiet_records()), &json!([]));
    let mut browser = Browser::start(program, 1280, 900);
    browser.open(&file, "");
    let rows = browser.count(".things .row");
    browser.call("Emulation.setEmulatedMedia", json!({ "media": "print" }));
    browser.eval("dispatchEvent(new Event('beforeprint'))");
    browser.settle();
    assert_eq!(browser.count(".paper .thing"), rows);
    let hidden = browser.eval("getComputedStyle(document.querySelector('.filter')).display");
    assert_eq!(hidden, "none");
    let pdf = browser.call("Page.printToPDF", json!({}));
    assert!(pdf["data"].as_str().is_some_and(|data| data.len() > 1_000));
}

fn a_transcript_that_differs_is_shown_side_by_side(program: &str) {
    let place = Place::new();
    let differs = json!([{
        "kind": "snapshot-differs", "message": "the transcript differs from its snapshot",
        "excerpt": ["--- snapshot", "+++ transcript", "@@ -1,3 +1,3 @@", " a", "-  DEBUG one", "+  ERROR one", "+  ERROR two", " b"]
    }]);
    let file = page(&place, &cut(vec![record(45_000, "DEBUG", "adding")]), &differs);
    let mut browser = Browser::start(program, 1280, 900);
    browser.open(&file, "");
    let rows = "[...document.querySelectorAll('.diff tbody tr')].map((row) => [...row.cells].map((it) => it.textContent.trim()).join('|')).join(' / ')";
    let rows = browser.eval(rows);
    assert_eq!(rows, "@@ -1,3 +1,3 @@|@@ -1,3 +1,3 @@ / a|a / DEBUG one|ERROR one / |ERROR two / b|b");
}

fn a_cell_of_the_matrix_opens_the_timeline_of_its_worst_point(program: &str) {
    let place = Place::new();
    place.write("sweep.html", &swept::page(400).expect("a page"));
    let mut browser = Browser::start(program, 1280, 900);
    browser.open(&place.path("sweep.html"), "");
    assert_eq!((browser.count(".matrix tbody tr"), browser.count("[data-cell]")), (25, 150));
    assert!(browser.count(".test") < 100, "of a long list only what is seen is there");
    // Of its points 20, 170 and 320 two have failed.
    assert_eq!(browser.text("[data-cell='19,0']"), "1/3");
    browser.click("[data-cell='19,0']");
    assert!(browser.text(".run-head h2").contains("failed 20  "), "{}", browser.text(".run-head h2"));
    assert_eq!(browser.count(".test"), 3, "only the points of the cell are listed");
    assert!(browser.text(".detail").contains("was not answered"), "{}", browser.text(".detail"));
    assert!(browser.count(".mark") > 20);
    browser.click(".tests .row:nth-child(3)");
    assert!(browser.text(".run-head h2").contains("passed"), "{}", browser.text(".run-head h2"));
    browser.click("[data-cell='19,0']");
    assert!(browser.count(".test") > 10, "a second click shows all again");
}

/// A bar of a request that has no room for all shows the end of its path.
fn the_label_of_a_request_keeps_what_tells_it_from_others(program: &str) {
    let place = Place::new();
    let mut evidence = cut(quiet_records());
    evidence["requests"][1]["path"] = "/a/very/long/path/that/all/requests/of/this/shop/have/in/common/items".into();
    let file = page(&place, &evidence, &json!([]));
    let mut browser = Browser::start(program, 1280, 900);
    browser.open(&file, "");
    let label = browser.text(".mark.request.bad .bar-text");
    assert!(label.starts_with("POST …") && label.ends_with("/items"), "{label}");
}

/// What would like to be carried out.
const HOSTILE: [&str; 12] = [
    "</script><script>window.ran = 1</script>",
    "<!--<script>",
    "]]></script ><svg onload=window.ran=2>",
    "<img src=x onerror=window.ran=3>",
    "javascript:window.ran=4",
    "\u{2028}window.ran = 5\u{2029}//",
    "\";window.ran=6;\"",
    "${window.ran = 7}",
    "\u{202e}txet neddih\u{2066}\u{200f}",
    "nul \u{0} and \u{1b}[2J\u{9b}1m",
    "<iframe srcdoc='<script>parent.ran=8</script>'>",
    "<style>*{display:none}</style><base href='http://example.invalid/'><link rel=stylesheet href='http://example.invalid/x.css'>",
];

fn nothing_of_a_hostile_log_is_carried_out(program: &str) {
    let place = Place::new();
    let records = HOSTILE.iter().zip(0..).map(|(said, at)| {
        let mut record = record(130_000 + at, "ERROR", said);
        record["target"] = (*said).into();
        record["continuation"] = json!([said]);
        record["fields"] = json!([[said, said]]);
        record
    });
    let mut evidence = cut(records.collect());
    for (said, number) in HOSTILE.iter().zip(3..) {
        let requests = evidence["requests"].as_array_mut().expect("requests");
        requests.push(request(number, 200_000 + number, said, false));
        evidence["faults"][0]["fired"] = (*said).into();
    }
    let all = HOSTILE.concat();
    evidence["steps"][1]["what"] = all.as_str().into();
    evidence["history"][1]["error"] = all.as_str().into();
    evidence["notes"] = json!(HOSTILE);
    let comments: String = HOSTILE.iter().map(|said| format!("# {}\n", said.replace(char::is_control, " "))).collect();
    evidence["scenario_source"] = format!("{}{comments}", evidence::SCENARIO).into();
    let differs =
        json!([{ "kind": "snapshot-differs", "message": all, "excerpt": HOSTILE.map(|said| format!("+{said}")) }]);
    let file = page(&place, &evidence, &differs);
    let text = std::fs::read_to_string(&file).expect("the page");
    assert_eq!(text.matches("<script").count(), 3, "the values, the timeline, and our own");
    assert!(!text.contains(['\0', '\u{1b}', '\u{202e}', '\u{2028}', '\u{2066}']), "everything is written out");

    let mut browser = Browser::start(program, 1280, 900);
    browser.open(&file, "");
    // Everything that can be opened is opened.
    for _ in 0..40 {
        browser.press("j");
    }
    browser.press("n");
    browser.press("/");
    browser.write("<img");
    browser.press("Escape");
    for tab in 1..=3 {
        browser.click(&format!(".tab-heads button:nth-child({tab})"));
    }
    assert!(browser.text(".detail").contains("\\u{202e}") || browser.text("body").contains("\\u{202e}"), "it is shown");
    assert!(browser.text(".findings").contains("<img src=x onerror=window.ran=3>"), "as text");
    assert_eq!(browser.eval("window.ran ?? null"), Value::Null);
    assert_eq!(
        browser.count(
            "img, iframe, base, link, object, embed, form, a, script:not([type='application/json']):not(:last-of-type)"
        ),
        0
    );
    let told =
        |browser: &Browser, method: &str| browser.events.iter().filter(|event| event["method"] == method).count();
    assert_eq!(told(&browser, "Network.requestWillBeSent"), 1, "only the page itself is loaded");
    assert_eq!(told(&browser, "Log.entryAdded") + told(&browser, "Runtime.exceptionThrown"), 0, "{:?}", browser.events);
    // The policy would hold, too, if a text became markup all the same.
    let forced = "(() => { const it = document.createElement('script'); try { it.textContent = 'window.ran = 9'; } catch {} document.head.append(it); \
                  try { document.body.innerHTML += '<img src=x onerror=\"window.ran=10\">'; } catch {} return window.ran ?? null; })()";
    assert_eq!(browser.eval(forced), Value::Null);
    browser.settle();
    assert_eq!(browser.eval("window.ran ?? null"), Value::Null);
}
