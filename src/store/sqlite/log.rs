//! The log: deliveries with their attempts.

use rusqlite::{Connection, params};

use super::fault::Fault;
use super::registry::{cut, hook_in};
use super::retention::purge;
use super::row::{self, STANDINGS, standing};
use super::{SqliteStore, refusal};
use crate::error::Result;
use crate::store::Log;
use crate::time::Timestamp;
use crate::types::{
    Attempt, Delivery, DeliveryId, DeliveryQuery, DeliveryStatus, HookId, Page, PageRequest, Purged, Scope,
    StatusFilter,
};
use crate::wire::payload;

impl Log for SqliteStore {
    fn deliveries(
        &self,
        scope: &Scope,
        hook: HookId,
        query: &DeliveryQuery,
        page: &PageRequest,
    ) -> Result<Page<Delivery>> {
        self.read(|tx| {
            hook_in(tx, scope, hook)?;
            deliveries(tx, hook, query, page)
        })
    }

    fn purge(&self, ended_before: Timestamp, limit: u32) -> Result<(Purged, bool)> {
        self.write(move |tx| purge(tx, ended_before, limit))
    }
}

fn deliveries(
    tx: &Connection,
    hook: HookId,
    query: &DeliveryQuery,
    page: &PageRequest,
) -> Result<Page<Delivery>, Fault> {
    let before = refusal::cursor(page)?.unwrap_or(i64::MAX);
    let limit = page.effective_limit() as usize;
    let mut statement = tx.prepare_cached(sql!("deliveries_of_hook"))?;
    let mut rows = statement.query(params![
        hook,
        before,
        words(query.status),
        query.resource_name.as_deref().map(str::to_lowercase),
        query.event_type.as_deref().map(str::to_lowercase),
        query.start,
        query.end,
        limit as i64 + 1,
    ])?;
    let mut items = Vec::new();
    while let Some(row) = rows.next()? {
        let id: DeliveryId = row.get("id")?;
        let payload: Vec<u8> = row.get("body")?;
        items.push(Delivery {
            id: id.into(),
            hook_id: hook.into(),
            status: standing(row)?,
            why: row.get("standing_why")?,
            event: payload::parse(&payload)?,
            payload,
            created_at: row.get("queued_at")?,
            restored: row.get("restored")?,
            attempts: attempts(tx, id)?,
        });
    }
    Ok(cut(items, limit, |delivery: &Delivery| delivery.id.clone()))
}

/// The statuses that a filter lets through, as a JSON array.
fn words(filter: StatusFilter) -> String {
    let admitted: Vec<&str> =
        STANDINGS.iter().filter(|status| filter.admits(status)).map(DeliveryStatus::as_str).collect();
    serde_json::json!(admitted).to_string()
}

fn attempts(tx: &Connection, delivery: DeliveryId) -> Result<Vec<Attempt>, Fault> {
    let mut query = tx.prepare_cached(sql!("attempts_of_delivery"))?;
    let mut rows = query.query([delivery])?;
    let mut attempts = Vec::new();
    while let Some(row) = rows.next()? {
        attempts.push(row::attempt(row)?);
    }
    Ok(attempts)
}
