//! Publishing: check the events, make up what the caller left out, keep them with their deliveries, wake the worker.

use std::sync::{Mutex, PoisonError};

use ulid::Ulid;

use super::{Engine, Shared, check_count, hook_row, one_answer_each, only_answer};
use crate::error::Result;
use crate::policy::publishable;
use crate::random::Random;
use crate::report::LogLevel;
use crate::store::{Publishing, Store};
use crate::time::Timestamp;
use crate::types::{Event, HookId, Id, Metadata, PageRequest, Published, Scope};

impl Engine {
    /// The most events that one call publishes.
    pub const MAX_PUBLISH: usize = 1000;

    /// Publishes one event. When this returns `Ok`, the event and its deliveries are on disk.
    ///
    /// # Errors
    /// `invalid_argument` for an event that cannot be published; `conflict` when its ulid or id was published before
    /// with other content; `unavailable` when a queue is as long as the options allow; `closed`, `storage`. Nothing was
    /// changed then.
    pub fn publish(&self, event: &Event) -> Result<Published> {
        only_answer(self.publish_many(std::slice::from_ref(event)))
    }

    /// Publishes many events in one transaction; the answer has one entry for each, in their order. An event that
    /// cannot be published is an error in its entry and does not touch the others.
    ///
    /// # Errors
    /// `invalid_argument` with more than [`Engine::MAX_PUBLISH`]; `closed`, `storage`. Nothing was changed then.
    pub fn publish_many(&self, events: &[Event]) -> Result<Vec<Result<Published>>> {
        let store = self.store()?;
        check_count("events", events.len(), Self::MAX_PUBLISH)?;
        let now = self.shared.clock.now().wall;
        let checked: Vec<Result<Publishing>> =
            events.iter().map(|event| self.shared.publishing(event, None, now)).collect();
        self.keep(&*store, checked, now)
    }

    /// Sends a made-up event to one hook, whatever its triggers are: to see whether its endpoint answers. The event is
    /// the hook's first trigger's resource and event, with resource id 1 (without a trigger, the catalogue's first);
    /// its `source_operation_id` (payload v2.0 and v3.0) is `tieback-test`. A disabled hook gets none, as the answer
    /// says.
    ///
    /// # Errors
    /// `not_found`; `invalid_argument` when neither the scope nor the hook says which company a project is of;
    /// `closed`, `storage`.
    pub fn send_test(&self, scope: &Scope, hook_id: &Id) -> Result<Published> {
        let store = self.store()?;
        let hook = hook_row(scope, hook_id)?;
        let found = store.hook(scope, hook)?;
        let first = PageRequest { limit: 1, after: None };
        let trigger = store.triggers(scope, hook, &first)?.items.pop();
        let (resource, event_type) = match &trigger {
            Some(trigger) => (trigger.resource_name.clone(), trigger.event_type.clone()),
            None => match self.shared.catalogue.list(scope.level()).first() {
                Some(any) => (any.name.clone(), any.event_types.first().cloned().unwrap_or_default()),
                None => ("Tests".to_owned(), "create".to_owned()),
            },
        };
        let mut event = Event::new(scope, &resource, Id::from(1), &event_type);
        event.company_id = event.company_id.or(found.company_id);
        event.metadata = Some(Metadata { source_operation_id: Some("tieback-test".to_owned()), ..Metadata::default() });
        let now = self.shared.clock.now().wall;
        only_answer(self.keep(&*store, vec![self.shared.publishing(&event, Some(hook), now)], now))
    }

    /// Keeps the events that passed the checks, in one transaction, and wakes the worker.
    fn keep(
        &self,
        store: &dyn Store,
        checked: Vec<Result<Publishing>>,
        now: Timestamp,
    ) -> Result<Vec<Result<Published>>> {
        let answers = one_answer_each(checked, |good| store.publish(good, now))?;
        self.shared.signals.work(answers.iter().flatten().flat_map(|published| published.hooks.iter().copied()));
        self.tell(LogLevel::Debug, None, || {
            let made = answers.iter().flatten().map(|published| published.deliveries).sum::<u64>();
            format!("published {} event(s), which made {made} delivery(s)", answers.iter().flatten().count())
        });
        Ok(answers)
    }
}

impl Shared {
    fn publishing(&self, event: &Event, only: Option<HookId>, now: Timestamp) -> Result<Publishing> {
        let given = publishable::check_publishable(event, &self.catalogue)?;
        let scope = event.scope()?;
        let deprecated = self.catalogue.is_deprecated(scope.level(), &event.resource_name, &event.event_type);
        let named = event.ulid.is_some() || event.id.is_some();
        let mut event = event.clone();
        event.ulid = event.ulid.or_else(|| Some(self.ulids.next(now, &*self.random)));
        event.timestamp = event.timestamp.or(Some(now));
        Ok(Publishing { event, named, given, deprecated: deprecated && only.is_none(), only, bounds: self.bounds })
    }
}

/// Makes ULIDs that grow also within one millisecond.
#[derive(Debug, Default)]
pub struct Ulids(Mutex<Option<Ulid>>);

impl Ulids {
    fn next(&self, now: Timestamp, random: &dyn Random) -> String {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let millis = u64::try_from(now.as_micros() / 1000).unwrap_or(0);
        let bits = (u128::from(random.next_u64()) << 64) | u128::from(random.next_u64());
        let fresh = Ulid::from_parts(millis, bits >> 48);
        let next = match *last {
            // A clock that stands still or goes back: count on from the last one.
            Some(previous) if fresh <= previous => previous.increment().unwrap_or(fresh),
            _ => fresh,
        };
        *last = Some(next);
        next.to_string()
    }
}
