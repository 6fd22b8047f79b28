//! The model: which handles are open and what the files hold, and so what each call must answer.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::ffi::{CStr, CString};
use std::fs;
use std::path::PathBuf;
use std::ptr;
use std::sync::atomic::{AtomicU64, Ordering};

use super::c::{self, Any};
use super::given::{Bytes, Sized, text};
use super::objects::{Kind, Object};
use super::{Places, status};

mod steps;

/// What no answer repeats.
pub const SECRET: &str = "5esame-0pen-the-door";

/// The most handles that are kept, so that a run stays small.
const MOST: usize = 12;

const FILES: usize = 2;

/// A hook in a file.
#[derive(Clone, Debug)]
struct Hook {
    id: CString,
    is_triggered: bool,
    deliveries: usize,
}

struct Engine {
    handle: Any,
    file: usize,
    is_open: bool,
}

struct Service {
    handle: Any,
    engine: usize,
    is_freed: bool,
}

/// Everything that a run has opened and made.
pub struct House {
    folder: PathBuf,
    engines: Vec<Engine>,
    services: Vec<Service>,
    files: [BTreeMap<&'static str, Hook>; FILES],
    objects: Vec<Object>,
    /// Walks, by address, with the service that each asks: they answer as that does.
    walks: BTreeMap<usize, usize>,
    /// Rests of flat answers, with the length of the whole answer.
    rests: Vec<(i32, i32)>,
    /// The present call.
    what: Cell<&'static str>,
}

/// Handles as a caller may give them.
enum Given {
    Kept(usize),
    Wrong(Any),
}

impl House {
    pub fn new() -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        // In memory where there is such a folder: nothing here is about the disk.
        let root = PathBuf::from("/dev/shm");
        let root = if root.is_dir() { root } else { std::env::temp_dir() };
        let name = format!("tieback-abi-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let folder = root.join(name);
        fs::create_dir_all(&folder).expect("a folder for the files of a run");
        Self {
            folder,
            engines: Vec::new(),
            services: Vec::new(),
            files: Default::default(),
            objects: Vec::new(),
            walks: BTreeMap::new(),
            rests: Vec::new(),
            what: Cell::new(""),
        }
    }

    /// One call. Says which, and how it ended.
    pub fn step(&mut self, which: u8, bytes: &mut Bytes<'_>) -> String {
        let ended = match which % 20 {
            0 => self.open(bytes),
            1 => self.close(bytes),
            2 => self.service(bytes),
            3 => self.free_service(bytes),
            4 | 5 => self.hook_create(bytes),
            6 => self.hook_show(bytes),
            7 => self.hook_list(bytes),
            8 => self.trigger_create(bytes),
            9 | 10 => self.publish(bytes),
            11 => self.publish_many(bytes),
            12 => self.delivery_list(bytes),
            13 => self.walk(bytes),
            14 => self.stats(bytes),
            15 => self.lane(bytes),
            16 => self.redeliver(bytes),
            17 => self.flat(bytes),
            18 => self.read_rest(bytes),
            _ => self.look(bytes),
        };
        format!("{}:{ended}", self.what.get())
    }

    /// Frees what is left, in the order in which it was made, and closes everything.
    pub fn end(mut self) {
        for object in std::mem::take(&mut self.objects) {
            object.free();
        }
        for engine in &self.engines {
            c::tieback_engine_close(engine.handle);
        }
        for service in &self.services {
            c::tieback_service_free(service.handle);
        }
    }

    fn keep(&mut self, kind: Kind, address: Any) {
        self.objects.push(Object { kind, address });
    }

    /// What publishing one event on an engine adds; gives to how many hooks.
    fn queue(&mut self, engine: usize) -> i64 {
        let hooks = self.files[self.engines[engine].file].values_mut().filter(|hook| hook.is_triggered);
        hooks.map(|hook| hook.deliveries += 1).count() as i64
    }

    fn any_engine(&self, bytes: &mut Bytes<'_>) -> Given {
        match bytes.below(10) {
            0 => Given::Wrong(ptr::null_mut()),
            1 => Given::Wrong(self.services.first().map_or(ptr::null_mut(), |service| service.handle)),
            2 => Given::Wrong(foreign(bytes)),
            _ if self.engines.is_empty() => Given::Wrong(ptr::null_mut()),
            which => Given::Kept((which + bytes.below(MOST)) % self.engines.len()),
        }
    }

    fn any_service(&self, bytes: &mut Bytes<'_>) -> Given {
        match bytes.below(10) {
            0 => Given::Wrong(ptr::null_mut()),
            1 => Given::Wrong(foreign(bytes)),
            _ if self.services.is_empty() => Given::Wrong(ptr::null_mut()),
            which => Given::Kept((which + bytes.below(MOST)) % self.services.len()),
        }
    }

    fn engine_handle(&self, given: &Given) -> Any {
        match given {
            Given::Kept(index) => self.engines[*index].handle,
            Given::Wrong(handle) => *handle,
        }
    }

    fn service_handle(&self, given: &Given) -> Any {
        match given {
            Given::Kept(index) => self.services[*index].handle,
            Given::Wrong(handle) => *handle,
        }
    }

