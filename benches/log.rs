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

/// Records of many formats with all that varies in them, and a traceback among some hundreds of them.
fn write_log(path: &Path, size: u64) -> std::io::Result<()> {
    let mut random = fastrand::Rng::with_seed(7);
    let mut out = BufWriter::with_capacity(1 << 20, File::create(path)?);
    let mut written = 0;
    while written < size {
        // A program writes many records in its format before another one does.
        let (format, many) = (random.u8(..8), random.usize(20..400));
        for _ in 0..many {
            let record = record(format, &mut random);
            out.write_all(record.as_bytes())?;
            written += record.len() as u64;
        }
    }
    out.flush()
}

fn record(format: u8, random: &mut fastrand::Rng) -> String {
    let (id, port, ms) = (random.u64(..), random.u16(..), random.u32(..5000));
    let (second, fraction) = (random.u8(..60), random.u32(..1_000_000));
    let words =
        ["request", "answered", "with", "rollout", "the", "queue", "is", "empty", "error", "worker", "stack", "trace"];
    let said: Vec<&str> = (0..random.usize(3..14)).map(|_| words[random.usize(..words.len())]).collect();
    let said = said.join(" ");
    let failed = random.usize(..400) == 0;
    let level = ["DEBUG", " INFO", " INFO", " INFO", " WARN"][random.usize(..5)];
    let name = if failed { "ERROR" } else { level };
    let word = name.trim();
    match format {
        0 => {
            format!(
                "2026-11-25T22:00:{second:02}.{fraction:06}Z {name} store::server: {said} id=ro-{id:012x} took={ms}ms\n"
            )
        }
        1 if failed => format!(
            "2026-11-25 22:00:{second:02},{:03} ERROR agl.client: {said}\nTraceback (most recent call last):\n  File \
             \"/srv/client.py\", line {ms}, in ask\n    raise KeyError(key)\nKeyError: 'ro-{id:012x}'\n",
            fraction / 1000
        ),
        1 => format!("2026-11-25 22:00:{second:02},{:03} {word} agl.client: {said} ro-{id:012x}\n", fraction / 1000),
        2 if failed => format!(
            "22:00:{second:02}.{:03} [worker-{port}] ERROR store.Client - {said}\njava.io.IOException: gone\n\tat \
             store.Client.ask(Client.java:{ms})\n\tat store.Main.main(Main.java:7)\nCaused by: java.lang.Error: {id}\n\t... 1 more\n",
            fraction / 1000
        ),
        2 => format!("22:00:{second:02}.{:03} [worker-{port}] {word} store.Client - {said} {id}\n", fraction / 1000),
        3 => format!(
            "{{\"level\":\"{}\",\"ts\":1764108000.{fraction},\"caller\":\"store/ask.go:{ms}\",\"msg\":\"{said}\",\"id\":\"{id:016x}\"}}\n",
            word.to_lowercase()
        ),
        4 => format!("I1125 22:00:{second:02}.{fraction:06}    {port} main.go:{ms}] {said} id={id}\n"),
        5 => format!("time=2026-11-25T22:00:{second:02}Z level={word} msg=\"{said}\" id={id} took={ms}ms\n"),
        6 => format!("INFO:     127.0.0.1:{port} - \"GET /v1/rollouts/ro-{id:012x}?limit={ms} HTTP/1.1\" 200 OK\n"),
        _ => format!("Nov 25 22:00:{second:02} host store[{port}]: {said} {id}\n"),
    }
}
