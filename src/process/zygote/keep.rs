//! The thread that a zygote belongs to: it starts it, takes in what it tells, and sees it end.

use std::collections::VecDeque;
use std::io::Read;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::sync::{Arc, Mutex, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{MemfdFlags, memfd_create};
use rustix::net::sockopt::{Timeout, set_socket_timeout};
use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::Signal;
use tokio::sync::oneshot;

use super::message::{self, Told};
use super::{ANSWERS_WITHIN, Asked, Forked, PYTHON, SCRIPT, Shared, State, Watched, ZygoteCommand, lock, verify};
use crate::process::exit_of;
use crate::process::handle::ProcessHandle;
use crate::process::limits::shortage;
use crate::process::start::executed;
use crate::process::subreaper::{Belonging, Subreaper};

/// The variable that names the zygote's end of the socket pair.
const CHANNEL: &str = "QUIETDOWN_ZYGOTE";

/// How long a mark can be: a child writes its own over the zygote's.
const MARK_BOUND: usize = 4096;

/// How much is kept of what a zygote says before it can say nothing better.
const LAST_WORDS: usize = 40;

/// How long the end of a process that was killed may take.
const A_MOMENT: Timespec = Timespec { tv_sec: 10, tv_nsec: 0 };

/// What the keeper tells whoever waits for the zygote to be ready.
type Started = Result<Arc<Shared>, String>;

/// Starts a zygote, and waits until it is ready.
pub(super) fn start(command: &ZygoteCommand) -> Result<(Arc<Shared>, JoinHandle<()>), String> {
    let (report, started) = mpsc::channel();
    let owned = command.clone();
    let keeper = std::thread::Builder::new()
        .name(format!("zygote {}", command.name))
        .spawn(move || keep(&owned, &report))
        .map_err(|why| format!("no thread for the zygote `{}`: {why}", command.name))?;
    match started.recv() {
        Ok(Ok(shared)) => Ok((shared, keeper)),
        Ok(Err(why)) => {
            drop(keeper.join());
            Err(format!("the zygote `{}`: {why}", command.name))
        }
        Err(_) => Err(format!("the zygote `{}`: its thread has panicked; that is a defect of quietdown", command.name)),
    }
}

fn keep(command: &ZygoteCommand, report: &mpsc::Sender<Started>) {
    let Spawned { process, subreaper, channel, said } = match spawn(command) {
        Ok(spawned) => spawned,
        Err(why) => {
            let advice = shortage(&why).map(|advice| format!("; {advice}")).unwrap_or_default();
            drop(report.send(Err(format!("cannot be started: {}: {why}{advice}", command.command.join(" ")))));
            return;
        }
    };
    let within = command.within.min(ANSWERS_WITHIN);
    let name = command.name.clone();
    let shared = Arc::new(Shared { name, channel, process, subreaper, within, state: Mutex::new(State::default()) });
    if let Err(why) = is_ready(&shared.channel, command.within) {
        if why.is_empty() {
            // It is about to end by itself: its own status says more.
            shared.process.ends_within(A_MOMENT);
        }
        let status = kill(&shared);
        let words: Vec<String> = said.join().into_iter().flatten().collect();
        let why = if why.is_empty() { format!("ended with {status} before it was ready") } else { why };
        drop(report.send(Err([vec![why], words].concat().join("\n"))));
        return;
    }
    if report.send(Ok(shared.clone())).is_ok() {
        while let Some(told) = next(&shared) {
            if let Err(why) = take(&shared, told) {
                shared.give_up(&format!("the zygote `{}` was ended: {why}", command.name));
            }
        }
    }
    let status = kill(&shared);
    end(&shared, &format!("the zygote `{}` has ended with {status}", command.name));
}

/// The next message; nothing when it has ended, or says what is no message. Its socket may stay open without it.
fn next(shared: &Shared) -> Option<Told> {
    let mut fds = [PollFd::new(&shared.channel, PollFlags::IN), PollFd::new(&shared.process, PollFlags::IN)];
    poll(&mut fds, None).ok()?;
    match fds[0].revents().is_empty() {
        false => message::next(&shared.channel).ok().flatten(),
        true => None,
    }
}

/// Ends it with whatever it has started, and says how it ended.
fn kill(shared: &Shared) -> String {
    shared.process.signal_group(Signal::KILL);
    shared.process.ends_within(A_MOMENT);
    let status = shared.subreaper.reap(shared.process.pid());
    let _ = shared.subreaper.end_orphans(&Belonging::everything());
    status.map_or_else(|why| why.to_string(), describe)
}

/// A zygote that was started.
struct Spawned {
    process: ProcessHandle,
    subreaper: Subreaper,
    channel: OwnedFd,
    /// Its last lines, when it has ended.
    said: JoinHandle<Vec<String>>,
}

/// Where its end of the socket pair and the script are in a zygote.
const CHANNEL_AT: usize = 3;
const SCRIPT_AT: usize = 4;

fn spawn(command: &ZygoteCommand) -> std::io::Result<Spawned> {
    let (ours, theirs) = socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)?;
    // A zygote that does not read must not hold up who asks it.
    set_socket_timeout(&ours, Timeout::Send, Some(command.within.min(ANSWERS_WITHIN)))?;
    let script = memfd_create("zygote.py", MemfdFlags::CLOEXEC)?;
    rustix::io::write(&script, PYTHON.as_bytes())?;
    let place = format!("/proc/self/fd/{SCRIPT_AT}");
    let words: Vec<String> = command.command.iter().map(|word| word.replace(SCRIPT, &place)).collect();
    let mut env = command.env.clone();
    env.insert(CHANNEL.to_owned(), CHANNEL_AT.to_string());
    let mark = format!("{}/zygote/{}", crate::process::mark(), command.name);
    // The slashes keep room for the marks of its children.
    let mark = format!("{mark:/<MARK_BOUND$}");
    let null = std::fs::File::open("/dev/null")?;
    let ((stdout, their_stdout), (stderr, their_stderr)) =
        (pipe_with(PipeFlags::CLOEXEC)?, pipe_with(PipeFlags::CLOEXEC)?);
    let subreaper = Subreaper::new()?;
    let descriptors = [null.as_fd(), their_stdout.as_fd(), their_stderr.as_fd(), theirs.as_fd(), script.as_fd()];
    // The zygote that comes with the harness closes its script; another one has none.
    let given = if words == command.command { &descriptors[..SCRIPT_AT] } else { &descriptors[..] };
    let pid = executed(&subreaper, &words, &env, &mark, &std::env::current_dir()?, given)?;
    let process = ProcessHandle::open(pid)?;
    Ok(Spawned { process, subreaper, channel: ours, said: listen([stdout, stderr]) })
}

