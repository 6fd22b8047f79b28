//! Secrets in the file: sealed where they are written, opened where they are read, and brought to the present key when
//! the store is opened.
//!
//! What a key seals never reaches the disk in clear text. What was there before the first key, or under an older key,
//! leaves the file in two steps: row by row in small transactions, then SQLite writes the file anew (`VACUUM`), since
//! pages that it has freed, or only moved rows within, keep old bytes for long (`secure_delete` reaches only some of
//! them). The table `store_key` says how far that has come, so that an opening that was interrupted is finished by the
//! next one.

use std::path::Path;
use std::sync::Arc;

use rusqlite::{Connection, Transaction, TransactionBehavior, params};
use zeroize::Zeroizing;

use super::fault::Fault;
use crate::error::{Error, ErrorKind, Result};
use crate::policy::seal::{NonceBytes, Place, StoreKeys};
use crate::random::Random;
use crate::types::HookId;

/// How many hooks one transaction brings to the present key.
const STEP: i64 = 100;

/// A column of `hook` that holds secrets.
struct Column {
    name: &'static str,
    /// Reads those after a hook, in order: id and text, a limited number.
    read: &'static str,
    /// Writes the one of a hook.
    write: &'static str,
}

/// Every column that holds secrets. One more needs a line here and its two statements; it is written and read through
/// [`Seals::seal`] and [`Seals::open`].
const SECRETS: [Column; 2] = [
    Column { name: HEADERS, read: sql!("headers_after"), write: sql!("hook_headers") },
    Column { name: SIGNING_SECRETS, read: sql!("signing_secrets_after"), write: sql!("hook_signing_secrets") },
];

/// The column of the headers of every delivery.
pub const HEADERS: &str = "destination_headers";

/// The column of the secrets that sign every delivery.
pub const SIGNING_SECRETS: &str = "signing_secrets";

/// The keys of an open store, and where nonces come from.
#[derive(Clone)]
pub struct Seals {
    keys: StoreKeys,
    random: Arc<dyn Random>,
}

impl Seals {
    /// Seals with these keys.
    pub fn new(keys: StoreKeys, random: Arc<dyn Random>) -> Self {
        Self { keys, random }
    }

    /// The keys.
    pub fn keys(&self) -> &StoreKeys {
        &self.keys
    }

    /// A secret as its column is to hold it.
    pub fn seal(&self, tx: &Connection, text: &str, place: Place) -> Result<Zeroizing<String>, Fault> {
        self.check_present(tx)?;
        Ok(self.keys.seal(text, place, &self.nonce())?)
    }

    /// A secret as it was given, out of its column.
    pub fn open(&self, stored: &str, place: Place) -> Result<Zeroizing<String>, Fault> {
        Ok(self.keys.open(stored, place)?)
    }

    /// The secret in clear, if it is not sealed with the present key. One that does not open stays as it is: it is one
    /// hook's trouble, and no other hook's.
    fn older(&self, stored: &str, place: Place) -> Option<Zeroizing<String>> {
        if self.keys.is_sealed_with_present(stored) { None } else { self.keys.open(stored, place).ok() }
    }

    /// Another process may have changed the key since this one opened the store. What is written now must be sealed
    /// with a key that the next opening is given.
    fn check_present(&self, tx: &Connection) -> Result<(), Fault> {
        let known = known_keys(tx)?;
        let is_right = match self.keys.present() {
            None => known.is_empty(),
            Some(present) => known.iter().any(|(id, _)| id == present.as_str()),
        };
        if is_right {
            return Ok(());
        }
        let wanted = known.last().map_or(String::new(), |(id, _)| format!(", with the one of the id {id}"));
        Err(Fault::Refused(Error::new(
            ErrorKind::Conflict,
            format!("another process has changed the store's key meanwhile: open the store again{wanted}"),
        )))
    }

    fn nonce(&self) -> NonceBytes {
        let mut nonce = NonceBytes::default();
        nonce[..8].copy_from_slice(&self.random.next_u64().to_le_bytes());
        nonce[8..].copy_from_slice(&self.random.next_u64().to_le_bytes()[..4]);
        nonce
    }
}

/// Refuses to open a store without a key that it needs. Reads only; a store of a schema without keys needs none.
pub fn check_keys(connection: &Connection, keys: &StoreKeys, path: &Path) -> Result<(), Fault> {
    let has_keys: bool =
        connection
            .query_row("SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'store_key')", [], |row| row.get(0))?;
    if !has_keys {
        return Ok(());
    }
    match known_keys(connection)?.into_iter().find(|(id, _)| !keys.has(id)) {
        None => Ok(()),
        Some((id, _)) => {
            let given = match keys.present() {
                None => "and no store_key was given".to_owned(),
                Some(present) => format!("and the store_key that was given has the id {present}"),
            };
            Err(Fault::Refused(Error::invalid(format!(
                "the store `{}` is sealed with a key of the id {id}, {given}: give that key as store_key, or in \
                 store_key_old beside a new one",
                path.display()
            ))))
        }
    }
}

