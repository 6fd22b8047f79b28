//! Operating system's locks on files beside the database: who has the store open, and which workers live.
//!
//! They are not on the database itself: SQLite has its own locks there, and closing a second descriptor of the file
//! would drop them. The operating system lets go of a lock when its process ends, however it ends.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::location::{Location, unusable};
use crate::error::{Error, ErrorKind, Result};
use crate::types::WorkerId;

/// How long to wait for whoever has the store alone: bringing a file up to date takes time.
const PATIENCE: Duration = Duration::from_secs(5);

/// That this engine has the store open, beside others or alone; dropping it lets go.
#[derive(Debug)]
pub struct StoreLock {
    file: File,
    made: bool,
}

impl StoreLock {
    /// Has the store beside other engines, of this process and others.
    ///
    /// # Errors
    /// `unavailable` while another has it alone.
    pub fn share(location: &Location) -> Result<Self> {
        Self::take(location, File::try_lock_shared)
    }

    /// Has the store alone: to make it, to change its schema.
    ///
    /// # Errors
    /// `unavailable` while another has it open.
    pub fn alone(location: &Location) -> Result<Self> {
        Self::take(location, File::try_lock)
    }

    fn take(location: &Location, try_lock: fn(&File) -> std::result::Result<(), TryLockError>) -> Result<Self> {
        let path = location.beside("-lock");
        let began = Instant::now();
        loop {
            let (file, made) = open_or_make(&path).map_err(|cause| unusable(&path, &cause))?;
            match try_lock(&file) {
                // Between opening and locking, a refused first opening may have removed the file: then the lock is on
                // nothing, and the next file of this name is the one that counts.
                Ok(()) if is_at(&file, &path) => return Ok(Self { file, made }),
                Ok(()) => {}
                Err(TryLockError::WouldBlock) if began.elapsed() < PATIENCE => {
                    std::thread::sleep(Duration::from_millis(5));
                }
                Err(TryLockError::WouldBlock) => return Err(taken(location)),
                Err(TryLockError::Error(cause)) => return Err(unusable(&path, &cause)),
            }
        }
    }

    /// Lets go of the lock of a store that was not opened after all. A file that was made for it goes too, unless
    /// somebody else uses it by now.
    pub fn give_back(self, location: &Location) {
        if self.made && self.file.try_lock().is_ok() {
            // A file that stays is only untidy: the lock itself ends with `self`.
            let _ = fs::remove_file(location.beside("-lock"));
        }
    }
}

/// That a worker lives: a lock on a file of its own, taken before anybody can know of the worker.
#[derive(Debug)]
pub struct WorkerLock {
    /// Closing it lets go.
    _file: File,
    path: PathBuf,
}

impl WorkerLock {
    /// Takes a new worker's lock.
    pub fn take(database: &Path, worker: WorkerId) -> Result<Self> {
        let path = path_of(database, worker);
        let (file, _) = open_or_make(&path).map_err(|cause| unusable(&path, &cause))?;
        file.lock().map_err(|cause| unusable(&path, &cause))?;
        Ok(Self { _file: file, path })
    }

    /// Whether a worker has died: nobody has its lock. A worker whose file cannot be looked at counts as alive; then
    /// its lease decides.
    pub fn is_free(database: &Path, worker: WorkerId) -> bool {
        match OpenOptions::new().read(true).write(true).open(path_of(database, worker)) {
            Ok(file) => file.try_lock().is_ok(),
            Err(cause) => cause.kind() == std::io::ErrorKind::NotFound,
        }
    }

    /// Lets go, for a worker that nobody knows of any more.
    pub fn give_back(self) {
        let Self { _file, path } = self;
        drop(_file);
        // A file that stays is only untidy.
        let _ = fs::remove_file(path);
    }

    /// Removes the file of a worker that another has ended.
    pub fn remove(database: &Path, worker: WorkerId) {
        let _ = fs::remove_file(path_of(database, worker));
    }
}

fn path_of(database: &Path, worker: WorkerId) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(format!("-worker-{worker}"));
    name.into()
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

fn taken(location: &Location) -> Error {
    Error::new(
        ErrorKind::Unavailable,
        format!(
            "the store `{}` is in use by another tieback engine, and one of the two needs it alone to bring it up to \
             date: close the other engines, or try again later",
            location.database.display()
        ),
    )
}
