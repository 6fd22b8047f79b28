//! Hooks and triggers.

use rusqlite::{Connection, OptionalExtension, params};

use super::fault::Fault;
use super::row::{HookRow, NO_HEADERS, headers_to_column};
use super::seal::Seals;
use super::{SqliteStore, refusal};
use crate::error::Result;
use crate::policy::lane::Gate;
use crate::store::Registry;
use crate::time::Timestamp;
use crate::types::{
    DestinationHeaders, Hook, HookCreate, HookId, HookQuery, HookUpdate, Namespace, Page, PageRequest, Scope, Trigger,
    TriggerCreate, TriggerId,
};

impl Registry for SqliteStore {
    fn insert_hook(&self, scope: &Scope, hook: &HookCreate, now: Timestamp) -> Result<Hook> {
        let (scope, hook, seals) = (*scope, hook.clone(), self.seals.clone());
        self.write(move |tx| insert_hook(tx, &scope, &hook, now, &seals))
    }

    fn hooks(&self, scope: &Scope, query: &HookQuery, page: &PageRequest) -> Result<Page<Hook>> {
        self.read(|tx| hooks(tx, scope, query, page, &self.seals))
    }

    fn hook(&self, scope: &Scope, hook: HookId) -> Result<Hook> {
        self.read(|tx| hook_in(tx, scope, hook)?.into_hook(&self.seals))
    }

    fn update_hook(&self, scope: &Scope, hook: HookId, change: &HookUpdate, now: Timestamp) -> Result<Hook> {
        let (scope, change, seals) = (*scope, change.clone(), self.seals.clone());
        self.write(move |tx| update_hook(tx, &scope, hook, &change, now, &seals))
    }

    fn delete_hook(&self, scope: &Scope, hook: HookId, now: Timestamp) -> Result<()> {
        let scope = *scope;
        self.write(move |tx| delete_hook(tx, &scope, hook, now))
    }

    fn insert_triggers(
        &self,
        scope: &Scope,
        hook: HookId,
        triggers: &[TriggerCreate],
        now: Timestamp,
    ) -> Result<Vec<Result<Trigger>>> {
        let (scope, triggers) = (*scope, triggers.to_vec());
        self.write(move |tx| {
            hook_in(tx, &scope, hook)?;
            triggers.iter().map(|trigger| insert_trigger(tx, hook, trigger, now)).collect()
        })
    }

    fn triggers(&self, scope: &Scope, hook: HookId, page: &PageRequest) -> Result<Page<Trigger>> {
        self.read(|tx| {
            hook_in(tx, scope, hook)?;
            triggers(tx, hook, page)
        })
    }

    fn delete_triggers(&self, scope: &Scope, hook: HookId, triggers: &[TriggerId]) -> Result<Vec<Result<()>>> {
        let (scope, triggers) = (*scope, triggers.to_vec());
        self.write(move |tx| {
            hook_in(tx, &scope, hook)?;
            let mut delete = tx.prepare_cached(sql!("trigger_delete"))?;
            let mut answers = Vec::with_capacity(triggers.len());
            for trigger in triggers {
                let deleted = delete.execute(params![trigger, hook])? == 1;
                answers.push(if deleted { Ok(()) } else { Err(refusal::no_trigger(hook, trigger)) });
            }
            Ok(answers)
        })
    }
}

/// The hook, if it is in the scope and not deleted.
pub fn hook_in(tx: &Connection, scope: &Scope, hook: HookId) -> Result<HookRow, Fault> {
    let mut query = tx.prepare_cached(sql!("hook_by_id"))?;
    let row = query.query_row([hook], |row| Ok(HookRow::read(row))).optional()?.transpose()?;
    row.filter(|row| row.scope.admits(scope)).ok_or_else(|| refusal::no_hook(scope, hook).into())
}

fn insert_hook(
    tx: &Connection,
    scope: &Scope,
    hook: &HookCreate,
    now: Timestamp,
    seals: &Seals,
) -> Result<Hook, Fault> {
    check_namespace(tx, scope, &hook.namespace, None)?;
    tx.prepare_cached(sql!("hook_insert"))?.execute(params![
        scope.company_id(),
        scope.project_id(),
        hook.namespace.as_str(),
        hook.payload_version,
        hook.destination_url.as_str(),
        NO_HEADERS,
        now,
    ])?;
    let id = HookId(tx.last_insert_rowid());
    // They are bound to the hook's id, which is known now.
    let headers = headers_to_column(tx, id, &hook.destination_headers, seals)?;
    tx.prepare_cached(sql!("hook_headers"))?.execute(params![id, headers.as_str()])?;
    tx.prepare_cached(sql!("lane_insert"))?.execute([id])?;
    hook_in(tx, scope, id)?.into_hook(seals)
}

fn check_namespace(tx: &Connection, scope: &Scope, namespace: &Namespace, except: Option<HookId>) -> Result<(), Fault> {
    let mut query = tx.prepare_cached(sql!("hook_namespace_owner"))?;
    let owner: Option<HookId> = query
        .query_row(params![scope.company_id(), scope.project_id(), namespace.as_str()], |row| row.get(0))
        .optional()?;
    match owner {
        Some(owner) if Some(owner) != except => Err(refusal::namespace_taken(scope, namespace).into()),
        _ => Ok(()),
    }
}

