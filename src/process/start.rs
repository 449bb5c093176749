//! The two ways in which a child comes to be: a program is started, or a zygote forks it. Nobody can tell them apart afterwards.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::process::ExitStatus;
use std::sync::Arc;

use rustix::fs::Access;
use rustix::io::Errno;
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::Pid;
use tokio::net::unix::pipe::Receiver;
use tokio::sync::watch;

use super::descendants::MARKER;
use super::handle::ProcessHandle;
use super::spawn::{Input, Spawn};
use super::subreaper::{Program, Subreaper};
use super::zygote::{Fork, Forked, ZygoteProcess};

/// A child that runs. Its `exit` must be awaited: nothing else reaps it.
pub(super) struct Started {
    /// It; it leads a group of its own.
    pub handle: Arc<ProcessHandle>,
    /// Our ends of its streams.
    pub ends: Ends,
    /// True from its end on.
    pub ended: watch::Receiver<bool>,
    /// How it ended, or why that is unknown.
    pub exit: Pin<Box<dyn Future<Output = Result<ExitStatus, String>> + Send>>,
}

/// Our ends of the streams of a child.
pub(super) struct Ends {
    pub stdin: Option<Input>,
    pub stdout: Receiver,
    pub stderr: Receiver,
}

/// What is searched where there is no `PATH`.
const DEFAULT_SEARCH: &str = "/bin:/usr/bin";

const SHELL: &str = "/bin/sh";

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
    let (ends, theirs) = streams(spawn.stdin)?;
    let Spawn { command, env, mark, folder, subreaper, .. } = spawn;
    let streams = [theirs[0].as_fd(), theirs[1].as_fd(), theirs[2].as_fd()];
    let pid = executed(subreaper, command, env, mark, folder, &streams)?;
    drop(theirs);
    let handle = Arc::new(ProcessHandle::open(pid)?);
    let over = handle.readable_at_its_end()?;
    let (end, ended) = watch::channel(false);
    let subreaper = Arc::clone(subreaper);
    let exit = async move {
        over.readable().await.map_err(|why| why.to_string())?.retain_ready();
        end.send_replace(true);
        subreaper.reap(pid).map_err(|why| format!("nobody knows how it ended: {why}"))
    };
    Ok(Started { handle, ends, ended, exit: Box::pin(exit) })
}

