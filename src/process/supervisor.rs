//! The supervisor: a process of the harness's own that outlives it, whatever ends it.
//!
//! It is this very program again (`/proc/self/exe`), so nobody has to install or name a second one: a hook that runs before `main`
//! turns the new process into the supervisor. It leaves the harness's session and is nobody's child, so that a test that waits for
//! its own children never meets it. For every run it forks a [subreaper](super::subreaper), whose socket the kernel closes when the
//! harness is gone.

use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Mutex, OnceLock};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{Pid, Signal, WaitOptions, waitpid};

use super::subreaper::{fork, serve};
use super::wire::{self, Children};

/// Set for the supervisor alone.
const VARIABLE: &std::ffi::CStr = c"QUIETDOWN_SUPERVISOR";

/// What it is called, in its command line too.
const NAME: &str = "quietdown-supervisor";

/// What it says first. Another version would speak another protocol.
const HELLO: &[u8] = concat!("quietdown ", env!("CARGO_PKG_VERSION"), "\n").as_bytes();

/// How long any answer may take on a machine under load.
pub(super) const ANSWERS_WITHIN: Duration = Duration::from_secs(30);

/// How long subreapers may take to end what they watch, before they are ended themselves.
const FAREWELL: Duration = Duration::from_secs(30);

static SUPERVISOR: Mutex<Option<UnixStream>> = Mutex::new(None);

/// Starts the supervisor of this process, once. `program` is tried where this program cannot be its own supervisor, as when the
/// library was loaded by an interpreter.
///
/// # Errors
/// When it cannot be started.
pub fn guard(program: Option<&Path>) -> io::Result<()> {
    let mut supervisor = lock();
    if supervisor.is_none() {
        *supervisor = Some(started(program)?);
        // The supervisor, and all that is started by it, keeps the limit that was given to this process.
        super::limits::raise_descriptors();
    }
    Ok(())
}

/// A subreaper for a run: its end of the socket.
pub(super) fn subreaper() -> io::Result<UnixStream> {
    guard(None)?;
    let (ours, theirs) = UnixStream::pair()?;
    ours.set_read_timeout(Some(ANSWERS_WITHIN))?;
    ours.set_write_timeout(Some(ANSWERS_WITHIN))?;
    {
        let mut supervisor = lock();
        let Some(channel) = supervisor.as_ref() else { return Err(io::Error::other("there is no supervisor")) };
        if let Err(why) = wire::send_descriptors(channel, &[0], &[theirs.as_fd()]) {
            // The next run gets another one.
            *supervisor = None;
            return Err(io::Error::new(why.kind(), format!("the supervisor is gone: {why}")));
        }
    }
    drop(theirs);
    wire::answered(&ours)?;
    Ok(ours)
}

fn lock() -> std::sync::MutexGuard<'static, Option<UnixStream>> {
    SUPERVISOR.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

fn started(program: Option<&Path>) -> io::Result<UnixStream> {
    // SAFETY: nobody changes the environment while it is read; that is the contract of whoever does.
    if !unsafe { libc::getenv(VARIABLE.as_ptr()) }.is_null() {
        return Err(io::Error::other(format!("{} is set: only the supervisor has it", VARIABLE.to_string_lossy())));
    }
    let own = started_from(Path::new("/proc/self/exe"));
    match (own, program) {
        (Err(why), Some(program)) => started_from(program)
            .map_err(|other| io::Error::new(why.kind(), format!("{why}; from {}: {other}", program.display()))),
        (own, _) => own,
    }
}

fn started_from(program: &Path) -> io::Result<UnixStream> {
    let (mut ours, theirs) = UnixStream::pair()?;
    ours.set_read_timeout(Some(ANSWERS_WITHIN))?;
    ours.set_write_timeout(Some(ANSWERS_WITHIN))?;
    let mut command = Command::new(program);
    command.arg0(NAME).arg(format!("--{NAME}")).env(VARIABLE.to_string_lossy().as_ref(), "1");
    command.stdin(Stdio::from(OwnedFd::from(theirs))).stdout(Stdio::null()).stderr(Stdio::null());
    let mut first = command.spawn()?;
    drop(command);
    let mut said = vec![0; HELLO.len()];
    let heard = ours.read_exact(&mut said);
    // It has forked the supervisor and ended; or it is no supervisor, and must not run on as what it is.
    if heard.is_err() {
        let _ = first.kill();
    }
    let _ = first.wait();
    match heard {
        Ok(()) if said == HELLO => Ok(ours),
        Ok(()) => Err(io::Error::other("what was started is no supervisor of this version")),
        Err(why) => Err(io::Error::new(why.kind(), format!("the supervisor does not start: {why}"))),
    }
}

