//! What crossing the C ABI costs: a getter beside a plain call through a pointer, looking a handle up, an error, and
//! one operation in Rust, by the typed and by the flat functions. The exported functions are called as C calls them.
//!
//! `make bench`, or `cargo bench --bench calls -- --rounds 1000`. `cargo test` runs it too, so small that the figures
//! say nothing.
// A benchmark prints its figures.
#![allow(clippy::print_stdout)]

#[path = "../fuzz/targets/abi/c.rs"]
mod c;

use std::ffi::{CStr, CString};
use std::hint::black_box;
use std::ptr;
use std::sync::Arc;
use std::thread;
use std::time::Instant;

use tieback::embedded::Embedded;
use tieback::engine::{Engine, EngineOptions};
use tieback::service::Service;
use tieback::types::{Id, Scope};

type Failure = Box<dyn std::error::Error>;

/// How many handles are open beside the one that is looked up.
const MANY: usize = 10_000;

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().collect();
    // `cargo bench` says so; `cargo test` does not.
    let is_bench = arguments.iter().any(|argument| argument == "--bench");
    if arguments.iter().any(|argument| argument == "--list") {
        println!("calls: test");
        return Ok(());
    }
    let rounds = arguments.iter().skip_while(|argument| *argument != "--rounds").nth(1);
    let rounds = rounds.map_or(Ok(300), |rounds| rounds.parse::<usize>())?.max(1);
    let size = if is_bench { Size { rounds, is_whole: true } } else { Size { rounds: 1, is_whole: false } };
    println!("{} rounds each; nanoseconds for one call in the quickest of them", size.rounds);

    let folder = tempfile::tempdir()?;
    let path = folder.path().join("calls.db");
    let house = House::open(path.to_str().ok_or("the path of the store is no text")?)?;
    getters(&size, &house);
    errors(&size, &house);
    handles(&size)?;
    operations(&size, &house, &path)
}

/// How much is measured.
struct Size {
    rounds: usize,
    is_whole: bool,
}

impl Size {
    /// Calls something so often, a great many times over; one call in the quickest of these rounds, in nanoseconds.
    /// They are short, so that on a busy machine some of them are not interrupted.
    fn measure(&self, count: usize, mut call: impl FnMut()) -> f64 {
        let count = if self.is_whole { count } else { 1 };
        let rounds = (0..self.rounds).map(|_| {
            let begin = Instant::now();
            (0..count).for_each(|_| call());
            begin.elapsed().as_nanos() as f64 / count as f64
        });
        rounds.fold(f64::INFINITY, f64::min)
    }
}

/// An engine with one hook, by the C ABI.
struct House {
    engine: c::Any,
    service: c::Any,
    hook: c::Any,
    scope: c::Scope,
}

impl House {
    fn open(path: &str) -> Result<Self, Failure> {
        let json = CString::new(format!("{{\"path\": {path:?}}}"))?;
        let engine = made(|out, error| c::tieback_engine_open_from_json(json.as_ptr(), out, error))?;
        let service = made(|out, error| c::tieback_engine_service(engine, out, error))?;
        let scope = c::Scope { struct_size: size_of::<c::Scope>(), level: 1, company_id: 1, project_id: 0 };
        let options = c::HookOptions {
            struct_size: size_of::<c::HookOptions>(),
            namespace: c"calls".as_ptr(),
            payload_version: c"v4.0".as_ptr(),
            destination_url: c"https://erp.example.com/events".as_ptr(),
            header_names: ptr::null(),
            header_values: ptr::null(),
            header_count: 0,
            signing_secrets: ptr::null(),
            signing_secret_count: 0,
            rate_limit_attempts: 0,
            rate_limit_burst: 0,
            rate_limit_per_ms: 0,
        };
        let hook = made(|out, error| c::tieback_hook_create(service, &scope, &options, out, error))?;
        Ok(Self { engine, service, hook, scope })
    }
}

impl Drop for House {
    fn drop(&mut self) {
        c::tieback_hook_free(self.hook);
        c::tieback_service_free(self.service);
        c::tieback_engine_close(self.engine);
    }
}

/// What a call gives, or the status with which it failed.
fn made(call: impl FnOnce(*mut c::Any, *mut c::Any) -> i32) -> Result<c::Any, Failure> {
    let mut out = ptr::null_mut();
    match call(&mut out, ptr::null_mut()) {
        0 => Ok(out),
        status => Err(format!("status {status}").into()),
    }
}

/// What a plain function in C would do for a getter.
extern "C" fn plain(object: c::Any) -> c::Text {
    if object.is_null() { ptr::null() } else { object.cast_const().cast() }
}

fn getters(size: &Size, house: &House) {
    let hook = house.hook;
    let pointer: extern "C" fn(c::Any) -> c::Text = black_box(plain);
    let base = size.measure(10_000, || {
        black_box(pointer(black_box(hook)));
    });
    let text = size.measure(10_000, || {
        black_box(c::tieback_hook_id(black_box(hook)));
    });
    let number = size.measure(10_000, || {
        black_box(c::tieback_hook_trigger_count(black_box(hook)));
    });
    println!("plain call through a pointer: {base:.1}");
    println!("getter of a text: {text:.1}, {:.1} times a plain call", text / base);
    println!("getter of a number: {number:.1}, {:.1} times a plain call", number / base);
}

