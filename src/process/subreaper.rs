//! A subreaper: the parent of the processes of a run, to which all that they leave behind falls.
//!
//! A descendant can leave its group and its session, clear its environment, and fork and end faster than anybody can look: when its
//! parent ends it becomes a child of the nearest subreaper among its ancestors (prctl(2)), and whether there is one the kernel says
//! at once. It is a process forked by the [supervisor](super::supervisor), never the program of a test, whose own children would
//! change otherwise. It ends when its socket is closed, with everything that has been started.

mod request;
mod server;

use std::ffi::{CString, OsStr};
use std::io;
use std::os::fd::BorrowedFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::ExitStatus;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rustix::process::Pid;

pub(super) use request::Program;
pub(crate) use request::{Belonging, OrphanProcess};
pub(super) use server::{fork, serve};

use super::wire;

/// The harness's end of a subreaper. Dropping it ends everything that was started with it.
#[derive(Debug)]
pub struct Subreaper {
    channel: Mutex<UnixStream>,
}

/// The processor time of all processes that were reaped, in microseconds.
static CPU: AtomicU64 = AtomicU64::new(0);

impl Subreaper {
    /// Has the supervisor fork one, which is started before the first.
    ///
    /// # Errors
    /// When there is none: no descriptor or no process is left.
    pub fn new() -> io::Result<Self> {
        super::supervisor::subreaper().map(|channel| Self { channel: Mutex::new(channel) })
    }