/// Runs before `main` in every program with this library, and does nothing unless it was asked to.
#[used]
#[unsafe(link_section = ".init_array")]
static BEFORE_MAIN: extern "C" fn() = before_main;

extern "C" fn before_main() {
    // SAFETY: there is one thread yet.
    if unsafe { libc::getenv(VARIABLE.as_ptr()) }.is_null() || !is_called_so() {
        return;
    }
    let code = i32::from(supervise().is_err());
    // SAFETY: nothing of this process is to be undone.
    unsafe { libc::_exit(code) }
}

/// A process under test that finds the variable in its environment is still what it is.
fn is_called_so() -> bool {
    let command = std::fs::read("/proc/self/cmdline").unwrap_or_default();
    command.split(|byte| *byte == 0).next() == Some(NAME.as_bytes())
}

/// What the supervisor does. It has one thread.
fn supervise() -> io::Result<()> {
    // Nothing that the harness has open is held open by what outlives it.
    // SAFETY: nothing here uses these descriptors.
    unsafe { libc::close_range(3, libc::c_uint::MAX, 0) };
    let mut control = UnixStream::from(rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stdin(), 3)?);
    let null = std::fs::File::open("/dev/null")?;
    rustix::stdio::dup2_stdin(&null)?;
    drop(null);
    // SAFETY: there is one thread.
    if unsafe { fork()? }.is_some() {
        return Ok(());
    }
    rustix::process::setsid()?;
    rustix::process::chdir("/")?;
    let children = Children::watch()?;
    control.write_all(HELLO)?;
    let mut runs = Vec::new();
    loop {
        let mut ready = [PollFd::new(&control, PollFlags::IN), PollFd::new(&children, PollFlags::IN)];
        match poll(&mut ready, None) {
            Err(rustix::io::Errno::INTR) => continue,
            other => other?,
        };
        let (asked, ended) = (!ready[0].revents().is_empty(), !ready[1].revents().is_empty());
        if ended {
            children.clear();
            reap(&mut runs);
        }
        if !asked {
            continue;
        }
        let mut byte = [0];
        let (count, descriptors) = wire::receive_descriptors(&control, &mut byte)?;
        if count == 0 {
            break;
        }
        for descriptor in descriptors {
            let channel = UnixStream::from(descriptor);
            // SAFETY: there is one thread.
            match unsafe { fork() } {
                Ok(None) => {
                    drop((control, children));
                    serve(channel);
                    return Ok(());
                }
                Ok(Some(pid)) => runs.push(pid),
                Err(why) => drop(wire::answer_error(&channel, &why)),
            }
        }
    }
    drop(control);
    farewell(&children, &mut runs);
    Ok(())
}

/// Takes in the ends of subreapers, and of what has become the supervisor's because its subreaper was killed.
fn reap(runs: &mut Vec<Pid>) {
    while let Ok(Some((pid, _))) = waitpid(None, WaitOptions::NOHANG) {
        runs.retain(|run| *run != pid);
    }
}

/// The harness is gone: subreapers see it too, and end what they watch. What has lost its subreaper is ended here.
fn farewell(children: &Children, runs: &mut Vec<Pid>) {
    let patience = std::time::Instant::now() + FAREWELL;
    loop {
        reap(runs);
        let late = std::time::Instant::now() > patience;
        let left = wire::children();
        if left.is_empty() && !wire::has_children() {
            return;
        }
        for pid in left {
            // They are its own children, which only it reaps: nobody else has their ids.
            if late || !runs.contains(&pid) {
                let _ = rustix::process::kill_process(pid, Signal::KILL);
            }
        }
        children.wait(Duration::from_millis(20));
    }
}

/// The beginning of the marks of all runs of this harness process.
pub fn mark() -> &'static str {
    static MARK: OnceLock<String> = OnceLock::new();
    // A process id alone may be used again; together with the time of the start it is not.
    MARK.get_or_init(|| {
        let own = super::stat::stat(std::process::id() as i32);
        format!("{}-{}", std::process::id(), own.map_or(0, |own| own.started.number()))
    })
}
