//! Long-lived handles. What C holds is a number in the form of a pointer: it is looked up and never dereferenced, so
//! that a freed, foreign or made-up one is an error and nothing worse.
//!
//! The number is a serial one, from a counter that never goes back, and odd, as no address of an object is. A serial
//! number is not given twice, so there is no slot whose next owner an old handle could reach.
//!
//! Freeing a handle while a call runs on it is safe: the call holds its own `Arc` of what the handle means, and that
//! ends with the last of them. [`Engine::close`] makes the calls that wait return.
//!
//! After a fork, the parent's table may be locked by a thread that the child does not have. The child makes its own and
//! leaves the other alone; the counter goes on, so that the parent's handles are known as not of this table.

use std::collections::HashMap;
use std::ops::Deref;
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock, Weak};

use super::cancel::tieback_cancel;
use super::engine::tieback_engine;
use super::per_process::PerProcess;
use super::service::tieback_service;
use crate::embedded::Embedded;
use crate::engine::{Cancellable, Engine};
use crate::error::{Error, ErrorKind, Result};
use crate::service::Service;
use crate::time::Cancel;

/// What a handle means.
#[derive(Clone)]
enum Target {
    Engine(Arc<Engine>),
    /// A second handle of an engine. It does not keep the engine open: whoever closes that has its file free again.
    Again(Weak<Engine>),
    /// The service of an engine, which it does not keep open either.
    Embedded(Weak<Engine>),
    /// A token.
    Cancel(Cancel),
}

impl Target {
    fn noun(&self) -> &'static str {
        match self {
            Self::Engine(_) | Self::Again(_) => "an engine",
            Self::Embedded(_) => "a service",
            Self::Cancel(_) => "a cancel token",
        }
    }
}

/// A handle's entry in the table. An engine and its services share the mark of a defect, as they share the state.
#[derive(Clone)]
struct Entry {
    target: Target,
    poisoned: Arc<AtomicBool>,
    /// Ends the calls that are made with this handle.
    cancel: Cancel,
}

impl Entry {
    fn new(target: Target) -> Self {
        Self { target, poisoned: Arc::default(), cancel: Cancel::new() }
    }
}

/// A new handle of an engine.
pub fn of_engine(engine: Engine) -> *mut tieback_engine {
    let target = Target::Engine(Arc::new(engine));
    pointer_to(Table::present().insert(Entry::new(target)))
}

/// A new handle of an engine's service.
pub fn of_service(engine: *const tieback_engine) -> Result<*mut tieback_service> {
    let engine = self::engine(engine)?;
    Ok(engine.derive(Target::Embedded(Arc::downgrade(&engine.target)), engine.cancel.clone()))
}

/// A second handle of an engine, whose calls the token ends.
pub fn engine_with_cancel(engine: *const tieback_engine, cancel: Cancel) -> Result<*mut tieback_engine> {
    let engine = self::engine(engine)?;
    Ok(engine.derive(Target::Again(Arc::downgrade(&engine.target)), cancel))
}

/// A second handle of a service, whose calls the token ends.
pub fn service_with_cancel(service: *const tieback_service, cancel: Cancel) -> Result<*mut tieback_service> {
    let (serial, Entry { target, poisoned, .. }) = entry("a service", service.addr())?;
    match target {
        Target::Embedded(_) => Ok(pointer_to(Table::present().insert(Entry { target, poisoned, cancel }))),
        other => Err(wrong_kind(serial, "a service", &other)),
    }
}

/// A new handle of a token.
pub fn of_cancel(cancel: Cancel) -> *mut tieback_cancel {
    pointer_to(Table::present().insert(Entry::new(Target::Cancel(cancel))))
}

/// The token of a handle.
pub fn cancel(handle: *const tieback_cancel) -> Result<Cancel> {
    match entry("a cancel token", handle.addr())? {
        (_, Entry { target: Target::Cancel(cancel), .. }) => Ok(cancel),
        (serial, other) => Err(wrong_kind(serial, "a cancel token", &other.target)),
    }
}

