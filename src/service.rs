//! What the webhooks API can do: hooks, triggers, resources, deliveries.

use crate::error::Result;
use crate::types::{
    Delivery, DeliveryQuery, Hook, HookCreate, HookQuery, HookUpdate, Id, Page, PageRequest, Resource, ResourceQuery,
    Scope, Trigger, TriggerCreate,
};

/// The operations of the webhooks API, whoever answers them. All calls block and may be made from any thread.
///
/// Every call names the scope, and sees nothing outside it: a hook of another scope is `not_found`.
pub trait Service: Send + Sync {
    /// Creates a hook.
    ///
    /// # Errors
    /// `conflict` when the scope already has a hook of this namespace; `invalid_argument` when the URL is not allowed,
    /// or when a header is one that the signature of a signed hook uses.
    fn hook_create(&self, scope: &Scope, hook: &HookCreate) -> Result<Hook>;

    /// Lists hooks, oldest first.
    ///
    /// # Errors
    /// Those of every call: `storage`, `closed`.
    fn hook_list(&self, scope: &Scope, query: &HookQuery, page: &PageRequest) -> Result<Page<Hook>>;

    /// Shows one hook, with its trigger count.
    ///
    /// # Errors
    /// `not_found`.
    fn hook_show(&self, scope: &Scope, hook_id: &Id) -> Result<Hook>;

    /// Changes a hook.
    ///
    /// # Errors
    /// `not_found`; `conflict` when the new namespace is taken; `invalid_argument` for a URL that is not allowed, for a
    /// header value that is a mask this service gave out (`*****...`), since that would store the mask, and for a
    /// header that the signature of a signed hook uses.
    fn hook_update(&self, scope: &Scope, hook_id: &Id, change: &HookUpdate) -> Result<Hook>;

    /// Deletes a hook and its triggers; what is queued for it is discarded.
    ///
    /// # Errors
    /// `not_found`.
    fn hook_delete(&self, scope: &Scope, hook_id: &Id) -> Result<()>;

    /// Adds a trigger to a hook.
    ///
    /// # Errors
    /// `not_found`; `conflict` when the hook has it already; `invalid_argument` when the catalogue does not know the
    /// resource at this level or the event, with the nearest names.
    fn trigger_create(&self, scope: &Scope, hook_id: &Id, trigger: &TriggerCreate) -> Result<Trigger>;

    /// Lists a hook's triggers, oldest first.
    ///
    /// # Errors
    /// `not_found`.
    fn trigger_list(&self, scope: &Scope, hook_id: &Id, page: &PageRequest) -> Result<Page<Trigger>>;

    /// Removes a trigger.
    ///
    /// # Errors
    /// `not_found`.
    fn trigger_delete(&self, scope: &Scope, hook_id: &Id, trigger_id: &Id) -> Result<()>;

    /// Adds many triggers; the answer has one entry for each, in their order.
    ///
    /// # Errors
    /// `not_found`; `invalid_argument` with more than 500. An error of one item is that item's entry.
    fn trigger_create_many(
        &self,
        scope: &Scope,
        hook_id: &Id,
        triggers: &[TriggerCreate],
    ) -> Result<Vec<Result<Trigger>>>;

    /// Removes many triggers; the answer has one entry for each, in their order.
    ///
    /// # Errors
    /// `not_found`; `invalid_argument` with more than 500. An error of one item is that item's entry.
    fn trigger_delete_many(&self, scope: &Scope, hook_id: &Id, trigger_ids: &[Id]) -> Result<Vec<Result<()>>>;

    /// Lists what can be triggered on at the scope's level.
    ///
    /// # Errors
    /// Those of every call.
    fn resource_list(&self, scope: &Scope, query: &ResourceQuery, page: &PageRequest) -> Result<Page<Resource>>;

    /// Lists a hook's deliveries, newest first.
    ///
    /// # Errors
    /// `not_found`.
    fn delivery_list(
        &self,
        scope: &Scope,
        hook_id: &Id,
        query: &DeliveryQuery,
        page: &PageRequest,
    ) -> Result<Page<Delivery>>;
}
