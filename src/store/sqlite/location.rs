//! Where a store's file is: a real path on a local disk, whatever name it was given by.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};

use crate::error::{Error, ErrorKind, Result};

/// A store's file, by its one real name: two names of one file (through a link) give the same location.
#[derive(Clone, Debug)]
pub struct Location {
    /// The database file.
    pub database: PathBuf,
    /// The directory it is in.
    pub directory: PathBuf,
}

impl Location {
    /// Finds the file of a store. Nothing is opened or changed.
    pub fn find(path: &Path) -> Result<Self> {
        let found = Self::of_file(path)?;
        let is_there = found.database.exists();
        refuse_network(if is_there { &found.database } else { &found.directory }, &found.database)?;
        Ok(found)
    }

    /// The same for a file that is not to be worked on, such as a backup: that may be on any disk.
    pub fn of_file(path: &Path) -> Result<Self> {
        check_name(path)?;
        let database = match fs::metadata(path) {
            Ok(found) if !found.is_file() => {
                return Err(storage(format!("`{}` is not a file: name a file for the store", path.display())));
            }
            Ok(_) => fs::canonicalize(path).map_err(|cause| unusable(path, &cause))?,
            Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => named_in_directory(path)?,
            Err(cause) => return Err(unusable(path, &cause)),
        };
        let directory = database.parent().unwrap_or(Path::new("/")).to_owned();
        Ok(Self { database, directory })
    }

    /// How long a file of this store is; zero when it is not there.
    pub fn length_of(path: &Path) -> Result<u64> {
        match fs::metadata(path) {
            Ok(found) => Ok(found.len()),
            Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => Ok(0),
            Err(cause) => Err(unusable(path, &cause)),
        }
    }

    /// A file that belongs to this store: its name with a suffix (`-wal`, `-lock`).
    pub fn beside(&self, suffix: &str) -> PathBuf {
        let mut name = OsString::from(self.database.as_os_str());
        name.push(suffix);
        name.into()
    }
}

/// Names that SQLite would understand as something other than a file.
fn check_name(path: &Path) -> Result<()> {
    let bytes = path.as_os_str().as_encoded_bytes();
    let wrong = if bytes.is_empty() {
        "is empty"
    } else if bytes == b":memory:" {
        "names no file, and a store is always on disk"
    } else if bytes.len() > 5 && bytes[..5].eq_ignore_ascii_case(b"file:") {
        "is a URI"
    } else if bytes.contains(&0) {
        "has a NUL character in it"
    } else {
        return Ok(());
    };
    Err(Error::invalid(format!(
        "the store's path `{}` {wrong}: give the path of a file, such as hooks.db",
        path.display().to_string().escape_debug()
    )))
}

fn named_in_directory(path: &Path) -> Result<PathBuf> {
    let name: &OsStr = path
        .file_name()
        .ok_or_else(|| Error::invalid(format!("the store's path `{}` does not name a file", path.display())))?;
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match fs::canonicalize(directory) {
        Ok(directory) => Ok(directory.join(name)),
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => Err(storage(format!(
            "the directory of the store `{}` is not there: create `{}`, or name another",
            path.display(),
            directory.display()
        ))),
        Err(cause) => Err(unusable(path, &cause)),
    }
}

/// What the operating system says about a file of a store, in tieback's words.
pub fn unusable(path: &Path, cause: &std::io::Error) -> Error {
    use std::io::ErrorKind as Io;
    let path = path.display();
    storage(match cause.kind() {
        Io::PermissionDenied | Io::ReadOnlyFilesystem => format!(
            "`{path}` cannot be written ({cause}): the store needs write access to its files and their directory"
        ),
        Io::StorageFull | Io::QuotaExceeded => {
            format!("`{path}` cannot be written because the disk is full: free some space and try again")
        }
        _ => format!("`{path}` cannot be used ({cause})"),
    })
}

fn storage(message: String) -> Error {
    Error::new(ErrorKind::Storage, message)
}

/// SQLite's locks and its shared memory do not work across machines: two of them would destroy the file.
#[cfg(target_os = "linux")]
fn refuse_network(on: &Path, database: &Path) -> Result<()> {
    let found = rustix::fs::statfs(on).map_err(|cause| unusable(on, &cause.into()))?;
    // The magic number is 32 bits wide; its type differs between architectures.
    match network_file_system(found.f_type as u32) {
        None => Ok(()),
        Some(name) => Err(storage(format!(
            "the store `{}` is on a network file system ({name}), where SQLite's locks do not protect it: put it on a \
             local disk",
            database.display()
        ))),
    }
}

#[cfg(not(target_os = "linux"))]
fn refuse_network(_on: &Path, _database: &Path) -> Result<()> {
    Ok(())
}

/// The magic numbers of statfs(2) and of the kernel's `linux/magic.h`.
#[cfg(any(target_os = "linux", test))]
fn network_file_system(magic: u32) -> Option<&'static str> {
    Some(match magic {
        0x6969 => "NFS",
        0x517B => "SMB",
        0xFF53_4D42 => "CIFS",
        0xFE53_4D42 => "SMB2",
        0x5346_414F | 0x6B41_4653 => "AFS",
        0x7375_7245 => "Coda",
        0x564C => "NCP",
        0x0102_1997 => "9P",
        0x00C3_6400 => "Ceph",
        0x0BD0_0BD0 => "Lustre",
        0x4750_4653 => "GPFS",
        0x0116_1970 => "GFS2",
        0x7461_636F => "OCFS2",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The numbers are statfs(2)'s.
    #[test]
    fn network_file_systems_are_known_and_local_ones_pass() {
        assert_eq!(network_file_system(0x6969), Some("NFS"));
        assert_eq!(network_file_system(0xFF53_4D42), Some("CIFS"));
        assert_eq!(network_file_system(0xFE53_4D42), Some("SMB2"));
        for local in [0xEF53, 0x5846_5342, 0x9123_683E, 0x0102_1994, 0x794C_7630] {
            assert_eq!(network_file_system(local), None);
        }
    }

    #[test]
    fn names_that_mean_no_file_are_refused() {
        for name in ["", ":memory:", "file:hooks.db", "FILE:hooks.db?mode=memory", "a\0b"] {
            assert_eq!(Location::find(Path::new(name)).unwrap_err().kind(), ErrorKind::InvalidArgument, "{name:?}");
        }
    }
}
