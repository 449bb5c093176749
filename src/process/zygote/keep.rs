//! The thread that a zygote belongs to: it starts it, takes in what it tells, and sees it end.
//!
//! `PR_SET_PDEATHSIG` fires when the thread ends that has started a process, so this one lives exactly as long as its zygote.

use std::collections::VecDeque;
use std::io::Read;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{MemfdFlags, memfd_create};
use rustix::io::FdFlags;
use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open, pidfd_send_signal};
use tokio::sync::{oneshot, watch};

use super::message::{self, Told};
use super::{Forked, PYTHON, SCRIPT, Shared, State, Watched, ZygoteCommand, lock};
use crate::process::{MARKER, exit_of};

/// The variable that names the zygote's end of the socket pair.
const CHANNEL: &str = "QUIETDOWN_ZYGOTE";

/// How long a mark can be: a child writes its own over the zygote's.
const MARK_BOUND: usize = 4096;

/// How much is kept of what a zygote says before it can say nothing better.
const LAST_WORDS: usize = 40;

/// What the keeper tells whoever waits for the zygote to be ready.
type Started = Result<(Arc<Shared>, Pid), String>;

/// Starts a zygote, and waits until it is ready.
pub(super) fn start(command: &ZygoteCommand) -> Result<(Arc<Shared>, Pid, JoinHandle<()>), String> {
    let (report, started) = mpsc::channel();
    let owned = command.clone();
    let keeper = std::thread::Builder::new()
        .name(format!("zygote {}", command.name))
        .spawn(move || keep(&owned, &report))
        .map_err(|why| format!("no thread for the zygote `{}`: {why}", command.name))?;
    match started.recv() {
        Ok(Ok((shared, group))) => Ok((shared, group, keeper)),
        Ok(Err(why)) => {
            drop(keeper.join());
            Err(format!("the zygote `{}`: {why}", command.name))
        }
        Err(_) => Err(format!("the zygote `{}`: its thread has panicked; that is a defect of quietdown", command.name)),
    }
}

fn keep(command: &ZygoteCommand, report: &mpsc::Sender<Started>) {
    let (mut child, channel) = match spawn(command) {
        Ok(spawned) => spawned,
        Err(why) => {
            drop(report.send(Err(format!("cannot be started: {}: {why}", command.command.join(" ")))));
            return;
        }
    };
    let said = listen(&mut child);
    let ready = match is_ready(&channel, command.within) {
        Ok(()) => Pid::from_raw(child.id() as i32).ok_or_else(|| "has no process id".to_owned()),
        Err(why) => Err(why),
    };
    let group = match ready {
        Ok(group) => group,
        Err(why) => {
            if let (true, Some(pid)) = (why.is_empty(), Pid::from_raw(child.id() as i32)) {
                // It is about to end by itself: its own status says more.
                pidfd_open(pid, PidfdFlags::empty()).iter().for_each(await_end);
            }
            kill(&mut child);
            let status = child.wait().map(describe).unwrap_or_default();
            let words: Vec<String> = said.join().into_iter().flatten().collect();
            let why = if why.is_empty() { format!("ended with {status} before it was ready") } else { why };
            drop(report.send(Err([vec![why], words].concat().join("\n"))));
            return;
        }
    };
    let shared = Arc::new(Shared { name: command.name.clone(), channel, state: Mutex::new(State::default()) });
    if report.send(Ok((shared.clone(), group))).is_ok() {
        // A message that is none is as bad as none at all.
        while let Ok(Some(told)) = message::next(&shared.channel) {
            take(&shared, told);
        }
    }
    kill(&mut child);
    let status = child.wait().map(describe).unwrap_or_default();
    end(&shared, &format!("the zygote `{}` has ended with {status}", command.name));
}

/// With whatever it has started beside its children. It is not reaped yet, so the group is its own.
fn kill(child: &mut Child) {
    if let Some(group) = Pid::from_raw(child.id() as i32) {
        let _ = kill_process_group(group, Signal::KILL);
    }
}

