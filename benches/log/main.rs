//! How fast `quietdown log` reads a large mixed log, beside `grep -c Traceback` and `rg -c Traceback` on the same file.
//!
//! `cargo bench --bench log`; `QUIETDOWN_BENCH_MB` is the size of the log in MiB, 1024 by default. The bar: 200 MB/s of one
//! core's time, and the same memory for a large log as for a small one. It ends with status 1 when a bar is missed.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

/// Bytes of one core's second.
const BAR: f64 = 200e6;
/// KiB.
const MEMORY: u64 = 64 << 10;

fn main() -> ExitCode {
    let size = std::env::var("QUIETDOWN_BENCH_MB").ok().and_then(|size| size.parse().ok()).unwrap_or(1024_u64) << 20;
    let folder = std::env::temp_dir().join(format!("quietdown-bench-{}", std::process::id()));
    let result = std::fs::create_dir_all(&folder).and_then(|()| measure(&folder.join("mixed.log"), size));
    drop(std::fs::remove_dir_all(&folder));
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(why) => {
            eprintln!("cannot measure: {why}");
            ExitCode::FAILURE
        }
    }
}

fn measure(path: &Path, size: u64) -> std::io::Result<bool> {
    let quietdown = env!("CARGO_BIN_EXE_quietdown");
    let small = path.with_file_name("small.log");
    write_log(&small, 8 << 20)?;
    write_log(path, size)?;
    println!("{:<28} {:>9} {:>9} {:>11} {:>9}", "", "wall", "one core", "rate", "memory");
    // Once for the page cache.
    run("(first reading)", size, Command::new("grep").args(["-c", "Traceback"]).arg(path))?;
    run("grep -c Traceback", size, Command::new("grep").args(["-c", "Traceback"]).arg(path))?;
    match Command::new("rg").arg("--version").stdout(Stdio::null()).status() {
        Ok(_) => {
            let mut rg = Command::new("rg");
            run("rg -c Traceback", size, rg.args(["--threads", "1", "-c", "Traceback"]).arg(path))?;
        }
        Err(_) => println!("rg is not here, so it was left out"),
    }
    let little = run("quietdown log (8 MiB)", 8 << 20, Command::new(quietdown).arg("log").arg(&small))?;
    let mut best = 0.0_f64;
    let mut memory = 0;
    for _ in 0..3 {
        let measured = run("quietdown log", size, Command::new(quietdown).arg("log").arg(path))?;
        best = best.max(size as f64 / measured.core.as_secs_f64());
        memory = memory.max(measured.memory);
    }
    let fast = best >= BAR;
    let small = memory <= MEMORY.max(little.memory * 2);
    let word = |held: bool| if held { "held" } else { "MISSED" };
    println!("200 MB/s of one core: {}; memory does not grow: {}", word(fast), word(small));
    Ok(fast && small)
}

struct Measured {
    core: Duration,
    /// KiB at the highest.
    memory: u64,
}

/// Runs a command, and says how long it took, how much of a core's time, and how much memory at the highest.
fn run(name: &str, size: u64, command: &mut Command) -> std::io::Result<Measured> {
    let began = Instant::now();
    // Not /dev/null: grep would stop at the first match.
    let mut child = command.stdout(tempfile::tempfile()?).spawn()?;
    let proc = |file: &str| std::fs::read_to_string(format!("/proc/{}/{file}", child.id())).unwrap_or_default();
    let (mut memory, mut ticks) = (0, 0);
    // What it needed is gone once it was waited for, so it is looked at until it has ended.
    loop {
        let status = proc("status");
        let high =
            status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse().ok());
        memory = high.unwrap_or(memory);
        let stat = proc("stat");
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let field = |at: usize| fields.get(at).and_then(|field| field.parse::<u64>().ok()).unwrap_or(0);
        ticks = ticks.max(field(11) + field(12));
        if fields.first().is_none_or(|state| *state == "Z") {
            break;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    child.wait()?;
    let wall = began.elapsed();
    let core = Duration::from_millis(10 * ticks.max(1));
    let rate = size as f64 / 1e6 / core.as_secs_f64();
    println!(
        "{name:<28} {:>7.2} s {:>7.2} s {rate:>6.0} MB/s {:>5} MiB",
        wall.as_secs_f64(),
        core.as_secs_f64(),
        memory >> 10
    );
    Ok(Measured { core, memory })
}