/// Whether every secret is sealed with the present key, if there is one.
pub fn is_present(connection: &Connection, seals: &Seals) -> Result<bool, Fault> {
    let Some(present) = seals.keys.present() else { return Ok(true) };
    Ok(known_keys(connection)?.iter().any(|(id, complete)| id == present.as_str() && *complete))
}

/// Brings every secret to the present key, if there is one, and leaves nothing of the others in the file.
pub fn bring_to_present(connection: &mut Connection, seals: &Seals, path: &Path) -> Result<(), Fault> {
    let Some(present) = seals.keys.present() else { return Ok(()) };
    let present = present.as_str();
    if is_present(connection, seals)? {
        return Ok(());
    }
    let has_had_hooks = connection.query_row(sql!("hook_ever"), [], |row| row.get(0))?;
    begin(connection, present)?;
    loop {
        for column in &SECRETS {
            let mut after = HookId(0);
            while let Some(last) = step(connection, seals, column, after)? {
                after = last;
            }
        }
        if has_had_hooks {
            write_anew(connection, path)?;
        }
        if finish(connection, seals, present)? {
            return Ok(());
        }
    }
}

impl Column {
    fn after(&self, tx: &Connection, after: HookId, limit: i64) -> rusqlite::Result<Vec<(HookId, Zeroizing<String>)>> {
        let mut query = tx.prepare_cached(self.read)?;
        let rows = query.query_map(params![after, limit], |row| Ok((row.get(0)?, Zeroizing::new(row.get(1)?))))?;
        rows.collect()
    }
}

fn known_keys(connection: &Connection) -> rusqlite::Result<Vec<(String, bool)>> {
    let mut query = connection.prepare_cached(sql!("store_keys"))?;
    let keys = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    keys.collect()
}

/// From here on the store needs the present key beside those that it needed before.
fn begin(connection: &mut Connection, present: &str) -> Result<(), Fault> {
    let tx = Transaction::new(connection, TransactionBehavior::Immediate)?;
    tx.execute(sql!("store_keys_incomplete"), [])?;
    tx.execute(sql!("store_key_begin"), [present])?;
    Ok(tx.commit()?)
}

/// Seals the next secrets of a column with the present key; gives the last hook, or `None` when there are no more.
fn step(connection: &mut Connection, seals: &Seals, column: &Column, after: HookId) -> Result<Option<HookId>, Fault> {
    let tx = Transaction::new(connection, TransactionBehavior::Immediate)?;
    let stored = column.after(&tx, after, STEP)?;
    for (hook, stored) in &stored {
        let place = Place { hook: *hook, column: column.name };
        if let Some(text) = seals.older(stored, place) {
            let sealed = seals.seal(&tx, &text, place)?;
            tx.prepare_cached(column.write)?.execute(params![hook, sealed.as_str()])?;
        }
    }
    tx.commit()?;
    Ok(stored.last().map(|(hook, _)| *hook))
}

/// Writes the file anew without what was freed in it, and moves the WAL into it.
fn write_anew(connection: &Connection, path: &Path) -> Result<(), Fault> {
    connection.execute_batch("VACUUM")?;
    let held_up: bool = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
    if held_up {
        return Err(Fault::Refused(Error::new(
            ErrorKind::Unavailable,
            format!(
                "the store `{}` cannot be sealed to the end while another program reads it: close it there and open \
                 the store again",
                path.display()
            ),
        )));
    }
    Ok(())
}

/// Forgets the older keys, unless another process has written under one of them meanwhile.
fn finish(connection: &mut Connection, seals: &Seals, present: &str) -> Result<bool, Fault> {
    let tx = Transaction::new(connection, TransactionBehavior::Immediate)?;
    for column in &SECRETS {
        let mut after = HookId(0);
        loop {
            let stored = column.after(&tx, after, STEP)?;
            let Some((last, _)) = stored.last() else { break };
            after = *last;
            let is_older = |(hook, stored): &(HookId, Zeroizing<String>)| {
                seals.older(stored, Place { hook: *hook, column: column.name }).is_some()
            };
            if stored.iter().any(is_older) {
                return Ok(false);
            }
        }
    }
    tx.execute(sql!("store_keys_forget"), [present])?;
    tx.execute(sql!("store_key_complete"), [present])?;
    tx.commit()?;
    Ok(true)
}
