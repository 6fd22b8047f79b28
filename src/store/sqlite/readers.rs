//! Connections that only read, beside the writer: readers wait for nobody. No read transaction outlives a call, so that
//! the WAL can always be moved into the file.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use rusqlite::Connection;

use super::fault::{Fault, storage_error};
use super::interrupt::interruptible;
use super::open::connect_reader;
use crate::error::Result;
use crate::time::Cancel;

/// How many idle connections are kept; more are made when more threads read at once.
const MAX_IDLE: usize = 4;

/// A pool of connections to the store at one path.
pub struct Readers {
    idle: Mutex<Vec<Connection>>,
    path: PathBuf,
}

impl Readers {
    /// An empty pool.
    pub fn new(path: PathBuf) -> Self {
        Self { idle: Mutex::default(), path }
    }

    /// Reads in one transaction: everything that `reading` sees is of one moment.
    pub fn run<T>(&self, reading: impl FnOnce(&Connection) -> Result<T, Fault>) -> Result<T> {
        let mut connection = self.take()?;
        let result = in_transaction(&mut connection, reading);
        self.put_back(connection);
        result.map_err(|fault| fault.into_error(&self.path))
    }

    /// The same, until the token is requested.
    pub fn run_long<T>(&self, cancel: &Cancel, reading: impl FnOnce(&Connection) -> Result<T, Fault>) -> Result<T> {
        let mut connection = self.take()?;
        let result = interruptible(&mut connection, cancel, |connection| in_transaction(connection, reading));
        self.put_back(connection);
        result.map_err(|fault| fault.into_error(&self.path))
    }

    fn take(&self) -> Result<Connection> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        idle.map_or_else(|| connect_reader(&self.path).map_err(|cause| storage_error(&cause, &self.path)), Ok)
    }

    fn put_back(&self, connection: Connection) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < MAX_IDLE {
            idle.push(connection);
        }
    }
}

fn in_transaction<T>(
    connection: &mut Connection,
    reading: impl FnOnce(&Connection) -> Result<T, Fault>,
) -> Result<T, Fault> {
    let transaction = connection.transaction()?;
    let result = reading(&transaction)?;
    transaction.finish()?;
    Ok(result)
}