/// A new handle of an engine, as a number: the flat ABI has nothing else.
///
/// Numbers count up from 1, one for every handle that a process ever opens.
pub fn number_of_engine(engine: Arc<Engine>) -> i32 {
    let serial = Table::present().insert(Entry::new(Target::Engine(engine)));
    i32::try_from(serial).expect("no process opens two billion engines")
}

/// The engine of a number.
pub fn engine_at(number: i32) -> Result<Held<Arc<Engine>>> {
    engine(pointer_to(positive(number)?))
}

/// Ends an engine's number and gives what it meant, to be closed; nothing when it was a second one.
pub fn take_engine_at(number: i32) -> Result<Option<Arc<Engine>>> {
    let handle = pointer_to(positive(number)?);
    match engine(handle) {
        // One that met a defect can be closed, and no more.
        Err(error) if error.kind() != ErrorKind::Internal => Err(error),
        _ => Ok(take_engine(handle)),
    }
}

fn positive(number: i32) -> Result<usize> {
    let serial = usize::try_from(number).ok().filter(|serial| *serial > 0);
    serial.ok_or_else(|| Error::invalid(format!("handle {number} is none: give the number that engine_open answered")))
}

/// The engine of a handle.
pub fn engine(handle: *const tieback_engine) -> Result<Held<Arc<Engine>>> {
    let (serial, entry) = entry("an engine", handle.addr())?;
    match entry.target {
        Target::Engine(target) => Ok(Held { target, poisoned: entry.poisoned, cancel: entry.cancel }),
        Target::Again(engine) => {
            let target = upgrade(&engine, "this handle")?;
            Ok(Held { target, poisoned: entry.poisoned, cancel: entry.cancel })
        }
        other => Err(wrong_kind(serial, "an engine", &other)),
    }
}

/// The service of a handle.
pub fn service(handle: *const tieback_service) -> Result<Held<Box<dyn Service>>> {
    service_at(handle.addr())
}

/// The service of a handle that was kept as a number.
pub fn service_at(handle: usize) -> Result<Held<Box<dyn Service>>> {
    let (serial, entry) = entry("a service", handle)?;
    match entry.target {
        Target::Embedded(engine) => {
            let engine = upgrade(&engine, "this service")?;
            Ok(Held { target: Box::new(Embedded::new(engine)), poisoned: entry.poisoned, cancel: entry.cancel })
        }
        other => Err(wrong_kind(serial, "a service", &other)),
    }
}

fn upgrade(engine: &Weak<Engine>, of: &str) -> Result<Arc<Engine>> {
    engine
        .upgrade()
        .ok_or_else(|| Error::new(ErrorKind::Closed, format!("the engine of {of} is closed: open it again to use it")))
}

/// Ends an engine's handle and gives what it meant, to be closed. `None` when it is none, not any more, or the
/// parent's; and when it was a second one, with which nothing is to be closed.
pub fn take_engine(handle: *const tieback_engine) -> Option<Arc<Engine>> {
    let is_meant = |target: &Target| matches!(target, Target::Engine(_) | Target::Again(_));
    match Table::present().take(serial(handle.addr())?, is_meant)?.target {
        Target::Engine(engine) => Some(engine),
        _ => None,
    }
}

/// Ends a service's handle; one that is none is left alone.
pub fn drop_service(handle: *const tieback_service) {
    if let Some(serial) = serial(handle.addr()) {
        Table::present().take(serial, |target| matches!(target, Target::Embedded(_)));
    }
}

/// Ends a token's handle; one that is none is left alone.
pub fn drop_cancel(handle: *const tieback_cancel) {
    if let Some(serial) = serial(handle.addr()) {
        Table::present().take(serial, |target| matches!(target, Target::Cancel(_)));
    }
}

/// What a call holds while it runs. When the call panics, the handle is not to be used any more.
pub struct Held<T> {
    target: T,
    poisoned: Arc<AtomicBool>,
    cancel: Cancel,
}