/// Reads what the zygote writes, so that it never blocks, and keeps its last lines.
fn listen(streams: [OwnedFd; 2]) -> JoinHandle<Vec<String>> {
    let threads = streams.map(|stream| {
        let mut stream = std::fs::File::from(stream);
        std::thread::spawn(move || {
            let mut kept = VecDeque::new();
            let mut buffer = vec![0; 16 * 1024];
            while let Ok(count @ 1..) = stream.read(&mut buffer) {
                kept.extend(&buffer[..count]);
                kept.drain(..kept.len().saturating_sub(16 * 1024));
            }
            kept
        })
    });
    std::thread::spawn(move || {
        let all = threads.into_iter().filter_map(|thread| thread.join().ok()).flat_map(Vec::from).collect::<Vec<u8>>();
        let text = String::from_utf8_lossy(&all).into_owned();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(LAST_WORDS)..].iter().map(|line| format!("  | {line}")).collect()
    })
}

/// Waits until it says that it is ready; an empty error when it has ended instead.
fn is_ready(channel: &OwnedFd, within: Duration) -> Result<(), String> {
    let mut fds = [PollFd::new(channel, PollFlags::IN)];
    let timeout = Timespec::try_from(within).ok();
    match poll(&mut fds, timeout.as_ref()) {
        Ok(0) => Err(format!("is not ready within {within:?}; `within` is its bound")),
        Ok(_) => match message::next(channel) {
            Ok(Some(told)) if told.ready => Ok(()),
            Ok(Some(Told { failed: Some(why), .. })) => Err(why),
            Ok(Some(_)) => Err("says something before it is ready".to_owned()),
            Ok(None) => Err(String::new()),
            Err(why) => Err(format!("does not speak the protocol: {why}")),
        },
        Err(why) => Err(why.to_string()),
    }
}

