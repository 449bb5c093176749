//! The two ways in which a child comes to be: a program is started, or a zygote forks it. Nobody can tell them apart afterwards.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::pin::Pin;
use std::process::{ExitStatus, Stdio};

use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::{Pid, Signal};
use tokio::net::unix::pipe::Receiver;
use tokio::process::Command;
use tokio::sync::watch;

use super::descendants::MARKER;
use super::spawn::{Input, Spawn};
use super::vfork::{self, Program};
use super::zygote::{Fork, Zygote};

/// A child that runs. Its `exit` must be awaited: nothing else reaps it.
pub(super) struct Started {
    /// Its process id, which is also its group's.
    pub group: Pid,
    /// Our ends of its streams.
    pub ends: Ends,
    /// True when its process id may be another's.
    pub ended: watch::Receiver<bool>,
    /// How it ended, or why nobody knows.
    pub exit: Pin<Box<dyn Future<Output = Result<ExitStatus, String>> + Send>>,
}

/// Our ends of the streams of a child.
pub(super) struct Ends {
    pub stdin: Option<Input>,
    pub stdout: Receiver,
    pub stderr: Receiver,
}

/// The child's ends, as standard input, output and error.
type Theirs = [OwnedFd; 3];

fn streams(stdin: bool) -> io::Result<(Ends, Theirs)> {
    let pipe = || pipe_with(PipeFlags::CLOEXEC);
    let (their_stdin, our_stdin) = match stdin {
        true => {
            let (theirs, ours) = pipe()?;
            (theirs, Some(Input::from_owned_fd(ours)?))
        }
        false => (File::open("/dev/null")?.into(), None),
    };
    let ((our_stdout, their_stdout), (our_stderr, their_stderr)) = (pipe()?, pipe()?);
    let (stdout, stderr) = (Receiver::from_owned_fd(our_stdout)?, Receiver::from_owned_fd(our_stderr)?);
    Ok((Ends { stdin: our_stdin, stdout, stderr }, [their_stdin, their_stdout, their_stderr]))
}

/// Starts a program.
pub(super) fn spawned(spawn: &Spawn<'_>) -> io::Result<Started> {
    let (program, arguments) = spawn.command.split_first().ok_or_else(|| io::Error::other("the command is empty"))?;
    if program.starts_with('/') {
        match at_its_path(spawn, program, arguments) {
            // A script without `#!`: a shell runs it.
            Err(why) if why.raw_os_error() == Some(rustix::io::Errno::NOEXEC.raw_os_error()) => {}
            started => return started,
        }
    }
    searched(spawn, program, arguments)
}

/// Starts a program whose path is known.
fn at_its_path(spawn: &Spawn<'_>, path: &str, arguments: &[String]) -> io::Result<Started> {
    let (ends, streams) = streams(spawn.stdin)?;
    let inherited: Vec<(OsString, OsString)> = std::env::vars_os().collect();
    let mut env: BTreeMap<&OsStr, &OsStr> = inherited.iter().map(|(name, value)| (&**name, &**value)).collect();
    env.extend(spawn.env.iter().map(|(name, value)| (OsStr::new(name), OsStr::new(value))));
    env.insert(OsStr::new(MARKER), OsStr::new(spawn.mark));
    let env = env.into_iter().collect();
    let child = vfork::start(Program { path, arguments, env, folder: spawn.folder.as_os_str(), streams })?;
    let (group, ended) = (child.pid(), child.ended());
    let exit = async move { child.wait().await.map_err(|why| format!("nobody can wait for it: {why}")) };
    Ok(Started { group, ends, ended, exit: Box::pin(exit) })
}

/// Starts a program that is to be searched for in `PATH`.
fn searched(spawn: &Spawn<'_>, program: &str, arguments: &[String]) -> io::Result<Started> {
    let (ends, [stdin, stdout, stderr]) = streams(spawn.stdin)?;
    let mut command = Command::new(program);
    command.args(arguments).envs(spawn.env).env(MARKER, spawn.mark).current_dir(spawn.folder);
    command.stdin(Stdio::from(stdin)).stdout(Stdio::from(stdout)).stderr(Stdio::from(stderr));
    command.process_group(0).kill_on_drop(true);
    let parent = rustix::process::getpid();
    // SAFETY: only bare system calls happen between fork and exec.
    unsafe {
        command.pre_exec(move || {
            rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
            // The harness may have died before the line above.
            match rustix::process::getppid() {
                Some(pid) if pid == parent => Ok(()),
                _ => Err(io::Error::other("the harness is gone")),
            }
        });
    }
    let mut child = command.spawn()?;
    // The child's ends of its streams are closed here, or they would never end.
    drop(command);
    let group = child.id().and_then(|id| Pid::from_raw(id as i32)).ok_or_else(|| io::Error::other("ended at once"))?;
    let (reaped, ended) = watch::channel(false);
    let exit = async move {
        let status = child.wait().await.map_err(|why| format!("nobody can wait for it: {why}"));
        reaped.send_replace(true);
        status
    };
    Ok(Started { group, ends, ended, exit: Box::pin(exit) })
}

/// Has a zygote fork it.
pub(super) async fn forked(spawn: &Spawn<'_>, zygote: &Zygote) -> io::Result<Started> {
    let argv = spawn.command.get(1..).filter(|words| !words.is_empty());
    let argv = argv.ok_or_else(|| io::Error::other("after the interpreter the command has no script"))?;
    let (ends, theirs) = streams(spawn.stdin)?;
    let inherited =
        std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    let mut env: BTreeMap<String, String> = inherited.collect();
    env.extend(spawn.env.clone());
    env.insert(MARKER.to_owned(), spawn.mark.to_owned());
    let fork = Fork { argv, env: &env, mark: spawn.mark, folder: spawn.folder };
    let child = zygote.fork(&fork, [theirs[0].as_fd(), theirs[1].as_fd(), theirs[2].as_fd()]).await;
    let child = child.map_err(io::Error::other)?;
    let exit = Box::pin(async move { child.exit.await.unwrap_or_else(|_| Err("its zygote is gone".to_owned())) });
    Ok(Started { group: child.pid, ends, ended: child.ended, exit })
}
