//! How fast `quietdown log` reads large logs, beside `grep -c` and `rg -c` on the same files.
//!
//! `cargo bench --bench log`; `QUIETDOWN_BENCH_MB` is the size of each log in MiB, 1024 by default, `QUIETDOWN_BENCH_BEFORE` the
//! program of another commit to be measured beside this one, in turns. The bars hold for one core's time. It ends with status 1
//! when one is missed.

mod generate;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use generate::Prefix;

/// KiB at the highest.
const MEMORY: u64 = 32 << 10;
/// How often each is measured: the best counts.
const ROUNDS: usize = 3;

/// A log, and how many bytes of it must be read in one core's second.
const LOGS: [(&str, f64); 5] =
    [("mixed", 200e6), ("compose prefix", 200e6), ("CRI prefix", 200e6), ("short text", 70e6), ("prose", 70e6)];

fn main() -> ExitCode {
    let size = std::env::var("QUIETDOWN_BENCH_MB").ok().and_then(|size| size.parse().ok()).unwrap_or(1024_u64) << 20;
    let folder = std::env::temp_dir().join(format!("quietdown-bench-{}", std::process::id()));
    let result = std::fs::create_dir_all(&folder).and_then(|()| measure(&folder, size));
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

fn measure(folder: &Path, size: u64) -> std::io::Result<bool> {
    let ours = env!("CARGO_BIN_EXE_quietdown");
    let before = std::env::var_os("QUIETDOWN_BENCH_BEFORE").map(PathBuf::from);
    let mut held = true;
    println!("{:<34} {:>9} {:>9} {:>11} {:>9}", "", "wall", "one core", "rate", "memory");
    for (number, (name, bar)) in LOGS.into_iter().enumerate() {
        // One at a time: five of a gigabyte are more than many machines keep in their page cache.
        let path = folder.join("large.log");
        match number {
            0 => generate::mixed(&path, size, Prefix::Nothing)?,
            1 => generate::mixed(&path, size, Prefix::Compose)?,
            2 => generate::mixed(&path, size, Prefix::Cri)?,
            _ => generate::text(&path, size, number == 3)?,
        }
        println!("{name}");
        run("  grep -c Traceback", size, Command::new("grep").args(["-c", "Traceback"]).arg(&path))?;
        if Command::new("rg").arg("--version").stdout(Stdio::null()).status().is_ok() {
            let mut rg = Command::new("rg");
            run("  rg -c Traceback", size, rg.args(["--threads", "1", "-c", "Traceback"]).arg(&path))?;
        }
        let (mut best, mut best_before, mut memory) = (0.0_f64, 0.0_f64, 0);
        for _ in 0..ROUNDS {
            if let Some(before) = &before {
                let measured = run("  before: quietdown log", size, Command::new(before).arg("log").arg(&path))?;
                best_before = best_before.max(measured.rate(size));
            }
            let measured = run("  quietdown log", size, Command::new(ours).arg("log").arg(&path))?;
            best = best.max(measured.rate(size));
            memory = memory.max(measured.memory);
        }
        let word = |held: bool| if held { "held" } else { "MISSED" };
        let compared = match best_before > 0.0 {
            true => format!("; {:.2}× of before", best / best_before),
            false => String::new(),
        };
        println!(
            "  {:.0} MB/s of one core: {} ({:.0}){compared}; below 32 MiB: {}",
            best / 1e6,
            word(best >= bar),
            bar / 1e6,
            word(memory < MEMORY)
        );
        held &= best >= bar && memory < MEMORY;
    }
    Ok(held)
}

struct Measured {
    core: Duration,
    /// KiB at the highest.
    memory: u64,
}

impl Measured {
    fn rate(&self, size: u64) -> f64 {
        size as f64 / self.core.as_secs_f64()
    }
}

/// Runs a command, and says how long it took, how much of a core's time, and how much memory at the highest.
fn run(name: &str, size: u64, command: &mut Command) -> std::io::Result<Measured> {
    let began = Instant::now();
    // Not /dev/null: grep would stop at the first match.
    let mut child = command.stdout(tempfile::tempfile()?).stderr(Stdio::null()).spawn()?;
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
        "{name:<34} {:>7.2} s {:>7.2} s {rate:>6.0} MB/s {:>5} MiB",
        wall.as_secs_f64(),
        core.as_secs_f64(),
        memory >> 10
    );
    Ok(Measured { core, memory })
}
