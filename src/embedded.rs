//! The webhooks API answered by an embedded engine.

use std::sync::Arc;

use crate::engine::{Engine, check_count, hook_row, one_answer_each, only_answer};
use crate::error::{Error, ErrorKind, Result};
use crate::report::LogLevel;
use crate::service::Service;
use crate::types::{
    Delivery, DeliveryQuery, DestinationHeaders, DestinationUrl, Hook, HookCreate, HookId, HookQuery, HookUpdate, Id,
    Page, PageRequest, Resource, ResourceQuery, Scope, Trigger, TriggerCreate, TriggerId,
};

/// The [`Service`] of an [`Engine`]: the same operations that Procore's API has, answered from its store.
#[derive(Clone)]
pub struct Embedded {
    engine: Arc<Engine>,
}

impl Embedded {
    /// The service of this engine. It ends with the engine: after [`Engine::close`] every call is `closed`.
    pub fn new(engine: Arc<Engine>) -> Self {
        Self { engine }
    }

    /// The engine behind it.
    pub fn engine(&self) -> &Arc<Engine> {
        &self.engine
    }

    fn tell_triggers<T>(&self, hook: HookId, done: &str, answers: &[Result<T>]) {
        let count = answers.iter().flatten().count();
        if count > 0 {
            self.engine.tell(LogLevel::Info, Some(hook), || format!("{done} {count} trigger(s)"));
        }
    }

    fn check_destination(&self, url: Option<&DestinationUrl>, headers: Option<&DestinationHeaders>) -> Result<()> {
        if let Some(url) = url {
            self.engine.egress().check_url(url)?;
        }
        let masked = headers.and_then(|headers| headers.iter().find(|(_, value)| value.expose().starts_with("*****")));
        match masked {
            Some((name, _)) => Err(Error::invalid(format!(
                "the value of header `{name}` is a mask, as answers show it: give the real value, or leave \
                 destination_headers out to keep it"
            ))),
            None => Ok(()),
        }
    }
}

impl Service for Embedded {
    fn hook_create(&self, scope: &Scope, hook: &HookCreate) -> Result<Hook> {
        let store = self.engine.store()?;
        self.check_destination(Some(&hook.destination_url), Some(&hook.destination_headers))?;
        let hook = store.insert_hook(scope, hook, self.engine.clock().now().wall)?;
        let row = HookId::from_id(&hook.id);
        self.engine.tell(LogLevel::Info, row, || format!("created in {scope}, namespace `{}`", hook.namespace));
        Ok(hook)
    }

    fn hook_list(&self, scope: &Scope, query: &HookQuery, page: &PageRequest) -> Result<Page<Hook>> {
        self.engine.store()?.hooks(scope, query, page)
    }

    fn hook_show(&self, scope: &Scope, hook_id: &Id) -> Result<Hook> {
        self.engine.store()?.hook(scope, hook_row(scope, hook_id)?)
    }

    fn hook_update(&self, scope: &Scope, hook_id: &Id, change: &HookUpdate) -> Result<Hook> {
        let store = self.engine.store()?;
        let row = hook_row(scope, hook_id)?;
        self.check_destination(change.destination_url.as_ref(), change.destination_headers.as_ref())?;
        let hook = store.update_hook(scope, row, change, self.engine.clock().now().wall)?;
        self.engine.hook_changed(row);
        self.engine.tell(LogLevel::Info, Some(row), || format!("changed in {scope}"));
        Ok(hook)
    }

    fn hook_delete(&self, scope: &Scope, hook_id: &Id) -> Result<()> {
        let store = self.engine.store()?;
        let row = hook_row(scope, hook_id)?;
        store.delete_hook(scope, row, self.engine.clock().now().wall)?;
        self.engine.hook_changed(row);
        self.engine.tell(LogLevel::Info, Some(row), || format!("deleted from {scope}"));
        Ok(())
    }

    fn trigger_create(&self, scope: &Scope, hook_id: &Id, trigger: &TriggerCreate) -> Result<Trigger> {
        only_answer(self.trigger_create_many(scope, hook_id, std::slice::from_ref(trigger)))
    }

    fn trigger_list(&self, scope: &Scope, hook_id: &Id, page: &PageRequest) -> Result<Page<Trigger>> {
        self.engine.store()?.triggers(scope, hook_row(scope, hook_id)?, page)
    }

    fn trigger_delete(&self, scope: &Scope, hook_id: &Id, trigger_id: &Id) -> Result<()> {
        only_answer(self.trigger_delete_many(scope, hook_id, std::slice::from_ref(trigger_id)))
    }

    fn trigger_create_many(
        &self,
        scope: &Scope,
        hook_id: &Id,
        triggers: &[TriggerCreate],
    ) -> Result<Vec<Result<Trigger>>> {
        let store = self.engine.store()?;
        check_count("triggers", triggers.len(), TriggerCreate::MAX_BULK)?;
        let row = hook_row(scope, hook_id)?;
        let checked = triggers.iter().map(|trigger| {
            self.engine.catalogue().check_trigger(scope.level(), trigger)?;
            Ok(trigger.clone())
        });
        let answers = one_answer_each(checked.collect(), |good| {
            store.insert_triggers(scope, row, good, self.engine.clock().now().wall)
        })?;
        self.tell_triggers(row, "added", &answers);
        Ok(answers)
    }

    fn trigger_delete_many(&self, scope: &Scope, hook_id: &Id, trigger_ids: &[Id]) -> Result<Vec<Result<()>>> {
        let store = self.engine.store()?;
        check_count("triggers", trigger_ids.len(), TriggerCreate::MAX_BULK)?;
        let row = hook_row(scope, hook_id)?;
        let checked = trigger_ids.iter().map(|id| {
            TriggerId::from_id(id).ok_or_else(|| {
                Error::new(
                    ErrorKind::NotFound,
                    format!("trigger {id} is not there on hook {hook_id}: list the hook's triggers"),
                )
            })
        });
        let answers = one_answer_each(checked.collect(), |good| store.delete_triggers(scope, row, good))?;
        self.tell_triggers(row, "removed", &answers);
        Ok(answers)
    }

    fn resource_list(&self, scope: &Scope, _query: &ResourceQuery, page: &PageRequest) -> Result<Page<Resource>> {
        self.engine.store()?;
        // Every resource of the catalogue can be carried by every payload version; nobody has published which
        // resources only v4.0 has.
        let all = self.engine.catalogue().list(scope.level());
        let wrong = |after: &Id| {
            Error::invalid(format!("`{after}` is not a place in this list: give back the `next` of the page before"))
        };
        let start = match &page.after {
            Some(after) => after.number().and_then(|n| usize::try_from(n).ok()).ok_or_else(|| wrong(after))?,
            None => 0,
        };
        let end = start + page.effective_limit() as usize;
        let next = (end < all.len()).then(|| Id::from(end as i64));
        Ok(Page { items: all.into_iter().skip(start).take(end - start).collect(), next })
    }

    fn delivery_list(
        &self,
        scope: &Scope,
        hook_id: &Id,
        query: &DeliveryQuery,
        page: &PageRequest,
    ) -> Result<Page<Delivery>> {
        self.engine.store()?.deliveries(scope, hook_row(scope, hook_id)?, query, page)
    }
}
