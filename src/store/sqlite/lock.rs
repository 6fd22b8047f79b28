//! Operating system's locks on files beside the database: who has the store open, and which workers live.
//!
//! They are not on the database itself: SQLite has its own locks there, and closing a second descriptor of the file
//! would drop them. The operating system lets go of a lock when its process ends, however it ends.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};

use super::location::{Location, unusable};
use crate::error::Result;
use crate::runtime::Process;
use crate::types::WorkerId;

/// That this engine has the store open, beside others or alone. Dropping it lets go. The last one removes the file, but
/// only on Unix: elsewhere nobody could tell whether a lock is on the file that has the name now.
#[derive(Debug)]
pub struct StoreLock {
    file: File,
    path: PathBuf,
    owner: Process,
}

impl StoreLock {
    /// Has the store beside other engines, of this process and others; `None` while another has it alone.
    pub fn share(location: &Location) -> Result<Option<Self>> {
        Self::take(location, File::try_lock_shared)
    }

    /// Has the store alone, to make it or to change its schema; `None` while another has it open.
    pub fn alone(location: &Location) -> Result<Option<Self>> {
        Self::take(location, File::try_lock)
    }

    fn take(location: &Location, try_lock: fn(&File) -> std::result::Result<(), TryLockError>) -> Result<Option<Self>> {
        let path = location.beside("-lock");
        loop {
            let file = open_or_make(&path).map_err(|cause| unusable(&path, &cause))?;
            match try_lock(&file) {
                Ok(()) if is_at(&file, &path) => return Ok(Some(Self { file, path, owner: Process::current() })),
                // Between opening and locking, the last one that had the store open has removed the file: this lock is
                // on nothing, and the next file of this name is the one that counts.
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Ok(None),
                Err(TryLockError::Error(cause)) => return Err(unusable(&path, &cause)),
            }
        }
    }
}

impl Drop for StoreLock {
    fn drop(&mut self) {
        if self.owner != Process::current() {
            // A forked child has its parent's lock, not one of its own: to let go of it is the parent's business.
            return;
        }
        // Said aloud, and not left to the closing of the file: a forked child may have it open as well.
        let _ = self.file.unlock();
        if cfg!(unix) && self.file.try_lock().is_ok() {
            if is_at(&self.file, &self.path) {
                // A file that stays is only untidy.
                let _ = fs::remove_file(&self.path);
            }
            let _ = self.file.unlock();
        }
    }
}

/// Whether an engine, of this process or another, has a store open. Nothing is made or changed.
pub fn is_held(location: &Location) -> bool {
    let lock = OpenOptions::new().read(true).write(true).open(location.beside("-lock"));
    lock.is_ok_and(|file| matches!(file.try_lock(), Err(TryLockError::WouldBlock)))
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
        let file = open_or_make(&path).map_err(|cause| unusable(&path, &cause))?;
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

fn open_or_make(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    private(&mut options);
    options.open(path)
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

/// There the file is never removed.
#[cfg(not(unix))]
fn is_at(_file: &File, _path: &Path) -> bool {
    true
}

#[cfg(all(test, unix))]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::thread;
    use std::time::Duration;

    use super::*;

    /// Whoever lets go removes the file, which the next one may have opened already.
    #[test]
    fn two_never_have_a_store_alone() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let location = Location::find(&folder.path().join("hooks.db")).expect("a place for a store");
        let (inside, turns) = (AtomicUsize::new(0), AtomicUsize::new(0));
        thread::scope(|threads| {
            for _ in 0..4 {
                threads.spawn(|| {
                    for _ in 0..5000 {
                        let Some(lock) = StoreLock::alone(&location).expect("a lock") else { continue };
                        assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0, "two at once");
                        turns.fetch_add(1, Ordering::SeqCst);
                        thread::sleep(Duration::from_micros(50));
                        inside.fetch_sub(1, Ordering::SeqCst);
                        drop(lock);
                    }
                });
            }
        });
        assert!(turns.into_inner() > 100, "they took turns");
        assert_eq!(fs::read_dir(folder.path()).expect("the folder").count(), 0, "the last one has tidied up");
    }
}