impl Held<Arc<Engine>> {
    /// The engine's long calls, which the handle's token ends.
    pub fn long(&self) -> Cancellable<'_> {
        self.target.with_cancel(&self.cancel)
    }

    /// A new handle of what belongs to this engine, and shares its mark of a defect.
    fn derive<T>(&self, target: Target, cancel: Cancel) -> *mut T {
        let entry = Entry { target, poisoned: Arc::clone(&self.poisoned), cancel };
        pointer_to(Table::present().insert(entry))
    }
}

impl<T> Held<T> {
    /// What the handle means, itself.
    pub fn whole(&self) -> &T {
        &self.target
    }
}

impl<T: Deref> Deref for Held<T> {
    type Target = T::Target;

    fn deref(&self) -> &T::Target {
        &self.target
    }
}

impl<T> Drop for Held<T> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.poisoned.store(true, Ordering::Release);
        }
    }
}

/// The serial number that the next handle gets. 0 is none.
static NEXT: AtomicUsize = AtomicUsize::new(1);

/// The handles of one process.
#[derive(Default)]
struct Table {
    entries: RwLock<HashMap<usize, Entry>>,
}

impl Table {
    /// The table of the present process.
    fn present() -> &'static Self {
        static PRESENT: PerProcess<Table> = PerProcess::new();
        PRESENT.present()
    }

    fn insert(&self, entry: Entry) -> usize {
        let serial = NEXT.fetch_add(1, Ordering::Relaxed);
        self.entries.write().unwrap_or_else(PoisonError::into_inner).insert(serial, entry);
        serial
    }

    fn find(&self, serial: usize) -> Option<Entry> {
        self.entries.read().unwrap_or_else(PoisonError::into_inner).get(&serial).cloned()
    }

    fn take(&self, serial: usize, is_meant: impl FnOnce(&Target) -> bool) -> Option<Entry> {
        let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
        if entries.get(&serial).is_some_and(|entry| is_meant(&entry.target)) { entries.remove(&serial) } else { None }
    }
}

fn pointer_to<T>(serial: usize) -> *mut T {
    ptr::without_provenance_mut(serial << 1 | 1)
}

/// The serial number in a handle, if it was ever given out.
fn serial(handle: usize) -> Option<usize> {
    let serial = handle >> 1;
    (handle & 1 == 1 && (1..NEXT.load(Ordering::Relaxed)).contains(&serial)).then_some(serial)
}

fn entry(noun: &str, handle: usize) -> Result<(usize, Entry)> {
    if handle == 0 {
        return Err(Error::invalid(format!("the handle is NULL: give {noun}")));
    }
    let serial = serial(handle)
        .ok_or_else(|| Error::invalid(format!("the handle is none that this library gave out: give {noun}")))?;
    let entry = Table::present().find(serial).ok_or_else(|| {
        let message = format!(
            "handle {serial} is closed or freed already, or belongs to the process that this one was forked from: \
             open {noun} here"
        );
        Error::new(ErrorKind::Closed, message)
    })?;
    if entry.poisoned.load(Ordering::Acquire) {
        return Err(Error::new(
            ErrorKind::Internal,
            format!(
                "handle {serial} met a defect in tieback before and is not to be used: close it and open {noun} again"
            ),
        ));
    }
    entry.cancel.check()?;
    Ok((serial, entry))
}

