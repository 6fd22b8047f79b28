//! How often the disk is synced for each durable publish: by one publisher alone, and by several at once, who share. It
//! counts in a process of its own, on a shim (`syncs.c`) that stands before the system's own calls.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{env, fs, thread};

use crate::Outcome;
use crate::host::{Host, Template, event_of, folder};
use crate::optional;
use crate::size::Size;

const STORE: &str = "TIEBACK_BENCH_SYNCS_STORE";
const LOG: &str = "SYNCS_LOG";
/// Publishers at once.
const PUBLISHERS: usize = 16;

pub fn measure(size: &Size) -> Outcome<()> {
    if !cfg!(target_os = "linux") {
        println!("syncs       skipped: the shim that counts is for Linux");
        return Ok(());
    }
    if !optional::has("cc", "the count of syncs") {
        return Ok(());
    }
    let folder = folder()?;
    let shim = compile(folder.path())?;
    let template = Template::new(1, "http://127.0.0.1:9/nobody")?;
    let store = folder.path().join("bench.db");
    template.copy_to(&store)?;
    let child = Command::new(env::current_exe()?)
        .args(size.options())
        .env("LD_PRELOAD", shim)
        .env(LOG, folder.path().join("syncs"))
        .env(STORE, &store)
        .output()?;
    if !child.status.success() {
        return Err(format!("the process that counts failed: {}", String::from_utf8_lossy(&child.stderr)).into());
    }
    print!("{}", String::from_utf8(child.stdout)?);
    Ok(())
}

fn compile(folder: &Path) -> Outcome<PathBuf> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/speed/syncs.c");
    let shim = folder.join("syncs.so");
    let compiler = Command::new("cc")
        .args(["-std=c99", "-Wall", "-Wextra", "-Werror", "-O1", "-shared", "-fPIC", "-o"])
        .args([&shim, &source])
        .arg("-ldl")
        .output()?;
    if !compiler.status.success() {
        return Err(format!("the shim does not compile: {}", String::from_utf8_lossy(&compiler.stderr)).into());
    }
    Ok(shim)
}

/// The store of the process that counts, in that process.
pub fn child_store() -> Option<PathBuf> {
    env::var_os(STORE).map(PathBuf::from)
}

/// What that process does.
pub fn publish_and_count(store: &Path, size: &Size) -> Outcome<()> {
    let host = Host::open(store)?;
    let publishes = size.events.min(2_000);
    let alone = counted(|| (0..publishes).try_for_each(|n| publish(&host, n)))?;
    let next = AtomicUsize::new(0);
    let together = counted(|| {
        let failed = thread::scope(|threads| {
            let work = || {
                while next.fetch_add(1, Ordering::Relaxed) < publishes {
                    publish(&host, next.load(Ordering::Relaxed)).map_err(|cause| cause.to_string())?;
                }
                Ok(())
            };
            let threads: Vec<_> = (0..PUBLISHERS).map(|_| threads.spawn(work)).collect();
            threads.into_iter().find_map(|thread| match thread.join() {
                Ok(done) => done.err(),
                Err(_) => Some("a publisher panicked".to_owned()),
            })
        });
        failed.map_or(Ok(()), |cause: String| Err(cause.into()))
    })?;
    let each = |syncs: usize| syncs as f64 / publishes as f64;
    println!(
        "syncs       {:.2} each alone, {:.2} each with {PUBLISHERS} publishers at once  ({publishes} publishes; \
         checkpoints apart: {:.3} and {:.3} each)",
        each(alone.log),
        each(together.log),
        each(alone.checkpoints),
        each(together.checkpoints)
    );
    Ok(())
}

fn publish(host: &Host, n: usize) -> Outcome<()> {
    host.engine.publish(&event_of(0, n + 1)?)?;
    Ok(())
}

struct Syncs {
    /// Of the write-ahead log.
    log: usize,
    /// Of the file itself, when the log is moved into it.
    checkpoints: usize,
}

fn counted(work: impl FnOnce() -> Outcome<()>) -> Outcome<Syncs> {
    let before = so_far()?;
    work()?;
    let after = so_far()?;
    Ok(Syncs { log: after.log - before.log, checkpoints: after.checkpoints - before.checkpoints })
}

fn so_far() -> Outcome<Syncs> {
    let noted = match fs::read(env::var_os(LOG).ok_or("no log of syncs")?) {
        // Nothing was synced yet.
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        read => read?,
    };
    let log = noted.iter().filter(|mark| **mark == b'w').count();
    Ok(Syncs { log, checkpoints: noted.len() - log })
}
