//! Processes that say more than can be kept: what is not kept is said, what is waited for is seen, and memory stays bounded.

use std::fs;
use std::os::unix::process::CommandExt;
use std::process::Stdio;

use quietdown::finding::{Finding, FindingKind};

use super::bench::Bench;

/// The harness with 64 MiB of kept logs takes less.
const MEMORY: i64 = 300 << 20;

/// Runs a scenario with the program; gives what is wrong, and asserts how much memory the program has used at most.
// `wait4` waits for it: only that tells how much memory it took.
#[allow(clippy::zombie_processes)]
fn findings(bench: &Bench, scenario: &str) -> Vec<Finding> {
    let runs = bench.path().join("runs");
    let mut command = bench.command(&["run", &format!("{scenario}.toml"), "--keep"]);
    let output = fs::File::create(bench.path().join("said")).expect("a file");
    command.stdout(output).stderr(Stdio::inherit()).process_group(0);
    let child = command.spawn().expect("it starts");
    let mut status = 0;
    // SAFETY: all zeros are a valid rusage, which the kernel fills in; the process is a child that nobody else waits for.
    let usage = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        assert_eq!(libc::wait4(child.id() as i32, &mut status, 0, &mut usage), child.id() as i32);
        usage
    };
    let said = fs::read_to_string(bench.path().join("said")).expect("text");
    assert!(usage.ru_maxrss * 1024 < MEMORY, "{} KiB\n{said}", usage.ru_maxrss);
    let folder = fs::read_dir(&runs).expect("runs").flatten().next().expect("the run");
    let text = fs::read_to_string(folder.path().join("findings.json")).expect("its findings");
    serde_json::from_str(&text).unwrap_or_else(|why| panic!("{why}: {text}\n{said}"))
}

fn kinds(findings: &[Finding]) -> Vec<FindingKind> {
    let without = |finding: &&Finding| finding.kind != FindingKind::SnapshotMissing;
    findings.iter().filter(without).map(|finding| finding.kind).collect()
}

const LONG: &str = "head -c 200000000 /dev/zero | tr '\\0' x";

#[test]
fn a_line_of_a_log_that_is_longer_than_what_is_kept_is_truncated() {
    let bench = Bench::new();
    bench.script("server", &format!("echo '2026-11-25T03:11:22.123456Z  INFO server: begun'; {LONG}; echo; serve"));
    bench.scenario("long", "");
    let findings = findings(&bench, "long");
    assert!(kinds(&findings).contains(&FindingKind::LogTruncated), "{findings:#?}");
    let truncated = findings.iter().find(|it| it.kind == FindingKind::LogTruncated).expect("it is there");
    let (dropped, rest) = truncated.message.split_once(" of ").expect("two numbers");
    let all: u64 = rest.split(' ').next().and_then(|all| all.parse().ok()).expect("a number");
    assert!(all > 200_000_000 && dropped.parse::<u64>().expect("a number") > 199_000_000, "{truncated:#?}");
}

#[test]
fn a_line_beside_the_answers_that_is_longer_than_what_is_kept_is_truncated() {
    let bench = Bench::new();
    bench.script("server", "serve");
    bench.script("client", &format!("{LONG}; echo; ready; cat > /dev/null"));
    bench.scenario("noise", "[processes.a]");
    let findings = findings(&bench, "noise");
    assert!(kinds(&findings).contains(&FindingKind::LogTruncated), "{findings:#?}");
}

/// 60 MB while a gate is held, more than is kept; then the line that the scenario waits for.
#[test]
fn a_line_that_a_step_waits_for_is_seen_however_much_was_said_before() {
    let bench = Bench::new();
    let line = "2026-11-25T03:11:22.123456Z  INFO server: nobody waits for this line, and there are very many like it";
    let over = "2026-11-25T03:11:22.123456Z  INFO server: the flood is over";
    bench.script(
        "server",
        &format!(
            "sleep 3600 & child=$!; trap 'kill $child; exit 0' TERM; trap 'yes \"{line}\" | head -n 600000; echo \"{over}\"' USR1; \
             listening; while kill -0 $child 2>/dev/null; do wait $child; done"
        ),
    );
    bench.scenario(
        "flood",
        "[[step]]\ndo.begin = { client = \"http\", op = \"GET /x\", as = \"one\" }\n\
         [[step]]\non.connect = { process = \"http\", keep = \"held\" }\n\
         do.signal = { process = \"server\", signal = \"SIGUSR1\", planned = true }\n\
         [[step]]\non.line = { process = \"server\", message = \"the flood is over\" }\nwithin = \"120s\"\n\
         do.release = { gate = \"held\" }\n\
         [[step]]\ndo.finish = { call = \"one\", result = [\"transport\", \"unreachable\"] }",
    );
    let findings = findings(&bench, "flood");
    let found = kinds(&findings);
    assert!(found.contains(&FindingKind::LogTruncated) && !found.contains(&FindingKind::StepFailed), "{findings:#?}");
}

/// This very test holds the pipe open, as a program could that a process has given it to.
#[test]
fn output_that_cannot_be_read_to_its_end_is_a_finding() {
    let bench = Bench::new();
    bench.script("server", "echo $$ > $BENCH/pid; serve");
    bench.scenario("open", "[[step]]\non.line = { process = \"server\", message = \"listening\" }\n[[step]]\non.after = { time = \"500ms\" }");
    let pid = bench.path().join("pid");
    let holder = std::thread::spawn(move || {
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
        loop {
            let known = fs::read_to_string(&pid).ok().and_then(|text| text.trim().parse::<u32>().ok());
            let open = |pid| fs::OpenOptions::new().write(true).open(format!("/proc/{pid}/fd/1"));
            if let Some(Ok(held)) = known.map(open) {
                return held;
            }
            assert!(std::time::Instant::now() < deadline);
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
    });
    let findings = bench.findings("open");
    drop(holder.join().expect("it held it"));
    assert_eq!(kinds(&findings), [FindingKind::LogTruncated], "{findings:#?}");
    assert!(findings[0].message.contains("its standard output could not be read to its end"), "{findings:#?}");
}
