//! Where runs are kept when nobody says.

use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use crate::timeline::HarnessError;

/// Where runs are kept when nobody says: a folder of this user's own, under `$XDG_RUNTIME_DIR`, or under the system's folder for
/// temporary files. [`own_runs`] makes it.
pub fn default_runs() -> PathBuf {
    let user = rustix::process::geteuid().as_raw();
    let runtime = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
    let runtime = runtime.filter(|folder| folder.is_absolute() && is_private(folder, user).is_ok());
    match runtime {
        Some(folder) => folder.join("quietdown"),
        None => std::env::temp_dir().join(format!("quietdown-{user}")),
    }
}

/// Makes the [default folder](default_runs), for this user alone.
///
/// # Errors
/// When it cannot be made, or what is there is not this user's own folder: somebody else could have put links into it.
pub fn own_runs() -> Result<PathBuf, HarnessError> {
    let folder = default_runs();
    made(&folder, rustix::process::geteuid().as_raw())?;
    Ok(folder)
}

fn made(folder: &Path, user: u32) -> Result<(), HarnessError> {
    match DirBuilder::new().mode(0o700).create(folder) {
        Err(why) if why.kind() != io::ErrorKind::AlreadyExists => {
            return Err(HarnessError::io(format!("making {}", folder.display()))(why));
        }
        _ => {}
    }
    is_private(folder, user).map_err(|why| HarnessError::RunsFolder { folder: folder.to_owned(), why })
}

/// A folder into which somebody else could put something.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FolderError {
    /// It cannot be looked at.
    #[error("{0}")]
    Unreadable(io::Error),
    /// It is something else, such as a link.
    #[error("it is no folder")]
    NoFolder,
    /// It belongs to another user.
    #[error("it belongs to user {owner}, and this is user {user}")]
    Foreign {
        /// The user that it belongs to.
        owner: u32,
        /// The user of this process.
        user: u32,
    },
    /// Other users can write to it.
    #[error("others may write to it (mode {mode:o})")]
    Writable {
        /// Its permissions.
        mode: u32,
    },
}

/// Whether nobody but this user can put anything into a folder.
fn is_private(folder: &Path, user: u32) -> Result<(), FolderError> {
    // Not what a link leads to.
    let found = folder.symlink_metadata().map_err(FolderError::Unreadable)?;
    if !found.is_dir() {
        return Err(FolderError::NoFolder);
    }
    if found.uid() != user {
        return Err(FolderError::Foreign { owner: found.uid(), user });
    }
    if found.mode() & 0o022 != 0 {
        return Err(FolderError::Writable { mode: found.mode() & 0o7777 });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn the_default_folder_is_the_users_own_and_never_behind_a_link() {
        let place = tempfile::tempdir().expect("a folder");
        let user = rustix::process::geteuid().as_raw();
        let folder = place.path().join("runs");
        made(&folder, user).expect("made");
        assert_eq!(folder.metadata().expect("there").mode() & 0o777, 0o700);
        made(&folder, user).expect("there already");
        let refused = |folder: &Path, user: u32| made(folder, user).expect_err("refused").to_string();
        assert!(refused(&folder, user + 1).contains("it belongs to user"));
        let link = place.path().join("link");
        symlink(&folder, &link).expect("a link");
        assert!(refused(&link, user).contains("it is no folder"));
        std::fs::set_permissions(&folder, Permissions::from_mode(0o777)).expect("set");
        assert!(refused(&folder, user).contains("others may write to it (mode 777)"));
        std::fs::write(place.path().join("file"), "").expect("written");
        assert!(refused(&place.path().join("file"), user).contains("it is no folder"));
    }
}