fn errors(size: &Size, house: &House) {
    let mut out = ptr::null_mut();
    let silent = size.measure(300, || {
        black_box(c::tieback_engine_stats(ptr::null_mut(), &mut out, ptr::null_mut()));
    });
    let told = size.measure(300, || {
        let mut error = ptr::null_mut();
        black_box(c::tieback_engine_stats(ptr::null_mut(), &mut out, &mut error));
        c::tieback_error_free(error);
    });
    let not_found = size.measure(10, || {
        let mut error = ptr::null_mut();
        let id = c"999999".as_ptr();
        black_box(c::tieback_hook_show(house.service, &house.scope, id, &mut out, &mut error));
        c::tieback_error_free(error);
    });
    println!("refused call, no error wanted: {silent:.0}; with its error: {told:.0}");
    println!("a hook that is not there, with its error: {not_found:.0}");
}

fn handles(size: &Size) -> Result<(), Failure> {
    let token = made(|out, error| c::tieback_cancel_new(out, error))?.addr();
    let look = || c::tieback_cancel_requested(black_box(ptr::without_provenance_mut(token)));
    let alone = size.measure(2_000, || {
        black_box(look());
    });
    let others: Vec<c::Any> =
        (0..MANY).map(|_| made(|out, error| c::tieback_cancel_new(out, error))).collect::<Result<_, _>>()?;
    let among = size.measure(2_000, || {
        black_box(look());
    });
    let both = thread::scope(|threads| {
        let measure = || {
            size.measure(2_000, || {
                black_box(look());
            })
        };
        let threads = [threads.spawn(measure), threads.spawn(measure)];
        threads.map(|thread| thread.join().unwrap_or(f64::NAN))
    });
    others.into_iter().for_each(|token| c::tieback_cancel_free(token));
    c::tieback_cancel_free(ptr::without_provenance_mut(token));
    let both = both[0].max(both[1]);
    println!("handle looked up, 1 open: {alone:.0}; {MANY} open: {among:.0}; by two threads at once: {both:.0} each");
    Ok(())
}

/// One operation in Rust, by the typed and by the flat functions.
fn operations(size: &Size, house: &House, path: &std::path::Path) -> Result<(), Failure> {
    let engine = Arc::new(Engine::open(EngineOptions::at(path))?);
    let service = Embedded::new(Arc::clone(&engine));
    let (scope, id) = (Scope::company(1)?, Id::from(1));
    let json = c"{\"scope\": {\"company_id\": 1}, \"hook_id\": 1}";
    let none = c"{}";

    let rust = size.measure(10, || {
        black_box(service.hook_show(&scope, &id).is_ok());
    });
    let typed = size.measure(10, || {
        let mut hook = ptr::null_mut();
        let id = c"1".as_ptr();
        c::tieback_hook_show(house.service, &house.scope, id, &mut hook, ptr::null_mut());
        black_box(c::tieback_hook_destination_url(hook));
        c::tieback_hook_free(hook);
    });
    let flat = Flat::open(path)?;
    let by_name = size.measure(10, || flat.call(c"hook_show", json));
    told("hook_show", rust, typed, by_name);

    let rust = size.measure(10, || {
        black_box(engine.stats().is_ok());
    });
    let typed = size.measure(10, || {
        let mut stats = ptr::null_mut();
        c::tieback_engine_stats(house.engine, &mut stats, ptr::null_mut());
        black_box(c::tieback_stats_queued(stats));
        c::tieback_stats_free(stats);
    });
    let by_name = size.measure(10, || flat.call(c"stats", none));
    told("stats", rust, typed, by_name);
    Ok(())
}

fn told(operation: &str, rust: f64, typed: f64, flat: f64) {
    let (typed_times, flat_times) = (typed / rust, flat / rust);
    println!("{operation}, in Rust: {rust:.0}");
    println!("{operation}, typed, with its object: {typed:.0}, {typed_times:.2} times");
    println!("{operation}, flat: {flat:.0}, {flat_times:.2} times");
}

/// An engine by the flat ABI.
struct Flat(i32);

impl Flat {
    fn open(path: &std::path::Path) -> Result<Self, Failure> {
        let json = CString::new(format!("{{\"path\": {path:?}}}"))?;
        let mut answer = [0u8; 256];
        let (mut needed, mut rest) = (0, 0);
        let out = answer.as_mut_ptr().cast();
        let status = c::tieback_call(0, c"engine_open".as_ptr(), json.as_ptr(), out, 256, &mut needed, &mut rest);
        let text = CStr::from_bytes_until_nul(&answer)?.to_str()?;
        let number = text.trim_start_matches("{\"handle\":").trim_end_matches('}').parse();
        number.map(Self).map_err(|_| format!("status {status}: {text}").into())
    }

    fn call(&self, operation: &CStr, json: &CStr) {
        let mut answer = [0u8; 4096];
        let (mut needed, mut rest) = (0, 0);
        let out = answer.as_mut_ptr().cast();
        let status = c::tieback_call(self.0, operation.as_ptr(), json.as_ptr(), out, 4096, &mut needed, &mut rest);
        assert_eq!((status, rest), (0, 0), "{operation:?}");
        black_box(&answer);
    }
}

impl Drop for Flat {
    fn drop(&mut self) {
        let (mut needed, mut rest) = (0, 0);
        let (name, none) = (c"engine_close".as_ptr(), ptr::null());
        c::tieback_call(self.0, name, none, ptr::null_mut(), 0, &mut needed, &mut rest);
    }
}
