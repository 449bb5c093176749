//! Nothing is signalled but what the harness has started, whatever a zygote says. Each of these runs in a PID namespace of its own, so that
//! a harness that is wrong can hit nobody but what is in there.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use libtest_mimic::{Failed, Trial};

const PROGRAM: &str = env!("CARGO_BIN_EXE_quietdown");

const SYSTEM: &str = r#"
name = "claims"
summary = "A zygote that says what is not so"
[log]
format = "tracing"
[zygotes.warm]
command = ["python3", "${system}/claims.py"]
within = "2s"
[roles.server]
kind = "server"
zygote = "warm"
command = ["python3", "server.py"]
ready = { line = "up", within = "20s" }
exit = "graceful"
lifecycle = ["up"]
[lines]
up = { message = "up" }
[exits]
graceful = { status = [0] }
"#;

/// What a zygote claims; `STRANGER` and `CLAIM` come through the harness's own environment.
const CLAIMS: &str = r#"
import json, os, socket, time
channel = socket.socket(fileno=int(os.environ["QUIETDOWN_ZYGOTE"]))
claim = os.environ["CLAIM"]

def tell(**message):
    channel.send(json.dumps(message).encode())

def child(output, script, group=True):
    pid = os.fork()
    if pid == 0:
        if group:
            os.setpgid(0, 0)
        os.dup2(output, 1)
        script()
        os._exit(0)
    if group:
        try:
            os.setpgid(pid, pid)
        except OSError:
            pass
    return pid

def sleep():
    time.sleep(3600)

def up():
    os.write(1, b" INFO server: up\n")
    time.sleep(3600)

before = child(1, sleep)
time.sleep(0.05)
tell(ready=True)
while True:
    message, streams, _, _ = socket.recv_fds(channel, 1 << 20, 8)
    if not message:
        os._exit(0)
    request = json.loads(message)
    if "fork" not in request:
        continue
    number = request["fork"]
    if claim == "silent":
        continue
    if claim == "lives":
        pid = child(streams[1], up)
        tell(fork=number, pid=pid)
        time.sleep(0.2)
        tell(ended=pid, status=0)
    elif claim == "untold-end":
        tell(fork=number, pid=child(streams[1], lambda: os.write(1, b" INFO server: up\n")))
    elif claim == "reaped":
        pid = child(1, lambda: None)
        os.waitpid(pid, 0)
        tell(fork=number, pid=pid)
    elif claim == "no-group":
        tell(fork=number, pid=child(1, sleep, group=False))
    elif claim == "nonsense":
        channel.send(b"no JSON")
    elif claim == "neither":
        tell(fork=number)
    else:
        pids = {"failed": -1, "none": 0, "init": 1, "absent": 4194304, "itself": os.getpid(), "harness": os.getppid(),
                "before": before, "stranger": int(os.environ["STRANGER"])}
        tell(fork=number, pid=pids[claim])
"#;

/// Runs in the namespace, as its process 1. A bystander that was signalled does not write its last line.
const INSIDE: &str = r#"
setsid sh -c 'trap "echo SIGNALLED" TERM INT HUP; echo $$ > stranger; while [ ! -e over ]; do sleep 0.01; done; echo BYSTANDER LIVES' > bystander &
bystander=$!
while [ ! -s stranger ]; do sleep 0.01; done
STRANGER=$(cat stranger) timeout -k 1 100 "$0" run one.toml --system ./system.toml --runs runs
code=$?
touch over
wait $bystander
cat bystander
exit $code
"#;

/// What a zygote claims, and what must be said of it.
const CASES: [(&str, &str, &str); 15] = [
    ("a_fork_that_failed_is_no_process", "failed", "did its fork() fail?"),
    ("process_0_is_no_child", "none", "did its fork() fail?"),
    ("process_1_is_no_child", "init", "no process id of a child"),
    ("a_process_that_does_not_exist_is_refused", "absent", "which is not there"),
    ("the_zygote_is_not_its_own_child", "itself", "none of its descendants"),
    ("the_harness_is_no_child_of_its_zygote", "harness", "none of its descendants"),
    ("a_stranger_is_refused", "stranger", "none of its descendants"),
    ("a_descendant_that_was_there_before_is_refused", "before", "was there before it was asked to fork"),
    ("a_child_that_was_reaped_is_refused", "reaped", "which is not there"),
    ("a_child_without_a_group_of_its_own_is_refused", "no-group", "it must call setpgid(0, 0)"),
    ("a_zygote_that_never_answers_ends_the_run", "silent", "it has not answered within 2s"),
    ("a_message_that_is_none_ends_the_run", "nonsense", "the zygote `warm`"),
    ("a_fork_without_child_or_reason_is_refused", "neither", "nor why there is none"),
    ("a_child_that_lives_has_not_ended", "lives", "has ended, which lives"),
    ("a_child_whose_end_is_never_told_ends_the_run", "untold-end", "has not said within 2s how it ended"),
];

/// One for each claim of a zygote.
pub fn trials() -> Vec<Trial> {
    let missing = missing();
    if let Some(why) = missing {
        CASES.iter().for_each(|(name, ..)| eprintln!("LEFT OUT: 1 test, {name}: {why}"));
    }
    let trials = CASES.into_iter().map(|(name, claim, wanted)| {
        Trial::test(name, move || refused(claim, wanted)).with_ignored_flag(missing.is_some())
    });
    trials.collect()
}

/// Why these tests cannot be run here.
fn missing() -> Option<&'static str> {
    let works = |command: &mut Command| {
        command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|it| it.success())
    };
    if !works(Command::new("python3").arg("--version")) {
        return Some("python3 is not installed");
    }
    (!works(namespace().arg("true"))).then_some("no PID namespace can be made here")
}

/// Runs a command in a PID namespace, and all that is in there ends with it.
fn namespace() -> Command {
    let mut command = Command::new("unshare");
    command.args(["--pid", "--fork", "--kill-child", "--mount-proc"]);
    if !rustix::process::geteuid().is_root() {
        command.args(["--user", "--map-root-user"]);
    }
    command
}

fn refused(claim: &str, wanted: &str) -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text);
    write("system.toml", SYSTEM)?;
    write("claims.py", CLAIMS)?;
    write("one.toml", "summary = \"x\"\n[[step]]\non.exit = { process = \"server\" }\nwithin = \"20s\"")?;
    let Output { status, stdout, stderr } = inside(folder.path(), claim)?;
    let said = [stdout, stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    if status.code() != Some(3)
        || !said.contains(wanted)
        || !said.contains("BYSTANDER LIVES")
        || said.contains("SIGNALLED")
    {
        return Err(
            format!("{status}, exit 3, {wanted:?} and a bystander that was left alone are wanted:\n{said}").into()
        );
    }
    Ok(())
}

fn inside(folder: &Path, claim: &str) -> std::io::Result<Output> {
    let mut command = namespace();
    command.args(["sh", "-c", INSIDE, PROGRAM]).current_dir(folder).env("CLAIM", claim).env_remove("CI");
    command.stdin(Stdio::null()).output()
}