/// Has a subreaper execute a command with these descriptors as 0, 1, 2 and so on; `env` is added to the harness's own environment.
pub(super) fn executed(
    subreaper: &Subreaper,
    command: &[String],
    env: &BTreeMap<String, String>,
    mark: &str,
    folder: &Path,
    descriptors: &[BorrowedFd<'_>],
) -> io::Result<Pid> {
    let (name, arguments) = command.split_first().ok_or_else(|| io::Error::other("the command is empty"))?;
    let inherited: Vec<(OsString, OsString)> = std::env::vars_os().collect();
    let mut all: BTreeMap<&OsStr, &OsStr> = inherited.iter().map(|(name, value)| (&**name, &**value)).collect();
    all.extend(env.iter().map(|(name, value)| (OsStr::new(name), OsStr::new(value))));
    all.insert(OsStr::new(MARKER), OsStr::new(mark));
    let path = found(name, all.get(OsStr::new("PATH")).copied(), folder)?;
    let start = |path: &Path, argv: &[&str]| {
        let program =
            Program::new(path, argv.iter().copied(), all.iter().map(|(name, value)| (*name, *value)), folder)?;
        subreaper.start(&program, descriptors)
    };
    let arguments = arguments.iter().map(String::as_str);
    match start(&path, &std::iter::once(name.as_str()).chain(arguments.clone()).collect::<Vec<_>>()) {
        // A script without `#!`: a shell runs it, as execvp(3) has it.
        Err(why) if why.raw_os_error() == Some(Errno::NOEXEC.raw_os_error()) => {
            let script = path.to_str().ok_or(why)?;
            start(Path::new(SHELL), &[SHELL, script].into_iter().chain(arguments).collect::<Vec<_>>())
        }
        started => started,
    }
}

/// Where a program is: a name without a slash is searched for in `PATH`, as execvp(3) does; anything else is a path, from the child's
/// folder on.
fn found(name: &str, search: Option<&OsStr>, folder: &Path) -> io::Result<PathBuf> {
    if name.contains('/') {
        return Ok(PathBuf::from(name));
    }
    let mut forbidden = None;
    for place in std::env::split_paths(search.unwrap_or(OsStr::new(DEFAULT_SEARCH))) {
        let path = folder.join(place).join(name);
        match rustix::fs::access(&path, Access::EXEC_OK) {
            Ok(()) if path.is_file() => return Ok(path),
            Err(why @ Errno::ACCESS) => forbidden = Some(why),
            Ok(()) | Err(_) => {}
        }
    }
    Err(forbidden.unwrap_or(Errno::NOENT).into())
}

/// Has a zygote fork it.
pub(super) async fn forked(spawn: &Spawn<'_>, zygote: &Arc<ZygoteProcess>) -> io::Result<Started> {
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
    let Forked { handle, exit } = child.map_err(io::Error::other)?;
    let over = handle.readable_at_its_end()?;
    let (end, ended) = watch::channel(false);
    let zygote = zygote.clone();
    let exit = async move {
        // The kernel tells its end; the zygote only how it was.
        over.readable().await.map_err(|why| why.to_string())?.retain_ready();
        end.send_replace(true);
        match tokio::time::timeout(zygote.within(), exit).await {
            Ok(status) => status.unwrap_or_else(|_| Err("its zygote is gone".to_owned())),
            Err(_) => {
                let why = format!("its zygote has not said within {:?} how it ended", zygote.within());
                zygote.give_up(&why);
                Err(why)
            }
        }
    };
    Ok(Started { handle, ends, ended, exit: Box::pin(exit) })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_name_is_searched_for_as_a_shell_does_and_a_path_is_taken_as_it_is() {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |name: &str, mode: u32| {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
            std::fs::write(&path, "").expect("written");
            std::fs::set_permissions(&path, PermissionsExt::from_mode(mode)).expect("set");
        };
        write("a/data", 0o644);
        write("a/tool", 0o755);
        write("b/tool", 0o755);
        std::fs::create_dir_all(folder.path().join("a/b")).expect("made");
        write("b/b", 0o755);
        let search = |name: &str| found(name, Some(OsStr::new("none:a:b")), folder.path());
        assert_eq!(search("tool").expect("found"), folder.path().join("a/tool"));
        assert_eq!(search("b").expect("found"), folder.path().join("b/b"), "a folder is no program");
        assert_eq!(search("./tool").expect("a path"), Path::new("./tool"));
        assert_eq!(search("nothing").expect_err("not there").kind(), io::ErrorKind::NotFound);
        // Who may do everything still cannot execute what nobody can.
        assert_eq!(search("data").expect_err("not executable").kind(), io::ErrorKind::PermissionDenied);
        assert_eq!(found("sh", None, folder.path()).expect("everywhere"), Path::new("/bin/sh"));
    }

    #[tokio::test(flavor = "current_thread")]
    async fn a_script_that_names_no_interpreter_is_run_by_a_shell() {
        let folder = tempfile::tempdir().expect("a folder");
        let script = folder.path().join("script");
        // Not written by this process: what another test forks meanwhile would have the file open, and nobody could execute it.
        let text = "echo '[ \"$1\" = given ] && exit 7' > script && chmod +x script";
        let written = std::process::Command::new("sh").arg("-c").arg(text).current_dir(folder.path()).status();
        assert!(written.expect("a shell").success());
        let command = [script.display().to_string(), "given".to_owned()];
        let (env, folder) = (BTreeMap::new(), folder.path());
        let subreaper = Arc::new(Subreaper::new().expect("a subreaper"));
        let spawn = Spawn {
            command: &command,
            env: &env,
            mark: "x",
            folder,
            stdin: false,
            zygote: None,
            subreaper: &subreaper,
        };
        let started = spawned(&spawn).expect("it starts");
        assert_eq!(started.exit.await.expect("it ends").code(), Some(7));
    }
}
