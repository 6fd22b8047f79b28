//! Group commit by leader: whoever comes while nobody leads commits everything that waits, in one transaction and so
//! with one sync of the disk. What comes meanwhile waits for the next leader, which is one of those that wait. There is
//! no writer thread.
//!
//! Each job runs in a savepoint of its own, so that one that fails takes back only itself. Answers are handed out after
//! the commit: nobody hears of what is not on disk.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, TransactionBehavior};

use super::fault::{Fault, storage_error};
use crate::error::{Error, ErrorKind, Result};

/// The one connection that writes, and the jobs that wait for it.
pub struct Writer {
    seat: Mutex<Seat>,
    waiting: Mutex<Waiting>,
    /// A leader has ended: its answers are there, and the lead is free.
    ended: Condvar,
    /// How often somebody else was seen to have changed the file.
    others_changes: AtomicU64,
    path: PathBuf,
}

/// The jobs that nobody has begun, and whether somebody leads.
#[derive(Default)]
struct Waiting {
    jobs: Vec<Box<dyn Job>>,
    led: bool,
}

/// Who has it writes.
struct Seat {
    connection: Connection,
    /// SQLite's number for the file as other connections have left it.
    data_version: i64,
}

impl Writer {
    /// Takes over the connection of the store at `path`.
    pub fn new(connection: Connection, path: PathBuf) -> Result<Self> {
        let data_version = data_version(&connection).map_err(|cause| storage_error(&cause, &path))?;
        let seat = Mutex::new(Seat { connection, data_version });
        Ok(Self { seat, waiting: Mutex::default(), ended: Condvar::new(), others_changes: AtomicU64::new(0), path })
    }

    /// Runs `work` in a transaction, together with whatever else waits. It is on disk when this returns `Ok`.
    pub fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T> {
        let slot = Arc::new(Mutex::new(None));
        let mut waiting = lock(&self.waiting);
        waiting.jobs.push(Box::new(Task { work: Some(work), outcome: None, slot: Arc::clone(&slot) }));
        // Not at the seat's lock: it would let through one after the other, each with what little has come since, and
        // those whose answers are there as well.
        let unanswered = |waiting: &mut Waiting| waiting.led && lock(&slot).is_none();
        waiting = self.ended.wait_while(waiting, unanswered).unwrap_or_else(PoisonError::into_inner);
        if let Some(answer) = lock(&slot).take() {
            return answer;
        }
        waiting.led = true;
        let jobs = std::mem::take(&mut waiting.jobs);
        drop(waiting);
        let lead = Lead(self);
        self.commit_together(&mut lock(&self.seat), jobs);
        drop(lead);
        lock(&slot).take().unwrap_or_else(|| {
            // The leader that had this job panicked, and its transaction was rolled back.
            Err(Error::new(ErrorKind::Internal, "a call that was to be committed with this one broke off: not kept"))
        })
    }

    /// See [`Workers::others_changes`](crate::store::Workers::others_changes).
    pub fn others_changes(&self) -> u64 {
        // Whoever writes now looks by itself.
        if let Ok(mut seat) = self.seat.try_lock() {
            // What cannot be read now is seen later.
            let _ = self.notice_others(&mut seat);
        }
        self.others_changes.load(Ordering::Relaxed)
    }

    fn notice_others(&self, seat: &mut Seat) -> rusqlite::Result<()> {
        let version = data_version(&seat.connection)?;
        if version != seat.data_version {
            seat.data_version = version;
            self.others_changes.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Runs `work` outside of a transaction, while nobody writes.
    pub fn alone<T>(&self, work: impl FnOnce(&mut Connection) -> Result<T, Fault>) -> Result<T> {
        work(&mut lock(&self.seat).connection).map_err(|fault| fault.into_error(&self.path))
    }

    fn commit_together(&self, seat: &mut Seat, mut jobs: Vec<Box<dyn Job>>) {
        let done = self.notice_others(seat).and_then(|()| transact(&mut seat.connection, &mut jobs));
        match done {
            Ok(()) => jobs.into_iter().for_each(|job| job.answer(&self.path)),
            Err(cause) => jobs.into_iter().for_each(|job| job.refuse(storage_error(&cause, &self.path))),
        }
    }
}

/// Changes when another connection, of this process or another, has changed the file.
fn data_version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.prepare_cached("PRAGMA data_version")?.query_row([], |row| row.get(0))
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Waiting { jobs, led } = &*lock(&self.waiting);
        f.debug_struct("Writer").field("writing", led).field("waiting", &jobs.len()).finish()
    }
}

/// The lead, which ends also when the leader panics.
struct Lead<'a>(&'a Writer);

impl Drop for Lead<'_> {
    fn drop(&mut self) {
        lock(&self.0.waiting).led = false;
        self.0.ended.notify_all();
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
