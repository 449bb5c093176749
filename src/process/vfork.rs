//! Starts a program without a copy of the harness.
//!
//! A death signal can be set only between fork and exec, for which the standard library has to fork. That copies the page tables of
//! the harness, and whatever it writes afterwards costs it a page fault: with hundreds of starts a second, a quarter of the time of a
//! sweep. Here the child borrows the harness's memory until it executes its program, as in `posix_spawn` (vfork(2), clone(2)).

use std::ffi::{CString, OsStr, c_char, c_int, c_void};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::ptr;
use std::sync::Arc;

use rustix::process::{Pid, Signal, WaitOptions, kill_process_group, waitpid};
use tokio::io::unix::AsyncFd;
use tokio::sync::watch;

use super::handle::ProcessHandle;

/// What is to be started.
#[derive(Debug)]
pub(super) struct Program<'a> {
    /// Where it is: a path, not a name to search for.
    pub path: &'a OsStr,
    /// What it is told that it is called.
    pub name: &'a str,
    pub arguments: &'a [String],
    /// The whole environment.
    pub env: Vec<(&'a OsStr, &'a OsStr)>,
    pub folder: &'a OsStr,
    /// Standard input, output and error.
    pub streams: [OwnedFd; 3],
}

/// A child that has not been reaped. Dropping it kills its group and reaps it.
#[derive(Debug)]
pub(super) struct Vforked {
    handle: Arc<ProcessHandle>,
    pidfd: AsyncFd<OwnedFd>,
    /// Whether it has ended.
    ended: watch::Sender<bool>,
}

/// The stack on which the child makes its system calls.
const STACK: usize = 64 * 1024;

/// What the child needs, ready to be handed to system calls.
struct Plan {
    path: CString,
    argv: Vec<*const c_char>,
    envp: Vec<*const c_char>,
    folder: CString,
    streams: [RawFd; 3],
    parent: c_int,
    /// The signals that were blocked before.
    mask: libc::sigset_t,
    /// What went wrong; written by the child.
    error: c_int,
}

/// Starts it in a group of its own. It is killed when the calling thread ends.
///
/// # Errors
/// When it cannot be executed.
pub(super) fn start(program: Program<'_>) -> io::Result<Vforked> {
    let text = |bytes: &[u8]| CString::new(bytes).map_err(|_| io::Error::other("a word has a NUL in it"));
    let mut words = vec![text(program.name.as_bytes())?];
    for argument in program.arguments {
        words.push(text(argument.as_bytes())?);
    }
    let mut variables = Vec::with_capacity(program.env.len());
    for (name, value) in &program.env {
        variables.push(text(&[name.as_bytes(), b"=", value.as_bytes()].concat())?);
    }
    let ended = |list: &[CString]| list.iter().map(|word| word.as_ptr()).chain([ptr::null()]).collect();
    let mut plan = Plan {
        path: text(program.path.as_bytes())?,
        argv: ended(&words),
        envp: ended(&variables),
        folder: text(program.folder.as_bytes())?,
        streams: program.streams.each_ref().map(AsRawFd::as_raw_fd),
        parent: rustix::process::getpid().as_raw_nonzero().get(),
        // SAFETY: a set of signals is plain data; it is filled below.
        mask: unsafe { std::mem::zeroed() },
        error: 0,
    };
    let mut stack = vec![0_u128; STACK / size_of::<u128>()];
    let flags = libc::CLONE_VM | libc::CLONE_VFORK | libc::SIGCHLD;
    // SAFETY: with CLONE_VFORK this thread stands still until the child has executed its program or ended, so all that the child reads
    // outlives it. It runs on a stack of its own, which is aligned as its elements are, and makes only system calls. No signal is
    // handled in the meantime: a handler in the child would write into the memory of the harness.
    let raw = unsafe {
        let mut all: libc::sigset_t = std::mem::zeroed();
        libc::sigfillset(&raw mut all);
        libc::pthread_sigmask(libc::SIG_BLOCK, &raw const all, &raw mut plan.mask);
        let top = stack.as_mut_ptr_range().end.cast::<c_void>();
        let raw = libc::clone(child, top, flags, (&raw mut plan).cast::<c_void>());
        let why = io::Error::last_os_error();
        libc::pthread_sigmask(libc::SIG_SETMASK, &raw const plan.mask, ptr::null_mut());
        if raw < 0 {
            return Err(why);
        }
        raw
    };
    // The child has written it behind the compiler's back.
    // SAFETY: it is a valid integer of this function's own.
    let error = unsafe { ptr::read_volatile(&raw const plan.error) };
    let pid = Pid::from_raw(raw).ok_or_else(|| io::Error::other("no process id"))?;
    if error != 0 {
        let _ = waitpid(Some(pid), WaitOptions::empty());
        return Err(io::Error::from_raw_os_error(error));
    }
    let registered = ProcessHandle::open(pid).and_then(|handle| {
        let pidfd = handle.readable_at_its_end()?;
        Ok(Vforked { handle: Arc::new(handle), pidfd, ended: watch::Sender::new(false) })
    });
    registered.inspect_err(|_| end(pid))
}

/// What the child does, in the memory of the harness: system calls only, no allocation, no panic.
extern "C" fn child(plan: *mut c_void) -> c_int {
    // SAFETY: it is the `Plan` of `start`, which stands still meanwhile.
    unsafe {
        let plan = &mut *plan.cast::<Plan>();
        plan.error = prepared(plan).map_or_else(
            || *libc::__errno_location(),
            |()| {
                libc::execve(plan.path.as_ptr(), plan.argv.as_ptr(), plan.envp.as_ptr());
                *libc::__errno_location()
            },
        );
        libc::_exit(127)
    }
}