fn spawn(command: &ZygoteCommand) -> std::io::Result<(Child, OwnedFd)> {
    let (ours, theirs) = socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)?;
    let script = memfd_create("zygote.py", MemfdFlags::CLOEXEC)?;
    rustix::io::write(&script, PYTHON.as_bytes())?;
    let place = format!("/proc/self/fd/{}", script.as_raw_fd());
    let words: Vec<String> = command.command.iter().map(|word| word.replace(SCRIPT, &place)).collect();
    let (program, arguments) = words.split_first().ok_or_else(|| std::io::Error::other("the command is empty"))?;
    let mark = format!("{}/zygote/{}", crate::process::mark(), command.name);
    let mut spawned = Command::new(program);
    spawned.args(arguments).envs(&command.env);
    // The slashes keep room for the marks of its children.
    spawned.env(MARKER, format!("{mark:/<MARK_BOUND$}")).env(CHANNEL, theirs.as_raw_fd().to_string());
    spawned.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
    let parent = rustix::process::getpid();
    let uses_script = words != command.command;
    let inherited = [Some(&theirs), uses_script.then_some(&script)].map(|fd| fd.map(AsRawFd::as_raw_fd));
    // SAFETY: only bare system calls happen between fork and exec, on descriptors that this function holds open.
    unsafe {
        spawned.pre_exec(move || {
            rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
            for descriptor in inherited.into_iter().flatten() {
                rustix::io::fcntl_setfd(std::os::fd::BorrowedFd::borrow_raw(descriptor), FdFlags::empty())?;
            }
            match rustix::process::getppid() {
                Some(pid) if pid == parent => Ok(()),
                _ => Err(std::io::Error::other("the harness is gone")),
            }
        });
    }
    Ok((spawned.spawn()?, ours))
}

/// Reads what the zygote writes, so that it never blocks, and keeps its last lines.
fn listen(child: &mut Child) -> JoinHandle<Vec<String>> {
    let streams: [Option<Box<dyn Read + Send>>; 2] =
        [child.stdout.take().map(|it| Box::new(it) as _), child.stderr.take().map(|it| Box::new(it) as _)];
    let threads: Vec<JoinHandle<VecDeque<u8>>> = streams
        .into_iter()
        .flatten()
        .map(|mut stream| {
            std::thread::spawn(move || {
                let mut kept = VecDeque::new();
                let mut buffer = vec![0; 16 * 1024];
                while let Ok(count @ 1..) = stream.read(&mut buffer) {
                    kept.extend(&buffer[..count]);
                    kept.drain(..kept.len().saturating_sub(16 * 1024));
                }
                kept
            })
        })
        .collect();
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
fn take(shared: &Shared, told: Told) {
    let mut state = lock(&shared.state);
    if let Some(reply) = told.fork.and_then(|number| state.forks.remove(&number)) {
        let forked = match (told.pid.and_then(Pid::from_raw), told.error) {
            (Some(pid), _) => {
                let (ended, watched) = watch::channel(false);
                let (exit, exited) = oneshot::channel();
                // It is the zygote's until it is told to reap it: nobody else has this process id.
                let pidfd = pidfd_open(pid, PidfdFlags::empty()).ok();
                state.children.insert(pid.as_raw_nonzero().get(), Watched { ended, exit, status: None, pidfd });
                Ok(Forked { pid, ended: watched, exit: exited })
            }
            (None, why) => Err(why.unwrap_or_else(|| "it does not say why".to_owned())),
        };
        // Who has asked may be gone; the child then ends with its mark.
        drop(reply.send(forked));
    }
    if let Some(child) = told.ended.and_then(|pid| state.children.get_mut(&pid)) {
        child.status = Some(ExitStatus::from_raw(told.status));
        // No signal after this.
        child.ended.send_replace(true);
    }
    if let Some(pid) = told.ended {
        drop(state);
        let _ = message::ask_to_reap(&shared.channel, pid);
        return;
    }
    if let Some(child) = told.reaped.and_then(|pid| state.children.remove(&pid)) {
        let status = child.status.ok_or_else(|| format!("the zygote `{}` does not say how it ended", shared.name));
        drop(child.exit.send(status));
    }
}

/// The zygote is gone, and its children with it: the kernel has sent them SIGKILL.
fn end(shared: &Shared, why: &str) {
    let (forks, children) = {
        let mut state = lock(&shared.state);
        state.ended = Some(why.to_owned());
        (std::mem::take(&mut state.forks), std::mem::take(&mut state.children))
    };
    for reply in forks.into_values() {
        drop(reply.send(Err("it has ended".to_owned())));
    }
    for child in children.into_values() {
        child.ended.send_replace(true);
        if let Some(pidfd) = &child.pidfd {
            let _ = pidfd_send_signal(pidfd, Signal::KILL);
            await_end(pidfd);
        }
        drop(child.exit.send(child.status.ok_or_else(|| format!("{why}, and this process with it"))));
    }
}

fn await_end(pidfd: impl AsFd) {
    let mut fds = [PollFd::new(&pidfd, PollFlags::IN)];
    let _ = poll(&mut fds, Some(&Timespec { tv_sec: 10, tv_nsec: 0 }));
}

fn describe(status: ExitStatus) -> String {
    match exit_of(status) {
        (Some(code), _) => format!("status {code}"),
        (None, signal) => signal.unwrap_or_default(),
    }
}
