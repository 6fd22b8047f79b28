//! The same throughput on a store that already has 5 million delivered deliveries, as a ratio to an empty one.
//!
//! The store is filled by SQL, not by delivering, once: it is kept in the folder of the build, and used again.

use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, params};
use tieback::service::Service;
use tieback::time::{Clock, SystemClock};
use tieback::types::{DestinationUrl, HookUpdate};

use crate::Outcome;
use crate::endpoint::Endpoint;
use crate::host::{Host, Template, scope};
use crate::rounds::interleave;
use crate::size::Size;
use crate::throughput::HOOKS;

/// Deliveries of one stored event.
const FAN_OUT: usize = 10;

pub fn measure(size: &Size) -> Outcome<()> {
    let endpoint = Endpoint::start()?;
    let (empty, full) = (Template::new(HOOKS, &endpoint.url())?, kept(size.stored, &endpoint.url())?);
    let medians = interleave(
        size.rounds,
        &mut [
            ("empty", Box::new(|| empty.deliver(size.events))),
            ("full", Box::new(|| Host::open(&full)?.deliver(size.events, HOOKS))),
        ],
    )?;
    let (empty, full) = (medians[0], medians[1]);
    println!(
        "stored      ratio {:.2}  (empty {empty:.0}/s, with {} stored deliveries {full:.0}/s)",
        full / empty,
        size.stored
    );
    Ok(())
}

/// A store with so many deliveries, whose hooks deliver to this URL.
fn kept(deliveries: usize, url: &str) -> Outcome<PathBuf> {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("stored-{deliveries}.db"));
    // One of another schema than today's may be one that was in the making.
    if path.exists() && Host::open(&path).is_err() {
        fs::remove_file(&path)?;
    }
    if !path.exists() {
        let half = path.with_extension("half");
        // What an earlier run has not finished.
        for suffix in ["", "-wal", "-shm", "-lock"] {
            let _ = fs::remove_file(format!("{}{suffix}", half.display()));
        }
        Template::new(HOOKS, url)?.copy_to(&half)?;
        fill(&half, deliveries)?;
        fs::rename(&half, &path)?;
    }
    // The endpoint has another port in every run.
    let host = Host::open(&path)?;
    let change = HookUpdate {
        destination_url: Some(DestinationUrl::parse(url)?),
        danger_keep_headers: true,
        ..HookUpdate::default()
    };
    for n in 0..HOOKS {
        host.service.hook_update(&scope(n)?, &host.hook(n)?.id, &change)?;
    }
    Ok(path)
}

/// Rows as delivering would have left them, a day ago; every event went to some of the hooks.
fn fill(path: &Path, deliveries: usize) -> Outcome<()> {
    let day_ago = SystemClock::new().now().wall.as_micros() - 86_400_000_000;
    let connection = Connection::open(path)?;
    connection.execute_batch("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF")?;
    // Indexes are made at the end, in one go each, as they were.
    let indexes = indexes(&connection)?;
    for (name, _) in &indexes {
        connection.execute_batch(&format!("DROP INDEX {name}"))?;
    }
    let transaction = connection.unchecked_transaction()?;
    let events = deliveries.div_ceil(FAN_OUT);
    for statement in [EVENTS, PAYLOADS] {
        transaction.execute(statement, params![events as i64, day_ago])?;
    }
    transaction.execute(DELIVERIES, params![deliveries as i64, day_ago, FAN_OUT as i64, HOOKS as i64])?;
    transaction.execute(ATTEMPTS, [])?;
    transaction.execute(COUNTS, [])?;
    for (_, index) in &indexes {
        transaction.execute_batch(index)?;
    }
    transaction.commit()?;
    Ok(())
}

/// The indexes of the tables that are filled, with the statements that make them.
fn indexes(connection: &Connection) -> rusqlite::Result<Vec<(String, String)>> {
    let mut query = connection.prepare(
        "SELECT name, sql FROM sqlite_schema \
         WHERE type = 'index' AND sql IS NOT NULL AND tbl_name IN ('event', 'payload', 'delivery', 'attempt')",
    )?;
    query.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}

/// ?1 how many, ?2 the moment of the first, in microseconds, which is also its id.
const EVENTS: &str = "
    WITH RECURSIVE made (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM made WHERE n + 1 < ?1)
    INSERT INTO event (
        id, resource, ulid, resource_name_key, event_type_key, happened_at, published_at, deliveries, given
    )
    SELECT
        ?2 + n, printf('%d', n % 100 + 1) || char(31) || 'rfis' || char(31) || printf('%d', n / 100 % 10 + 1),
        printf('01STORED%018d', n), 'rfis', 'update', ?2 + n, ?2 + n, 10,
        json_object(
            'company_id', '5358233', 'project_id', printf('%d', n % 100 + 1), 'resource_name', 'RFIs',
            'resource_id', printf('%d', n / 100 % 10 + 1), 'event_type', 'update'
        )
    FROM made";

const PAYLOADS: &str = "
    WITH RECURSIVE made (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM made WHERE n + 1 < ?1)
    INSERT INTO payload (event_id, version, body)
    SELECT ?2 + n, 'v2.0', CAST(
        json_object(
            'id', ?2 + n, 'ulid', printf('01STORED%018d', n), 'timestamp', '2025-02-25T16:04:43.619085Z',
            'metadata', json_object(
                'source_user_id', NULL, 'source_project_id', NULL, 'source_operation_id', NULL,
                'source_company_id', NULL, 'source_application_id', NULL
            ),
            'user_id', NULL, 'company_id', 5358233, 'project_id', n % 100 + 1, 'api_version', 'v2.0',
            'event_type', 'update', 'resource_name', 'RFIs', 'resource_id', n / 100 % 10 + 1
        ) AS BLOB)
    FROM made";

/// ?1 how many, ?2 the moment of the first event, ?3 deliveries of one event, ?4 hooks.
const DELIVERIES: &str = "
    WITH RECURSIVE made (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM made WHERE n + 1 < ?1)
    INSERT INTO delivery (id, hook_id, event_id, version, queued_at, attempts, status, ended_at)
    SELECT
        n + 1, (SELECT min(id) FROM hook) + n % ?4, ?2 + n / ?3, 'v2.0', ?2 + n / ?3, 1, 'delivered', ?2 + n / ?3 + 5000
    FROM made";

const ATTEMPTS: &str = "
    INSERT INTO attempt (
        id, delivery_id, started_at, completed_at, response_status, response_headers, response_body,
        response_body_truncated
    )
    SELECT id, id, queued_at + 4000, ended_at, 204, '[]', x'', 0 FROM delivery";

const COUNTS: &str = "
    UPDATE lane
    SET delivered = (SELECT count(*) FROM delivery WHERE delivery.hook_id = lane.hook_id AND status = 'delivered')";
