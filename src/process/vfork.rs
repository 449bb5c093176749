//! Starts a program without a copy of who starts it.
//!
//! A death signal can be set only between fork and exec, for which the standard library has to fork. Here the child borrows the memory of
//! its parent until it executes its program, as in `posix_spawn` (vfork(2), clone(2)).

use std::ffi::{CString, c_char, c_int, c_void};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::ptr;

use rustix::process::{Pid, WaitOptions, waitpid};

use super::subreaper::Program;

/// The stack on which the child makes its system calls.
const STACK: usize = 64 * 1024;

/// What the child needs, ready to be handed to system calls.
struct Plan<'a> {
    path: *const c_char,
    argv: Vec<*const c_char>,
    envp: Vec<*const c_char>,
    folder: *const c_char,
    streams: &'a [RawFd],
    parent: c_int,
    /// The signals that were blocked before.
    mask: libc::sigset_t,
    /// What went wrong; written by the child.
    error: c_int,
}

/// Starts it in a group of its own, with `descriptors` as 0, 1, 2 and so on. It is killed when the calling thread ends.
///
/// # Errors
/// When it cannot be executed.
pub(super) fn start(program: &Program, descriptors: &[OwnedFd]) -> io::Result<Pid> {
    let ended = |list: &[CString]| list.iter().map(|word| word.as_ptr()).chain([ptr::null()]).collect();
    let streams: Vec<RawFd> = descriptors.iter().map(AsRawFd::as_raw_fd).collect();
    let mut plan = Plan {
        path: program.path.as_ptr(),
        argv: ended(&program.argv),
        envp: ended(&program.env),
        folder: program.folder.as_ptr(),
        streams: &streams,
        parent: rustix::process::getpid().as_raw_nonzero().get(),
        // SAFETY: a set of signals is plain data; it is filled below.
        mask: unsafe { std::mem::zeroed() },
        error: 0,
    };
    let mut stack = vec![0_u128; STACK / size_of::<u128>()];
    let flags = libc::CLONE_VM | libc::CLONE_VFORK | libc::SIGCHLD;
    // SAFETY: with CLONE_VFORK this thread stands still until the child has executed its program or ended, so all that the child reads
    // outlives it. It runs on a stack of its own, which is aligned as its elements are, and makes only system calls. No signal is
    // handled in the meantime: a handler in the child would write into the memory of its parent.
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
    Ok(pid)
}

/// What the child does, in the memory of its parent: system calls only, no allocation, no panic.
extern "C" fn child(plan: *mut c_void) -> c_int {
    // SAFETY: it is the `Plan` of `start`, which stands still meanwhile.
    unsafe {
        let plan = &mut *plan.cast::<Plan<'_>>();
        plan.error = prepared(plan).map_or_else(
            || *libc::__errno_location(),
            |()| {
                libc::execve(plan.path, plan.argv.as_ptr(), plan.envp.as_ptr());
                *libc::__errno_location()
            },
        );
        libc::_exit(127)
    }
}

/// Everything before the program is executed; nothing when a system call has failed.
unsafe fn prepared(plan: &Plan<'_>) -> Option<()> {
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
        // The parent may have died before the line above.
        if libc::getppid() != plan.parent {
            *libc::__errno_location() = libc::ESRCH;
            return None;
        }
        for (wanted, descriptor) in (0..).zip(plan.streams) {
            done(libc::dup2(*descriptor, wanted))?;
        }
        done(libc::chdir(plan.folder))?;
        let mut none: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&raw mut none);
        done(libc::sigprocmask(libc::SIG_SETMASK, &raw const none, ptr::null_mut()))
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::CStr;
    use std::io::Read;

    use rustix::pipe::{PipeFlags, pipe_with};

    use super::*;

    fn shell(script: &CStr, folder: &CStr) -> io::Result<(Pid, std::fs::File)> {
        let (ours, theirs) = pipe_with(PipeFlags::CLOEXEC)?;
        let streams = [std::fs::File::open("/dev/null")?.into(), theirs.try_clone()?, theirs];
        let path = if folder == c"/none" { c"/none/program" } else { c"/bin/sh" };
        let folder = if folder == c"/none" { c"/" } else { folder };
        let argv = [path, c"-c", script].map(CStr::to_owned).to_vec();
        let env = vec![c"WORD=a b".to_owned()];
        let program = Program { path: path.to_owned(), folder: folder.to_owned(), argv, env };
        start(&program, &streams).map(|pid| (pid, ours.into()))
    }

    #[test]
    fn a_child_has_what_it_was_given_and_nothing_of_its_parent() {
        let script =
            c"echo $WORD $PWD $(cut -d' ' -f5 /proc/$$/stat) $$; exec grep -E 'SigBlk|SigIgn' /proc/self/status";
        let (child, mut output) = shell(script, c"/proc").expect("a shell");
        let pid = child.as_raw_nonzero();
        let mut text = String::new();
        output.read_to_string(&mut text).expect("text");
        let status = waitpid(Some(child), WaitOptions::empty()).expect("it ends").expect("it has ended").1;
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], format!("a b /proc {pid} {pid}"), "its group is its own");
        let bits = |line: &str| line.split('\t').nth(1).and_then(|bits| u64::from_str_radix(bits, 16).ok());
        assert_eq!(bits(lines[1]), Some(0), "no signal is blocked: {text}");
        let pipe = bits(lines[2]).map(|bits| (bits >> (libc::SIGPIPE - 1)) & 1);
        assert_eq!(pipe, Some(0), "SIGPIPE ends it: {text}");
        assert_eq!(status.exit_status(), Some(0));
    }

    #[test]
    fn what_cannot_be_executed_is_an_error() {
        let error = shell(c"", c"/none").expect_err("no such program");
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
        let error = shell(c"", c"/proc/none").expect_err("no such folder");
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
    }
}
