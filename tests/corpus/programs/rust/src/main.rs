//! One way to end badly per word on the command line.

use anyhow::Context as _;
#[inline(never)]
fn parse(text: &str) -> Result<u32, std::num::ParseIntError> {
    text.parse()
}

fn ask() -> anyhow::Result<u32> {
    parse("x").context("the store answered nonsense").context("the rollout cannot be read")
}

fn ask_one() -> anyhow::Result<u32> {
    parse("x").context("the store answered nonsense")
}

fn ask_eyre() -> eyre::Result<u32> {
    use eyre::WrapErr as _;
    let read = parse("x").map_err(eyre::Report::from);
    read.wrap_err("the store answered nonsense").wrap_err("the rollout cannot be read")
}

#[allow(unconditional_recursion)]
fn down(n: u64) -> u64 {
    std::hint::black_box([n; 100]);
    down(n + 1) + 1
}

struct Loud;
impl Drop for Loud {
    fn drop(&mut self) {
        panic!("while cleaning up");
    }
}

fn eyre_main() {
    if let Err(why) = ask_eyre() {
        eprintln!("Error: {why:?}");
    }
}

fn main() -> anyhow::Result<()> {
    let way = std::env::args().nth(1).unwrap_or_default();
    match way.as_str() {
        "panic" => panic!("the queue is empty\nand was closed"),
        "index" => _ = std::hint::black_box(vec![1, 2, 3])[std::hint::black_box(7)],
        "unwrap" => _ = parse("x").unwrap(),
        "assert" => assert_eq!(std::hint::black_box(1), 2, "the counts"),
        "thread" => {
            _ = std::thread::Builder::new().name("worker-1".into()).spawn(|| panic!("boom"))?.join();
            eprintln!("the main thread goes on");
        }
        "twice" => {
            let _loud = Loud;
            panic!("first");
        }
        "overflow" => _ = down(0),
        "anyhow" => _ = ask()?,
        "anyhow-one" => _ = ask_one()?,
        "anyhow-unwrap" => _ = ask().unwrap(),
        "eyre" => eyre_main(),
        "color-eyre" => {
            color_eyre::install().ok();
            eyre_main();
        }
        "logged" => {
            tracing_subscriber::fmt().with_writer(std::io::stderr).with_ansi(false).init();
            tracing::info!("before");
            if let Err(why) = ask() {
                tracing::error!(call = "a", "request failed: {why:?}");
                tracing::error!(call = "a", cause = ?why, "request failed");
                tracing::error!(call = "a", cause = format!("{why:?}"), "request failed");
            }
            tracing::info!("after");
        }
        "json" => {
            tracing_subscriber::fmt().json().with_writer(std::io::stderr).init();
            if let Err(why) = ask() {
                tracing::error!(call = "a", "request failed: {why:?}");
            }
            std::panic::set_hook(Box::new(|info| tracing::error!("{info}")));
            panic!("boom");
        }
        _ => panic!("unknown: {way}"),
    }
    Ok(())
}
