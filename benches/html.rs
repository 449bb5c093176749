//! How large the page of a large sweep is, and how long Chromium takes to open it.
//!
//! `cargo bench --bench html`: 1000 points with 100 records each, 50 of them failed. The bar: below 20 MB, and open in less than 2 s:
//! from the navigation until the matrix, the list and the timeline of the first failure are drawn, the median of five. It ends with
//! status 1 when a bar is missed. `QUIETDOWN_BENCH_HTML` names a file that keeps the page.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

#[path = "../tests/outside/html_report/browser.rs"]
mod browser;
#[path = "../tests/outside/html_report/swept.rs"]
mod swept;

const POINTS: usize = 1_000;
const SIZE: usize = 20_000_000;
const OPENS: Duration = Duration::from_secs(2);

fn main() -> ExitCode {
    let folder = std::env::temp_dir().join(format!("quietdown-bench-html-{}", std::process::id()));
    let kept = std::env::var_os("QUIETDOWN_BENCH_HTML").map(PathBuf::from);
    let path = kept.clone().unwrap_or_else(|| folder.join("sweep.html"));
    let measured = std::fs::create_dir_all(&folder).and_then(|()| measure(&path));
    drop(std::fs::remove_dir_all(&folder));
    match measured {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(why) => {
            eprintln!("cannot measure: {why}");
            ExitCode::FAILURE
        }
    }
}

fn measure(path: &Path) -> std::io::Result<bool> {
    let began = Instant::now();
    let text = swept::page(POINTS)?;
    let made = began.elapsed();
    std::fs::write(path, &text)?;
    let small = text.len() < SIZE;
    let word = |held: bool| if held { "held" } else { "MISSED" };
    println!("{POINTS} points, {} records", POINTS * swept::RECORDS);
    println!("made in          {:>8.2} s", made.as_secs_f64());
    println!("size             {:>8.2} MB  (below 20 MB: {})", text.len() as f64 / 1e6, word(small));
    let Some(program) = browser::program() else { return Ok(small) };
    let mut browser = browser::Browser::start(&program, 1280, 900);
    let mut times: Vec<Duration> = (0..5)
        .map(|_| {
            browser.blank();
            let began = Instant::now();
            browser.open(path, "");
            let took = began.elapsed();
            assert!(browser.count("[data-cell]") > 0 && browser.count(".mark") > 0, "it is drawn");
            took
        })
        .collect();
    times.sort_unstable();
    let opens = times[2];
    println!(
        "open and drawn   {:>8.2} s   (below 2 s: {}; {:.2} to {:.2})",
        opens.as_secs_f64(),
        word(opens < OPENS),
        times[0].as_secs_f64(),
        times[4].as_secs_f64()
    );
    Ok(small && opens < OPENS)
}
