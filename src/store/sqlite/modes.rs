//! Who may read a store's files: this user alone. Whatever the umask, tieback makes them so; those that somebody has
//! opened to others are closed again.

use std::fs;
use std::path::Path;

use super::location::{Location, unusable};
use crate::error::{Error, ErrorKind, Result};

/// The files of a store that may be there when it is opened.
const SUFFIXES: [&str; 5] = ["", "-wal", "-shm", "-journal", "-lock"];

/// Takes away what others may do with the store's files.
///
/// # Errors
/// `storage` when they belong to another user, who alone can do that.
pub fn tighten(location: &Location) -> Result<()> {
    SUFFIXES.iter().try_for_each(|suffix| tighten_file(&location.beside(suffix)))
}

#[cfg(unix)]
fn tighten_file(path: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    const OTHERS: u32 = 0o077;
    let mode = match fs::metadata(path) {
        Ok(found) => found.permissions().mode() & 0o777,
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(cause) => return Err(unusable(path, &cause)),
    };
    if mode & OTHERS == 0 {
        return Ok(());
    }
    // By name: opening and closing the database here would drop SQLite's locks on it.
    match fs::set_permissions(path, fs::Permissions::from_mode(mode & !OTHERS)) {
        Err(cause) if cause.kind() == std::io::ErrorKind::PermissionDenied => Err(Error::new(
            ErrorKind::Storage,
            format!(
                "`{}` is open to other users (mode {mode:o}) and belongs to another one: have its owner run \
                 `chmod go= {0}`",
                path.display()
            ),
        )),
        set => set.map_err(|cause| unusable(path, &cause)),
    }
}

#[cfg(not(unix))]
fn tighten_file(_path: &Path) -> Result<()> {
    Ok(())
}