    /// What a call on this engine must answer when nothing else is wrong.
    fn engine_status(&self, given: &Given) -> i32 {
        match given {
            Given::Kept(index) if self.engines[*index].is_open => status::OK,
            Given::Kept(_) => status::CLOSED,
            // A service that is freed was once a handle, of whatever kind.
            Given::Wrong(handle) if self.services.iter().any(|old| old.handle == *handle && old.is_freed) => {
                status::CLOSED
            }
            Given::Wrong(_) => status::INVALID_ARGUMENT,
        }
    }

    fn file_of(&self, given: &Given) -> Result<usize, i32> {
        match given {
            Given::Kept(index) => Ok(self.engines[*index].file),
            Given::Wrong(_) => Err(status::INVALID_ARGUMENT),
        }
    }

    /// The handle of a service, and its file or what a call on it must answer.
    fn service_facts(&self, given: &Given) -> (Any, Result<usize, i32>) {
        let file = match given {
            Given::Kept(index) => match &self.services[*index] {
                Service { engine, is_freed: false, .. } if self.engines[*engine].is_open => {
                    Ok(self.engines[*engine].file)
                }
                _ => Err(status::CLOSED),
            },
            Given::Wrong(_) => Err(status::INVALID_ARGUMENT),
        };
        (self.service_handle(given), file)
    }

    /// A hook's id: of the file, of none, or no id at all; with what the hook is, or what a call must answer.
    fn any_hook(&self, file: Result<usize, i32>, bytes: &mut Bytes<'_>) -> (CString, Result<Hook, i32>) {
        match bytes.below(6) {
            0 => (c"999999".to_owned(), Err(status::NOT_FOUND)),
            1 => (c"".to_owned(), Err(status::INVALID_ARGUMENT)),
            which => {
                let hooks = file.map(|file| &self.files[file]).ok().filter(|hooks| !hooks.is_empty());
                match hooks.and_then(|hooks| hooks.values().nth(which % hooks.len())) {
                    Some(hook) => (hook.id.clone(), Ok(hook.clone())),
                    None => (c"999999".to_owned(), Err(status::NOT_FOUND)),
                }
            }
        }
    }
}

impl Drop for House {
    fn drop(&mut self) {
        // Whatever went wrong, the folder goes.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Makes a call; now and then without a place for its result, or for the error.
fn call(what: &str, bytes: &mut Bytes<'_>, expected: i32, call: impl FnOnce(*mut Any, *mut Any) -> i32) -> Option<Any> {
    let mut places = Places::new();
    // Not where something would be made: its place is wanted.
    match bytes.below(12) {
        0 if expected != status::OK => {
            let status = call(&raw mut places.out, ptr::null_mut());
            places.check(what, status, expected, false)
        }
        1 if expected != status::OK => {
            let status = call(ptr::null_mut(), &raw mut places.error);
            places.check(what, status, status::INVALID_ARGUMENT, true)
        }
        _ => {
            let status = call(&raw mut places.out, &raw mut places.error);
            assert_eq!(places.out.is_null(), status != status::OK, "{what}");
            places.check(what, status, expected, true)
        }
    }
}

/// An address or a number that is no handle.
fn foreign(bytes: &mut Bytes<'_>) -> Any {
    static SOMETHING: u64 = 7;
    match bytes.below(4) {
        0 => ptr::without_provenance_mut(usize::MAX),
        1 => ptr::without_provenance_mut(usize::MAX - 1),
        2 => ptr::without_provenance_mut(2 * (1 + bytes.below(9))),
        _ => (&raw const SOMETHING).cast_mut().cast(),
    }
}

fn company() -> c::Scope {
    c::Scope { struct_size: size_of::<c::Scope>(), level: 1, company_id: 1, project_id: 0 }
}

/// The company's scope, or one that is wrong.
fn scope(bytes: &mut Bytes<'_>) -> (Sized, bool) {
    let (mut scope, mut size, mut is_wrong) = (company(), size_of::<c::Scope>(), true);
    match bytes.below(12) {
        0 => size = bytes.below(size),
        1 => scope.level = 3,
        2 => scope.company_id = -1,
        3 => scope.project_id = 1,
        4 => (size, is_wrong) = (size + bytes.below(64), false),
        _ => is_wrong = false,
    }
    (Sized::new(&scope, size), is_wrong)
}

/// An event that can be published.
fn event() -> c::EventOptions {
    c::EventOptions {
        struct_size: 0,
        company_id: 1,
        project_id: 0,
        user_id: 0,
        resource_name: c"RFIs".as_ptr(),
        resource_id: c"42".as_ptr(),
        event_type: c"update".as_ptr(),
        id: ptr::null(),
        ulid: ptr::null(),
        timestamp: ptr::null(),
        source_user_id: 0,
        source_project_id: 0,
        source_company_id: 0,
        source_operation_id: ptr::null(),
        source_application_id: ptr::null(),
        related_ids: ptr::null(),
        related_names: ptr::null(),
        related_count: 0,
        data_json: ptr::null(),
    }
}