/// Everything before the program is executed; nothing when a system call has failed.
unsafe fn prepared(plan: &Plan) -> Option<()> {
    let done = |outcome: c_int| (outcome >= 0).then_some(());
    // SAFETY: system calls with valid arguments. The table of signal handlers is the child's own.
    unsafe {
        for signal in 1..=64 {
            let mut action: libc::sigaction = std::mem::zeroed();
            let known = libc::sigaction(signal, ptr::null(), &raw mut action) == 0;
            // What is ignored stays so, as in any child; but SIGPIPE, which the Rust runtime ignores, is given back.
            if known && (signal == libc::SIGPIPE || ![libc::SIG_DFL, libc::SIG_IGN].contains(&action.sa_sigaction)) {
                action.sa_sigaction = libc::SIG_DFL;
                action.sa_flags = 0;
                libc::sigaction(signal, &raw const action, ptr::null_mut());
            }
        }
        done(libc::setpgid(0, 0))?;
        done(libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL))?;
        // The harness may have died before the line above.
        if libc::getppid() != plan.parent {
            *libc::__errno_location() = libc::ESRCH;
            return None;
        }
        for (wanted, descriptor) in (0..).zip(plan.streams) {
            done(libc::dup2(descriptor, wanted))?;
        }
        done(libc::chdir(plan.folder.as_ptr()))?;
        let mut none: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&raw mut none);
        done(libc::sigprocmask(libc::SIG_SETMASK, &raw const none, ptr::null_mut()))
    }
}

impl Vforked {
    /// It; it leads a group of its own.
    pub fn handle(&self) -> Arc<ProcessHandle> {
        self.handle.clone()
    }

    /// True from its end on.
    pub fn ended(&self) -> watch::Receiver<bool> {
        self.ended.subscribe()
    }

    /// Waits for its end, and reaps it.
    ///
    /// # Errors
    /// When somebody else has reaped it.
    pub async fn wait(self) -> io::Result<ExitStatus> {
        self.pidfd.readable().await?.retain_ready();
        self.ended.send_replace(true);
        let waited = waitpid(Some(self.handle.pid()), WaitOptions::empty())?;
        let (_, status) = waited.ok_or_else(|| io::Error::other("it has not ended"))?;
        Ok(ExitStatus::from_raw(status.as_raw()))
    }
}

impl Drop for Vforked {
    fn drop(&mut self) {
        if !self.ended.send_replace(true) {
            end(self.handle.pid());
        }
    }
}

fn end(pid: Pid) {
    let _ = kill_process_group(pid, Signal::KILL);
    let _ = waitpid(Some(pid), WaitOptions::empty());
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use rustix::pipe::{PipeFlags, pipe_with};

    use super::*;

    fn shell(script: &str, folder: &str) -> io::Result<(Vforked, std::fs::File)> {
        let arguments = ["-c".to_owned(), script.to_owned()];
        let (ours, theirs) = pipe_with(PipeFlags::CLOEXEC)?;
        let streams = [std::fs::File::open("/dev/null")?.into(), theirs.try_clone()?, theirs];
        let env = vec![(OsStr::new("WORD"), OsStr::new("a b"))];
        let path = if folder == "/none" { "/none/program" } else { "/bin/sh" };
        let folder = OsStr::new(if folder == "/none" { "/" } else { folder });
        let program = Program { path: OsStr::new(path), name: path, arguments: &arguments, env, folder, streams };
        start(program).map(|child| (child, ours.into()))
    }

    #[tokio::test(flavor = "current_thread")]
    async fn a_child_has_what_it_was_given_and_nothing_of_the_harness() {
        let script =
            "echo $WORD $PWD $(cut -d' ' -f5 /proc/$$/stat) $$; exec grep -E 'SigBlk|SigIgn' /proc/self/status";
        let (child, mut output) = shell(script, "/proc").expect("a shell");
        let pid = child.handle().pid().as_raw_nonzero();
        let status = child.wait().await.expect("it ends");
        let mut text = String::new();
        output.read_to_string(&mut text).expect("text");
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], format!("a b /proc {pid} {pid}"), "its group is its own");
        let bits = |line: &str| line.split('\t').nth(1).and_then(|bits| u64::from_str_radix(bits, 16).ok());
        assert_eq!(bits(lines[1]), Some(0), "no signal is blocked: {text}");
        let pipe = bits(lines[2]).map(|bits| (bits >> (libc::SIGPIPE - 1)) & 1);
        assert_eq!(pipe, Some(0), "SIGPIPE ends it: {text}");
        assert_eq!(status.code(), Some(0));
    }

    #[tokio::test(flavor = "current_thread")]
    async fn what_cannot_be_executed_is_an_error() {
        let error = shell("", "/none").expect_err("no such program");
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
        let error = shell("", "/proc/none").expect_err("no such folder");
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
    }

    #[tokio::test(flavor = "current_thread")]
    async fn who_is_dropped_is_killed_with_its_group_and_reaped() {
        let (child, mut output) = shell("sleep 1000 & sleep 1001", "/").expect("a shell");
        let (pid, ended) = (child.handle().pid(), child.ended());
        drop(child);
        assert!(*ended.borrow(), "its process id is no longer its own");
        assert!(rustix::process::test_kill_process(pid).is_err());
        // Only when nobody of the group is left has the pipe an end.
        output.read_to_end(&mut Vec::new()).expect("the end");
    }
}
