//! A worker writes to the same file: it never costs a publish its sync, not even in one commit.

use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use tieback::embedded::Embedded;
use tieback::engine::Engine;
use tieback::error::ErrorKind;
use tieback::service::Service;
use tieback::store::sqlite::SqliteStore;
use tieback::store::{LoadRequest, Queue, Workers};
use tieback::time::{Clock, SystemClock, Timestamp};
use tieback::types::{DeliveryId, HookId, PayloadVersion, TriggerCreate, WorkerId};

use crate::cut::Bench;
use crate::support::process::tell;
use crate::support::rig::{company, hook_create};
use crate::support::sink::Sink;
use crate::{EVENT, RESOURCE, has_compiler, note, options, publish};

const ROUNDS: usize = 6;

/// The process: a worker's steps and publishes on one store, one after the other and in one commit.
pub fn publish_beside_a_worker(path: &Path, endpoint: &str) {
    let store = Arc::new(SqliteStore::open(path).unwrap());
    let engine = Arc::new(Engine::on(store.clone(), options(path)).unwrap());
    let service = Embedded::new(engine.clone());
    let create = hook_create("acme-invoice-sync", endpoint, PayloadVersion::V2);
    let hook = service.hook_create(&company(), &create).unwrap().id;
    service.trigger_create(&company(), &hook, &TriggerCreate::new(RESOURCE, EVENT).unwrap()).unwrap();
    let hook = HookId::from_id(&hook).unwrap();
    let sole = store.enlist(now()).unwrap();
    for round in 0..ROUNDS {
        let ulid = |part: &str| format!("{round}-{part}");
        let worker = steps(&store, hook);
        publish_noted(&engine, &ulid("alone"));

        // A step and a publish that fail take the next publish no sync away.
        if round == 0 {
            let other = hold(path);
            assert_eq!(store.renew(worker, now()).unwrap_err().kind(), ErrorKind::Unavailable);
            drop(other);
        } else {
            refuse(&engine, &ulid("alone"));
        }
        publish_noted(&engine, &ulid("after"));

        // One commit for a step and a publish, whichever came first.
        let other = hold(path);
        let renewing = || assert!(store.renew(worker, now()).unwrap());
        let publishing = || {
            publish(&engine, &ulid("together"), 1);
            note("ack");
        };
        let (first, second): (&(dyn Fn() + Sync), &(dyn Fn() + Sync)) =
            if round % 2 == 0 { (&renewing, &publishing) } else { (&publishing, &renewing) };
        thread::scope(|threads| {
            threads.spawn(|| store.renew(sole, now()).unwrap());
            until(&store, "writing: true, waiting: 0");
            threads.spawn(first);
            until(&store, "waiting: 1");
            threads.spawn(second);
            until(&store, "waiting: 2");
            note("publish");
            drop(other);
        });
        store.retire(worker).unwrap();
    }
    tell("done");
    thread::sleep(Duration::from_secs(600));
}

fn now() -> Timestamp {
    SystemClock::new().now().wall
}

/// Everything that a worker does for its tenure.
fn steps(store: &SqliteStore, hook: HookId) -> WorkerId {
    let worker = store.enlist(now()).unwrap();
    let lane = LoadRequest { hook, after: DeliveryId(0), limit: 10, bytes: 1000 };
    let tenure = store.claim(worker, &[lane]).unwrap().remove(0).tenure.expect("nobody else has it");
    assert!(store.renew(worker, now()).unwrap());
    store.release(&[(hook, tenure)]).unwrap();
    worker
}

fn publish_noted(engine: &Engine, ulid: &str) {
    note("publish");
    publish(engine, ulid, 1);
    note("ack");
}

/// The same event with another content.
fn refuse(engine: &Engine, ulid: &str) {
    let mut event = crate::support::rig::event(&company(), RESOURCE, 2, EVENT);
    event.ulid = Some(ulid.to_owned());
    assert_eq!(engine.publish(&event).unwrap_err().kind(), ErrorKind::Conflict);
}

/// Holds the file's write lock until it is dropped.
fn hold(path: &Path) -> rusqlite::Connection {
    let other = rusqlite::Connection::open(path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    other
}

/// Waits until the store's `Debug` form says this.
fn until(store: &SqliteStore, says: &str) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !format!("{store:?}").contains(says) {
        assert!(Instant::now() < deadline, "{store:?} never says `{says}`");
        thread::yield_now();
    }
}

#[test]
fn a_publish_is_synced_beside_a_workers_steps_and_in_one_commit_with_them() {
    if !has_compiler() {
        return;
    }
    let bench = Bench::new();
    let mut process = bench.start("beside", &Sink::always(204).url("/events"), false);
    process.wait_for("done");
    process.kill();
    let log = bench.log();
    let between = |begin: &str, end: &str| -> Vec<usize> {
        let begins = log.iter().enumerate().filter(|(_, line)| *line == begin);
        begins.map(|(at, _)| log[at + 1..].iter().position(|line| line == end).expect("an end")).collect()
    };
    let publishes = between("publish", "ack");
    assert_eq!(publishes.len(), 3 * ROUNDS);
    assert!(publishes.iter().all(|syncs| (1..=2).contains(syncs)), "syncs of each publish: {publishes:?}");
}