/// Takes in what a zygote tells.
///
/// # Errors
/// Why nothing more of what it tells can be believed.
fn take(shared: &Shared, told: Told) -> Result<(), String> {
    let asked = told.fork.and_then(|number| lock(&shared.state).forks.remove(&number));
    if let Some(Asked { since, reply }) = asked {
        let claimed = match (told.pid, told.error) {
            (Some(pid), _) => {
                verify::child_of(shared.process.pid(), pid, since).and_then(|handle| watch(shared, handle))
            }
            (None, Some(why)) => {
                // Who has asked may be gone.
                drop(reply.send(Err(why)));
                return Ok(());
            }
            (None, None) => Err("it does not say which process is the child, nor why there is none".to_owned()),
        };
        let refused = claimed.as_ref().err().cloned();
        // Who has asked may be gone; the child then ends with its mark.
        drop(reply.send(claimed));
        return refused.map_or(Ok(()), Err);
    }
    if let Some(pid) = told.ended {
        let mut state = lock(&shared.state);
        let Some(child) = state.children.get_mut(&pid) else {
            return Err(format!("it says that process {pid} has ended, which it was not asked for"));
        };
        if !child.handle.has_ended() {
            return Err(format!("it says that process {pid} has ended, which lives"));
        }
        child.status = Some(ExitStatus::from_raw(told.status));
        drop(state);
        return message::ask_to_reap(&shared.channel, pid).map_err(|why| format!("it does not read: {why}"));
    }
    if let Some(child) = told.reaped.and_then(|pid| lock(&shared.state).children.remove(&pid)) {
        let status = child.status.ok_or_else(|| format!("the zygote `{}` does not say how it ended", shared.name));
        drop(child.exit.send(status));
    }
    Ok(())
}

/// Keeps a child until it was reaped.
fn watch(shared: &Shared, handle: ProcessHandle) -> Result<Forked, String> {
    let handle = Arc::new(handle);
    let (exit, exited) = oneshot::channel();
    let pid = handle.pid().as_raw_nonzero().get();
    let mut state = lock(&shared.state);
    if state.children.contains_key(&pid) {
        return Err(format!("it names process {pid} as its child a second time"));
    }
    state.children.insert(pid, Watched { handle: handle.clone(), exit, status: None });
    Ok(Forked { handle, exit: exited })
}

/// The zygote is gone, and its children with it: the kernel has sent them SIGKILL.
fn end(shared: &Shared, why: &str) {
    let (why, forks, children) = {
        let mut state = lock(&shared.state);
        // That it was given up is the cause of its end.
        let why = state.ended.get_or_insert_with(|| why.to_owned()).clone();
        (why, std::mem::take(&mut state.forks), std::mem::take(&mut state.children))
    };
    for Asked { reply, .. } in forks.into_values() {
        drop(reply.send(Err("it has ended".to_owned())));
    }
    for child in children.into_values() {
        child.handle.signal_group(Signal::KILL);
        child.handle.ends_within(A_MOMENT);
        drop(child.exit.send(child.status.ok_or_else(|| format!("{why}, and this process with it"))));
    }
}

fn describe(status: ExitStatus) -> String {
    match exit_of(status) {
        (Some(code), _) => format!("status {code}"),
        (None, signal) => signal.unwrap_or_default(),
    }
}
