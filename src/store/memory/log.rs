//! The log in the memory store.

use super::{DeliveryRow, MemoryStore, cut};
use crate::error::Result;
use crate::store::{Log, refusal};
use crate::time::Timestamp;
use crate::types::{Delivery, DeliveryId, DeliveryQuery, HookId, Page, PageRequest, Purged, Scope};
use crate::wire::payload;

impl Log for MemoryStore {
    fn deliveries(
        &self,
        scope: &Scope,
        hook: HookId,
        query: &DeliveryQuery,
        page: &PageRequest,
    ) -> Result<Page<Delivery>> {
        let before = refusal::cursor(page)?.unwrap_or(i64::MAX);
        let same = |wanted: &Option<String>, value: &str| {
            wanted.as_ref().is_none_or(|wanted| wanted.to_lowercase() == value.to_lowercase())
        };
        self.read(|state| {
            state.hook_in(scope, hook)?;
            let rows = state.deliveries.iter().rev().filter(|(id, row)| {
                let event = &state.events[&row.event].event;
                row.hook == hook
                    && id.0 < before
                    && query.status.admits(&state.status(**id, row).0)
                    && same(&query.resource_name, &event.resource_name)
                    && same(&query.event_type, &event.event_type)
                    && query.start.is_none_or(|start| row.created_at >= start)
                    && query.end.is_none_or(|end| row.created_at < end)
            });
            let rows: Page<(DeliveryId, &DeliveryRow)> = cut(rows.map(|(id, row)| (id.0, (*id, &**row))), page);
            let items: Result<Vec<Delivery>> = rows
                .items
                .into_iter()
                .map(|(id, row)| {
                    let (status, why) = state.status(id, row);
                    Ok(Delivery {
                        id: id.into(),
                        hook_id: hook.into(),
                        status,
                        why,
                        event: payload::parse(&row.payload)?,
                        payload: row.payload.to_vec(),
                        created_at: Some(row.created_at),
                        restored: false,
                        attempts: row.attempts.clone(),
                    })
                })
                .collect();
            Ok(Page { items: items?, next: rows.next })
        })
    }

    fn purge(&self, ended_before: Timestamp, limit: u32) -> Result<(Purged, bool)> {
        self.write(|state| Ok(state.purge(ended_before, limit as usize)))
    }
}