    /// Starts a program in a group of its own, with these descriptors as 0, 1, 2 and so on.
    ///
    /// # Errors
    /// When it cannot be executed, or the subreaper is gone.
    pub(super) fn start(&self, program: &Program, descriptors: &[BorrowedFd<'_>]) -> io::Result<Pid> {
        let answer = self.ask(request::START, &program.encode(descriptors.len()), descriptors)?;
        Pid::from_raw(request::number(&answer, 0)).ok_or_else(|| io::Error::other("the subreaper names no process"))
    }

    /// How a process has ended, which it has. Its id may be another's from then on.
    ///
    /// # Errors
    /// When it was not started here, or the subreaper is gone.
    pub(super) fn reap(&self, pid: Pid) -> io::Result<ExitStatus> {
        let answer = self.ask(request::REAP, &pid.as_raw_nonzero().get().to_le_bytes(), &[])?;
        let took = request::number(&answer, 4);
        CPU.fetch_add(u64::try_from(took).unwrap_or(0), Ordering::Relaxed);
        Ok(ExitStatus::from_raw(request::number(&answer, 0)))
    }

    /// What has lost its parent and lives. Their own children are not among them.
    ///
    /// # Errors
    /// When the subreaper is gone.
    pub(crate) fn orphans(&self) -> io::Result<Vec<OrphanProcess>> {
        Ok(serde_json::from_slice(&self.ask(request::ORPHANS, &[], &[])?)?)
    }

    /// Ends orphans, and what they leave behind in turn, until none is left; says how many there still are after some seconds.
    ///
    /// # Errors
    /// When the subreaper is gone.
    pub(crate) fn end_orphans(&self, of: &Belonging) -> io::Result<usize> {
        let answer = self.ask(request::END_ORPHANS, &serde_json::to_vec(of)?, &[])?;
        Ok(usize::try_from(request::number(&answer, 0)).unwrap_or(0))
    }

    fn ask(&self, kind: u8, body: &[u8], descriptors: &[BorrowedFd<'_>]) -> io::Result<Vec<u8>> {
        let channel = self.channel.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        wire::send(&channel, kind, body, descriptors)
            .map_err(|why| io::Error::other(format!("the subreaper is gone: {why}")))?;
        wire::answered(&channel)
    }
}

/// The processor time of all processes that were started and have ended.
pub(crate) fn children_cpu() -> Duration {
    Duration::from_micros(CPU.load(Ordering::Relaxed))
}

impl Program {
    /// What to start: `path` is no name to search for, `env` the whole environment.
    ///
    /// # Errors
    /// When a word has a NUL in it.
    pub(super) fn new<'a>(
        path: &Path,
        argv: impl IntoIterator<Item = &'a str>,
        env: impl IntoIterator<Item = (&'a OsStr, &'a OsStr)>,
        folder: &Path,
    ) -> io::Result<Self> {
        let text = |bytes: &[u8]| CString::new(bytes).map_err(|_| io::Error::other("a word has a NUL in it"));
        let variables = env.into_iter().map(|(name, value)| text(&[name.as_bytes(), b"=", value.as_bytes()].concat()));
        Ok(Self {
            path: text(path.as_os_str().as_bytes())?,
            // The subreaper is elsewhere.
            folder: text(std::path::absolute(folder)?.as_os_str().as_bytes())?,
            argv: argv.into_iter().map(|word| text(word.as_bytes())).collect::<io::Result<_>>()?,
            env: variables.collect::<io::Result<_>>()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::os::fd::AsFd;

    use rustix::event::Timespec;
    use rustix::pipe::{PipeFlags, pipe_with};
    use rustix::process::Signal;

    use super::*;
    use crate::process::handle::ProcessHandle;

    /// A shell, what it writes, and itself.
    fn shell(subreaper: &Subreaper, script: &str) -> (ProcessHandle, std::fs::File) {
        let (ours, theirs) = pipe_with(PipeFlags::CLOEXEC).expect("a pipe");
        let null = std::fs::File::open("/dev/null").expect("it is there");
        let env = [("PATH", "/usr/bin:/bin")].map(|(name, value)| (OsStr::new(name), OsStr::new(value)));
        let program = Program::new(Path::new("/bin/sh"), ["sh", "-c", script], env, Path::new("/")).expect("words");
        let pid = subreaper.start(&program, &[null.as_fd(), theirs.as_fd(), theirs.as_fd()]).expect("a shell");
        (ProcessHandle::open(pid).expect("it is not reaped"), ours.into())
    }

    const LONG: Timespec = Timespec { tv_sec: 60, tv_nsec: 0 };

    fn everything() -> Belonging {
        Belonging::everything()
    }

    #[test]
    fn a_process_ends_with_its_status_and_is_nobodys_before_that() {
        let subreaper = Subreaper::new().expect("a subreaper");
        let (process, mut output) = shell(&subreaper, "echo here; exit 7");
        assert!(process.ends_within(LONG) && process.has_its_id());
        assert_eq!(subreaper.reap(process.pid()).expect("it has ended").code(), Some(7));
        assert!(!process.has_its_id());
        let mut text = String::new();
        output.read_to_string(&mut text).expect("text");
        assert_eq!(text, "here\n");
        assert_eq!(subreaper.reap(process.pid()).expect_err("once").raw_os_error(), Some(libc::ECHILD));
        assert_eq!(subreaper.orphans().expect("an answer"), []);
    }

    #[test]
    fn what_cannot_be_executed_is_an_error_of_its_own() {
        let subreaper = Subreaper::new().expect("a subreaper");
        let null = std::fs::File::open("/dev/null").expect("it is there");
        let program = Program::new(Path::new("/none"), ["none"], [], Path::new("/")).expect("words");
        let error = subreaper.start(&program, &[null.as_fd(), null.as_fd(), null.as_fd()]).expect_err("nothing there");
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
    }

    /// Neither a group, a session, an environment nor a process id stays the same, and each generation lives for an instant.
    #[test]
    fn what_keeps_forking_and_ending_in_sessions_of_its_own_is_found_and_ended() {
        for pause in ["0.002", "0.02", "0.1"] {
            let subreaper = Subreaper::new().expect("a subreaper");
            let folder = tempfile::tempdir().expect("a folder");
            let script = folder.path().join("again");
            let text =
                format!("sleep {pause}; setsid env -i sh {} </dev/null >/dev/null 2>&1 & exit 0", script.display());
            std::fs::write(&script, text).expect("written");
            let (process, _output) = shell(&subreaper, &format!("sh {}", script.display()));
            assert!(process.ends_within(LONG));
            subreaper.reap(process.pid()).expect("it has ended");
            for _ in 0..20 {
                assert!(!subreaper.orphans().expect("an answer").is_empty(), "it is there all the time ({pause})");
            }
            assert_eq!(subreaper.end_orphans(&everything()).expect("an answer"), 0);
            assert_eq!(subreaper.orphans().expect("an answer"), []);
            let left = crate::process::with_argument(&script.display().to_string());
            assert_eq!(left, Vec::<i32>::new(), "{pause}");
        }
    }

    #[test]
    fn only_what_belongs_to_a_run_is_ended_for_it() {
        let subreaper = Subreaper::new().expect("a subreaper");
        let script = |mark: &str| format!("QUIETDOWN_RUN={mark} setsid sleep 3600 </dev/null >/dev/null 2>&1 &");
        let (process, _output) = shell(&subreaper, &[script("a/1"), script("b/1"), "exit 0".to_owned()].join("\n"));
        assert!(process.ends_within(LONG));
        subreaper.reap(process.pid()).expect("it has ended");
        let marks = || {
            let mut marks: Vec<String> =
                subreaper.orphans().expect("an answer").into_iter().map(|it| it.mark).collect();
            marks.sort();
            marks
        };
        // Until each has executed its program its mark is none, or that of the shell.
        while marks() != ["a/1", "b/1"] {
            std::thread::yield_now();
        }
        assert_eq!(subreaper.end_orphans(&Belonging::to("a/", Vec::new())).expect("an answer"), 0);
        assert_eq!(marks(), ["b/1"]);
    }

    #[test]
    fn everything_ends_with_its_subreaper() {
        let subreaper = Subreaper::new().expect("a subreaper");
        let (process, mut output) = shell(&subreaper, "trap '' TERM INT HUP; setsid sleep 3600 & echo up; sleep 3601");
        let mut up = [0; 3];
        output.read_exact(&mut up).expect("it says so");
        process.signal(Signal::TERM);
        drop(subreaper);
        // Only when nobody holds it any more has the pipe an end.
        output.read_to_end(&mut Vec::new()).expect("the end");
        assert!(process.ends_within(LONG));
    }
}
