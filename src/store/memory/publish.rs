//! Publishing in the memory store.

use std::sync::Arc;

use super::{DeliveryRow, EventRow, State};
use crate::error::Result;
use crate::policy::lane::Gate;
use crate::policy::matching::{self, Candidate};
use crate::store::{Publishing, refusal, resource_key};
use crate::time::Timestamp;
use crate::types::{DeliveryId, Event, HookId, Id, PayloadVersion, Published};
use crate::wire::payload;

impl State {
    pub(super) fn publish_one(&mut self, publishing: &Publishing, now: Timestamp) -> Result<Published> {
        if publishing.named
            && let Some(known) = self.known(publishing)?
        {
            return Ok(known);
        }
        let mut event = publishing.event.clone();
        if event.id.is_none() {
            let taken: Vec<_> = self.events.values().filter_map(|row| row.event.id.clone()).collect();
            let mut id = now.as_micros().max(self.last_event_id + 1);
            while taken.contains(&Id::from(id)) {
                id += 1;
            }
            self.last_event_id = id;
            event.id = Some(id.into());
        }
        let scope = event.scope()?;
        let candidates: Vec<Candidate> = self
            .hooks
            .iter()
            .filter(|(id, row)| {
                row.control.gate != Gate::Gone
                    && row.scope.admits(&scope)
                    && publishing.only.is_none_or(|only| only == **id)
            })
            .map(|(id, row)| Candidate {
                hook: *id,
                payload_version: row.create.payload_version,
                gate: row.control.gate,
                triggered: publishing.only.is_some() || self.is_triggered(*id, &event),
            })
            .collect();
        let recipients = matching::recipients(&event, publishing.deprecated, &candidates);
        let no_delivery = recipients.as_ref().err().copied();
        let hooks = recipients.unwrap_or_default();
        self.check_room(publishing.bounds, &hooks)?;
        self.last_event_row += 1;
        let row = EventRow {
            event: event.clone(),
            given: publishing.given.as_str().into(),
            made: hooks.len() as u64,
            no_delivery,
            published_at: now,
        };
        self.events.insert(self.last_event_row, Arc::new(row));
        for (hook, version) in &hooks {
            self.enqueue(*hook, *version, self.last_event_row, now)?;
        }
        Ok(Published {
            id: event.id.clone().unwrap_or_else(|| Id::from(0)),
            ulid: event.ulid.unwrap_or_default(),
            deliveries: hooks.len() as u64,
            duplicate: false,
            no_delivery,
            hooks: hooks.into_iter().map(|(hook, _)| hook).collect(),
        })
    }

    /// The answer for an event that was published before, if it was.
    fn known(&self, publishing: &Publishing) -> Result<Option<Published>> {
        let given = &publishing.event;
        let same =
            |row: &&Arc<EventRow>| row.event.ulid == given.ulid || (given.id.is_some() && row.event.id == given.id);
        let Some(row) = self.events.values().find(same) else { return Ok(None) };
        let known = Published {
            id: row.event.id.clone().unwrap_or_else(|| Id::from(0)),
            ulid: row.event.ulid.clone().unwrap_or_default(),
            deliveries: row.made,
            duplicate: true,
            no_delivery: row.no_delivery,
            hooks: Vec::new(),
        };
        if *row.given != *publishing.given {
            return Err(refusal::event_conflict(given, &known));
        }
        Ok(Some(known))
    }

    fn is_triggered(&self, hook: HookId, event: &Event) -> bool {
        self.triggers.values().any(|row| {
            row.hook == hook
                && row.create.resource_name.to_lowercase() == event.resource_name.to_lowercase()
                && row.create.event_type == event.event_type.to_lowercase()
        })
    }

    pub(super) fn enqueue(
        &mut self,
        hook: HookId,
        version: PayloadVersion,
        event: usize,
        now: Timestamp,
    ) -> Result<DeliveryId> {
        let payload = payload::render(&self.events[&event].event, version)?.into();
        let resource = resource_key(&self.events[&event].event).into();
        self.last_delivery += 1;
        let id = DeliveryId(self.last_delivery);
        let row = DeliveryRow {
            hook,
            event,
            payload,
            resource,
            outcome: None,
            ended_at: None,
            created_at: now,
            attempts: Vec::new(),
        };
        self.deliveries.insert(id, Arc::new(row));
        Ok(id)
    }
}