fn hooks(
    tx: &Connection,
    scope: &Scope,
    query: &HookQuery,
    page: &PageRequest,
    seals: &Seals,
) -> Result<Page<Hook>, Fault> {
    let after = refusal::cursor(page)?.unwrap_or(0);
    let namespace = query.namespace.as_ref().map(Namespace::as_str);
    let limit = page.effective_limit() as usize;
    let count = query.include_trigger_count;
    let (version, most) = (query.payload_version, limit as i64 + 1);
    let (company, project) = (scope.company_id(), scope.project_id());
    let mut items: Vec<Hook> = Vec::new();
    let mut read = |rows: &mut rusqlite::Rows<'_>| -> Result<(), Fault> {
        while let Some(row) = rows.next()? {
            items.push(HookRow::read(row)?.into_hook_at_least(seals));
        }
        Ok(())
    };
    match project {
        Some(project) => read(
            &mut tx
                .prepare_cached(sql!("hooks_of_project"))?
                .query(params![project, namespace, version, count, after, most, company])?,
        )?,
        None => read(
            &mut tx
                .prepare_cached(sql!("hooks_of_company"))?
                .query(params![company, namespace, version, count, after, most])?,
        )?,
    }
    Ok(cut(items, limit, |hook| hook.id.clone()))
}

/// A page out of one item more than it may hold.
pub fn cut<T>(mut items: Vec<T>, limit: usize, id: impl Fn(&T) -> crate::types::Id) -> Page<T> {
    let more = items.len() > limit;
    items.truncate(limit);
    let next = if more { items.last().map(id) } else { None };
    Page { items, next }
}

fn update_hook(
    tx: &Connection,
    scope: &Scope,
    hook: HookId,
    change: &HookUpdate,
    now: Timestamp,
    seals: &Seals,
) -> Result<Hook, Fault> {
    let row = hook_in(tx, scope, hook)?;
    let namespace = match &change.namespace {
        Some(namespace) => {
            check_namespace(tx, &row.scope, namespace, Some(hook))?;
            namespace.as_str()
        }
        None => &row.namespace,
    };
    if row.has_headers() {
        refusal::check_kept_headers(hook, &row.destination_url, change)?;
    }
    let url = change.destination_url.as_ref().unwrap_or(&row.destination_url);
    let version = change.payload_version.unwrap_or(row.payload_version);
    let gate = match change.active {
        None => row.gate,
        Some(true) => Gate::Open,
        Some(false) => Gate::Held,
    };

    // Headers that cannot be read any more are other ones, whatever is given in their place.
    let is_other = |headers: &&DestinationHeaders| !row.headers(seals).is_ok_and(|present| present == **headers);
    let headers = change.destination_headers.as_ref().filter(is_other);
    if let Some(headers) = headers {
        let headers = headers_to_column(tx, hook, headers, seals)?;
        tx.prepare_cached(sql!("hook_headers"))?.execute(params![hook, headers.as_str()])?;
    }
    let redirected = *url != row.destination_url || headers.is_some();
    let changed =
        redirected || gate != row.gate || version != row.payload_version || namespace != row.namespace.as_str();
    if changed {
        tx.prepare_cached(sql!("hook_update"))?.execute(params![hook, namespace, version, gate, url.as_str(), now])?;
        let enabled = row.gate == Gate::Held && gate == Gate::Open;
        tx.prepare_cached(sql!("lane_count_control"))?.execute(params![hook, enabled, redirected])?;
    }
    Ok(hook_in(tx, scope, hook)?.into_hook_at_least(seals))
}

fn delete_hook(tx: &Connection, scope: &Scope, hook: HookId, now: Timestamp) -> Result<(), Fault> {
    hook_in(tx, scope, hook)?;
    tx.prepare_cached(sql!("triggers_delete_all"))?.execute([hook])?;
    tx.prepare_cached(sql!("deliveries_of_deleted_hook"))?.execute(params![hook, now])?;
    tx.prepare_cached(sql!("hook_delete"))?.execute(params![hook, now])?;
    Ok(())
}

/// The outer error is the store's, the inner one this trigger's.
fn insert_trigger(
    tx: &Connection,
    hook: HookId,
    trigger: &TriggerCreate,
    now: Timestamp,
) -> Result<Result<Trigger>, Fault> {
    let inserted = tx.prepare_cached(sql!("trigger_insert"))?.execute(params![
        hook,
        trigger.resource_name,
        trigger.event_type,
        trigger.resource_name.to_lowercase(),
        trigger.event_type.to_lowercase(),
        now,
    ])?;
    if inserted == 0 {
        return Ok(Err(refusal::trigger_exists(trigger)));
    }
    Ok(Ok(Trigger {
        id: TriggerId(tx.last_insert_rowid()).into(),
        hook_id: hook.into(),
        resource_name: trigger.resource_name.clone(),
        event_type: trigger.event_type.clone(),
    }))
}

fn triggers(tx: &Connection, hook: HookId, page: &PageRequest) -> Result<Page<Trigger>, Fault> {
    let after = refusal::cursor(page)?.unwrap_or(0);
    let limit = page.effective_limit() as usize;
    let mut query = tx.prepare_cached(sql!("triggers_of_hook"))?;
    let items = query.query_map(params![hook, after, limit as i64 + 1], |row| {
        Ok(Trigger {
            id: row.get::<_, TriggerId>("id")?.into(),
            hook_id: row.get::<_, HookId>("hook_id")?.into(),
            resource_name: row.get("resource_name")?,
            event_type: row.get("event_type")?,
        })
    })?;
    Ok(cut(items.collect::<rusqlite::Result<_>>()?, limit, |trigger: &Trigger| trigger.id.clone()))
}