fn wrong_kind(serial: usize, noun: &str, other: &Target) -> Error {
    Error::invalid(format!("handle {serial} is {}: give {noun}", other.noun()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capi::boundary::guard_result;
    use crate::engine::EngineOptions;

    /// An engine on a file of its own, in this folder.
    fn an_engine(folder: &tempfile::TempDir) -> *mut tieback_engine {
        let name = format!("{}.db", NEXT.load(Ordering::Relaxed));
        of_engine(Engine::open(EngineOptions::at(folder.path().join(name))).unwrap())
    }

    fn kind<T>(outcome: Result<T>) -> Option<ErrorKind> {
        outcome.err().map(|error| error.kind())
    }

    #[test]
    fn handle_is_known_until_it_is_freed_and_never_after() {
        let folder = tempfile::tempdir().unwrap();
        let handle = an_engine(&folder);
        assert!(engine(handle).is_ok());
        assert!(take_engine(handle).is_some());
        assert_eq!(kind(engine(handle)), Some(ErrorKind::Closed));
        assert!(take_engine(handle).is_none());
        // The next one is another one.
        assert_ne!(an_engine(&folder), handle);
        assert_eq!(kind(engine(handle)), Some(ErrorKind::Closed));
    }

    #[test]
    fn foreign_handles_are_invalid_arguments() {
        let on_the_stack = 0u64;
        let foreign = [ptr::null(), (&raw const on_the_stack).cast(), ptr::without_provenance(usize::MAX)];
        for handle in foreign {
            assert_eq!(kind(engine(handle)), Some(ErrorKind::InvalidArgument), "{handle:?}");
            assert!(take_engine(handle).is_none());
        }
        let folder = tempfile::tempdir().unwrap();
        let handle = an_engine(&folder);
        assert_eq!(kind(service(handle.cast())), Some(ErrorKind::InvalidArgument));
        assert_eq!(kind(engine(of_service(handle).unwrap().cast())), Some(ErrorKind::InvalidArgument));
        // Freeing through the wrong kind frees nothing.
        drop_service(handle.cast());
        assert!(engine(handle).is_ok());
    }

    /// As [`an_engine`], by its number.
    fn a_number(folder: &tempfile::TempDir) -> i32 {
        i32::try_from(serial(an_engine(folder).addr()).unwrap()).unwrap()
    }

    #[test]
    fn number_that_met_a_defect_can_be_closed_and_only_once() {
        let folder = tempfile::tempdir().unwrap();
        let number = a_number(&folder);
        let outcome = guard_result(|| {
            let _held = engine_at(number)?;
            if true {
                panic!("a panic on purpose, with a number held");
            }
            Ok(())
        });
        assert_eq!(kind(outcome), Some(ErrorKind::Internal));
        assert_eq!(kind(engine_at(number)), Some(ErrorKind::Internal));
        assert!(take_engine_at(number).unwrap().is_some());
        assert_eq!(kind(take_engine_at(number)), Some(ErrorKind::Closed));
    }

    #[test]
    fn number_of_a_second_handle_ends_without_its_engine() {
        let folder = tempfile::tempdir().unwrap();
        let first = an_engine(&folder);
        let second = engine_with_cancel(first, Cancel::new()).unwrap();
        let number = i32::try_from(serial(second.addr()).unwrap()).unwrap();
        assert!(engine_at(number).is_ok());
        assert!(take_engine_at(number).unwrap().is_none(), "nothing is to be closed");
        assert_eq!(kind(engine_at(number)), Some(ErrorKind::Closed));
        assert!(engine(first).is_ok());
    }

    #[test]
    fn service_ends_with_its_engine() {
        let folder = tempfile::tempdir().unwrap();
        let handle = an_engine(&folder);
        let service_handle = of_service(handle).unwrap();
        assert!(service(service_handle).is_ok());
        drop(take_engine(handle));
        assert_eq!(kind(service(service_handle)), Some(ErrorKind::Closed));
    }

    #[test]
    fn panic_in_a_call_poisons_its_handle_and_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let (broken, whole) = (an_engine(&folder), an_engine(&folder));
        let its_service = of_service(broken).unwrap();
        let outcome = guard_result(|| {
            let _held = engine(broken)?;
            if true {
                panic!("a panic on purpose, with a handle held");
            }
            Ok(())
        });
        assert_eq!(kind(outcome), Some(ErrorKind::Internal));
        assert_eq!(kind(engine(broken)), Some(ErrorKind::Internal));
        assert_eq!(kind(service(its_service)), Some(ErrorKind::Internal));
        assert!(engine(whole).is_ok());
        assert!(take_engine(broken).is_some(), "a poisoned handle can be closed");
    }

    #[test]
    fn call_that_runs_keeps_what_its_handle_meant() {
        let folder = tempfile::tempdir().unwrap();
        let handle = an_engine(&folder);
        let held = engine(handle).unwrap();
        drop(take_engine(handle));
        assert!(held.stats().is_ok());
    }
}
