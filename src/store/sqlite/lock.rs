//! One process per store: an operating system's lock on a file beside the database, held while the store is open.
//!
//! The lock is not on the database itself: SQLite has its own locks there, and closing a second descriptor of the file
//! would drop them. The operating system lets go of the lock when the process ends, however it ends.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::Path;

use super::location::{Location, unusable};
use crate::error::{Error, ErrorKind, Result};

/// The lock; dropping it lets go.
#[derive(Debug)]
pub struct StoreLock {
    file: File,
    made: bool,
}

impl StoreLock {
    /// Takes the lock of a store.
    ///
    /// # Errors
    /// `unavailable` while another engine, of this process or another, has it.
    pub fn take(location: &Location) -> Result<Self> {
        let path = location.beside("-lock");
        loop {
            let (file, made) = open_or_make(&path).map_err(|cause| unusable(&path, &cause))?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Err(taken(location, &path)),
                Err(TryLockError::Error(cause)) => return Err(unusable(&path, &cause)),
            }
            // Between opening and locking, a refused first opening may have removed the file: then the lock is on
            // nothing, and the next file of this name is the one that counts.
            if is_at(&file, &path) {
                let mut lock = Self { file, made };
                lock.say_who(&path)?;
                return Ok(lock);
            }
        }
    }

    /// Lets go of the lock of a store that was not opened after all. A file that was made for it goes too.
    pub fn give_back(self, location: &Location) {
        if self.made {
            // A file that stays is only untidy: the lock itself ends with `self`.
            let _ = fs::remove_file(location.beside("-lock"));
        }
    }

    /// Leaves this process's number for whoever finds the store taken.
    fn say_who(&mut self, path: &Path) -> Result<()> {
        let mut write = || {
            self.file.set_len(0)?;
            self.file.rewind()?;
            writeln!(self.file, "{}", std::process::id())
        };
        match write() {
            // On a full disk the store can still be opened and read; the number is a courtesy.
            Err(cause) if cause.kind() != std::io::ErrorKind::StorageFull => Err(unusable(path, &cause)),
            _ => Ok(()),
        }
    }
}

fn open_or_make(path: &Path) -> std::io::Result<(File, bool)> {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    private(&mut options);
    match options.clone().create_new(true).open(path) {
        Ok(file) => Ok((file, true)),
        Err(cause) if cause.kind() == std::io::ErrorKind::AlreadyExists => {
            // Not `create_new`: whoever made it may remove it in between, then it is made here.
            Ok((options.create(true).truncate(false).open(path)?, false))
        }
        Err(cause) => Err(cause),
    }
}

/// Whether an engine, of this process or another, has a store open. Nothing is made or changed.
pub fn is_held(location: &Location) -> bool {
    let lock = File::open(location.beside("-lock"));
    lock.is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
}

/// Readable and writable by this user alone.
pub fn private(options: &mut OpenOptions) {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    #[cfg(not(unix))]
    let _ = options;
}

#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let id = |found: &fs::Metadata| (found.dev(), found.ino());
    matches!((file.metadata(), fs::metadata(path)), (Ok(held), Ok(named)) if id(&held) == id(&named))
}

#[cfg(not(unix))]
fn is_at(_file: &File, path: &Path) -> bool {
    path.exists()
}

fn taken(location: &Location, lock: &Path) -> Error {
    let mut text = String::new();
    let known = File::open(lock).and_then(|file| file.take(32).read_to_string(&mut text)).is_ok();
    let who = match text.trim().parse::<u32>() {
        Ok(pid) if known && pid == std::process::id() => " in this process".to_owned(),
        Ok(pid) if known => format!(" (process {pid})"),
        _ => String::new(),
    };
    Error::new(
        ErrorKind::Unavailable,
        format!(
            "the store `{}` is open in another tieback engine{who}: close it there first, or give each process a file \
             of its own",
            location.database.display()
        ),
    )
}
