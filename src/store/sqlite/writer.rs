//! Group commit by leader: whoever gets the one connection that writes commits everything that waits, in one
//! transaction and so with one sync of the disk. There is no writer thread.
//!
//! Each job runs in a savepoint of its own, so that one that fails takes back only itself. Answers are handed out after
//! the commit: nobody hears of what is not on disk.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};

use rusqlite::{Connection, TransactionBehavior};

use super::fault::{Fault, storage_error};
use crate::error::{Error, ErrorKind, Result};

/// The one connection that writes, and the jobs that wait for it.
pub struct Writer {
    connection: Mutex<Connection>,
    waiting: Mutex<Vec<Box<dyn Job>>>,
    path: PathBuf,
}

impl Writer {
    /// Takes over the connection of the store at `path`.
    pub fn new(connection: Connection, path: PathBuf) -> Self {
        Self { connection: Mutex::new(connection), waiting: Mutex::default(), path }
    }

    /// Runs `work` in a transaction, together with whatever else waits. It is on disk when this returns `Ok`.
    pub fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T> {
        let slot = Arc::new(Mutex::new(None));
        lock(&self.waiting).push(Box::new(Task { work: Some(work), outcome: None, slot: Arc::clone(&slot) }));
        let mut connection = lock(&self.connection);
        if let Some(answer) = lock(&slot).take() {
            return answer;
        }
        let jobs = std::mem::take(&mut *lock(&self.waiting));
        self.commit_together(&mut connection, jobs);
        drop(connection);
        lock(&slot).take().unwrap_or_else(|| {
            // The leader that had this job panicked, and its transaction was rolled back.
            Err(Error::new(ErrorKind::Internal, "a call that was to be committed with this one broke off: not kept"))
        })
    }

    /// Runs `work` outside of a transaction, while nobody writes.
    pub fn alone<T>(&self, work: impl FnOnce(&Connection) -> Result<T, Fault>) -> Result<T> {
        work(&lock(&self.connection)).map_err(|fault| fault.into_error(&self.path))
    }

    fn commit_together(&self, connection: &mut Connection, mut jobs: Vec<Box<dyn Job>>) {
        match transact(connection, &mut jobs) {
            Ok(()) => jobs.into_iter().for_each(|job| job.answer(&self.path)),
            Err(cause) => jobs.into_iter().for_each(|job| job.refuse(storage_error(&cause, &self.path))),
        }
    }
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let writing = matches!(self.connection.try_lock(), Err(TryLockError::WouldBlock));
        f.debug_struct("Writer").field("writing", &writing).field("waiting", &lock(&self.waiting).len()).finish()
    }
}

fn transact(connection: &mut Connection, jobs: &mut [Box<dyn Job>]) -> rusqlite::Result<()> {
    let mut transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for job in jobs {
        let mut savepoint = transaction.savepoint()?;
        match job.run(&savepoint) {
            Ok(()) => savepoint.commit()?,
            Err(cause) if savepoint.is_autocommit() => {
                // On a full disk and the like SQLite rolls back the whole transaction by itself.
                savepoint.set_drop_behavior(rusqlite::DropBehavior::Ignore);
                return Err(rusqlite::Error::SqliteFailure(cause.unwrap_or(unknown()), None));
            }
            Err(_) => savepoint.finish()?,
        }
    }
    transaction.commit()
}

fn unknown() -> rusqlite::ffi::Error {
    rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_ERROR)
}

/// A caller's work and where its answer goes, whatever its type.
trait Job: Send {
    /// Does the work and keeps its outcome; a failure says what SQLite said, if it was SQLite.
    fn run(&mut self, transaction: &Connection) -> Result<(), Option<rusqlite::ffi::Error>>;

    /// The transaction is on disk: gives the outcome to the caller.
    fn answer(self: Box<Self>, path: &Path);

    /// The transaction failed, whatever the outcome of this job was.
    fn refuse(self: Box<Self>, error: Error);
}

struct Task<T, W> {
    work: Option<W>,
    outcome: Option<Result<T, Fault>>,
    slot: Arc<Mutex<Option<Result<T>>>>,
}

impl<T: Send, W: FnOnce(&Connection) -> Result<T, Fault> + Send> Job for Task<T, W> {
    fn run(&mut self, transaction: &Connection) -> Result<(), Option<rusqlite::ffi::Error>> {
        let Some(work) = self.work.take() else { return Ok(()) };
        let outcome = self.outcome.insert(work(transaction));
        outcome.as_ref().map(|_| ()).map_err(Fault::sqlite)
    }

    fn answer(self: Box<Self>, path: &Path) {
        let outcome = self.outcome.map(|outcome| outcome.map_err(|fault| fault.into_error(path)));
        *lock(&self.slot) = outcome;
    }

    fn refuse(self: Box<Self>, error: Error) {
        *lock(&self.slot) = Some(Err(error));
    }
}

/// A panic under one of these locks leaves nothing half done: transactions roll back, lists and slots are whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
