//! Operations of the webhooks API: hooks, triggers, resources, deliveries.

use serde_json::{Value, json};

use super::{Operation, Run, done, hook_id, id, needed, optional, page, page_to_json, scope};
use crate::engine::{each_during, one_answer_each};
use crate::error::Result;
use crate::service::Service;
use crate::types::TriggerCreate;
use crate::wire::own::{self, Members};

const SCOPE: (&str, &str) = ("scope", "`company_id`, or `project_id` with or without its `company_id`");
const HOOK_ID: (&str, &str) = ("hook_id", "the hook's id");
const PAGE: (&str, &str) = ("page", "may be left out: `limit`, and `after`, the `next` of the page before");

/// The operations.
pub const OPERATIONS: &[Operation] = &[
    Operation {
        name: "hook_create",
        about: "Creates a hook. `conflict` when the scope already has one of this namespace.",
        takes: &[
            SCOPE,
            ("hook", "`namespace`, `payload_version`, `destination_url`, and where wanted `destination_headers`"),
        ],
        gives: "the hook, its header values masked",
        example: r#"{"scope": {"company_id": 5358233}, "hook": {"namespace": "acme-invoice-sync",
            "payload_version": "v4.0", "destination_url": "https://webhooks.example.com/events",
            "destination_headers": {"Authorization": "Bearer a-long-secret"}}}"#,
        run: Run::Manage(hook_create),
    },
    Operation {
        name: "hook_list",
        about: "Lists hooks, oldest first.",
        takes: &[SCOPE, ("query", "may be left out: `namespace`, `payload_version`, `include_trigger_count`"), PAGE],
        gives: "`items`, and `next` if there are more",
        example: r#"{"scope": {"company_id": 5358233}, "query": {"include_trigger_count": true}}"#,
        run: Run::Manage(hook_list),
    },
    Operation {
        name: "hook_show",
        about: "Shows one hook, with its trigger count.",
        takes: &[SCOPE, HOOK_ID],
        gives: "the hook",
        example: r#"{"scope": {"company_id": 5358233}, "hook_id": "1"}"#,
        run: Run::Manage(hook_show),
    },
    Operation {
        name: "hook_update",
        about: "Changes a hook: what `change` names, and nothing else.",
        takes: &[SCOPE, HOOK_ID, ("change", "the members of a hook to change, and `status`: `active` or `disabled`")],
        gives: "the hook",
        example: r#"{"scope": {"company_id": 5358233}, "hook_id": "1", "change": {"payload_version": "v3.0"}}"#,
        run: Run::Manage(hook_update),
    },
    Operation {
        name: "trigger_create",
        about: "Adds a trigger to a hook. `conflict` when the hook has it; `invalid_argument` with the nearest names \
                when the catalogue does not know it.",
        takes: &[SCOPE, HOOK_ID, ("trigger", "`resource_name` and `event_type`")],
        gives: "the trigger",
        example: r#"{"scope": {"company_id": 5358233}, "hook_id": "1",
            "trigger": {"resource_name": "Company Users", "event_type": "update"}}"#,
        run: Run::Manage(trigger_create),
    },
    Operation {
        name: "trigger_create_many",
        about: "Adds up to 500 triggers. An error of one is its own entry and does not touch the others.",
        takes: &[SCOPE, HOOK_ID, ("triggers", "a list of triggers")],
        gives: "`answers`: for each, in order, `trigger` or `error`",
        example: r#"{"scope": {"company_id": 5358233}, "hook_id": "1", "triggers": [
            {"resource_name": "Company Users", "event_type": "create"},
            {"resource_name": "Company Users", "event_type": "update"}]}"#,
        run: Run::Manage(trigger_create_many),
    },
    Operation {
        name: "trigger_list",
        about: "Lists a hook's triggers, oldest first.",
        takes: &[SCOPE, HOOK_ID, PAGE],
        gives: "`items`, and `next` if there are more",
        example: r#"{"scope": {"company_id": 5358233}, "hook_id": "1", "page": {"limit": 1}}"#,
        run: Run::Manage(trigger_list),
    },
    Operation {
        name: "trigger_delete",
        about: "Removes a trigger.",
        takes: &[SCOPE, HOOK_ID, ("trigger_id", "the trigger's id")],
        gives: "nothing: an empty object",
        example: r#"{"scope": {"company_id": 5358233}, "hook_id": "1", "trigger_id": "2"}"#,
        run: Run::Manage(trigger_delete),
    },
    Operation {
        name: "trigger_delete_many",
        about: "Removes up to 500 triggers. An error of one is its own entry.",
        takes: &[SCOPE, HOOK_ID, ("trigger_ids", "a list of ids")],
        gives: "`answers`: for each, in order, `deleted` or `error`",
        example: r#"{"scope": {"company_id": 5358233}, "hook_id": "1", "trigger_ids": ["2"]}"#,
        run: Run::Manage(trigger_delete_many),
    },
    Operation {
        name: "resource_list",
        about: "Lists what can be triggered on at the scope's level.",
        takes: &[SCOPE, ("query", "may be left out: `payload_version`, `name`"), PAGE],
        gives: "`items`, and `next` if there are more",
        example: r#"{"scope": {"company_id": 5358233}, "page": {"limit": 1}}"#,
        run: Run::Manage(resource_list),
    },
    Operation {
        name: "delivery_list",
        about: "Lists a hook's deliveries, newest first, with their attempts.",
        takes: &[
            SCOPE,
            HOOK_ID,
            ("query", "may be left out: `status`, `resource_name`, `event_type`, `start`, `end`"),
            PAGE,
        ],
        gives: "`items`, and `next` if there are more",
        example: r#"{"scope": {"company_id": 5358233}, "hook_id": "1", "query": {"status": "delivered"}}"#,
        run: Run::Manage(delivery_list),
    },
    Operation {
        name: "hook_delete",
        about: "Deletes a hook and its triggers; what is queued for it is discarded.",
        takes: &[SCOPE, HOOK_ID],
        gives: "nothing: an empty object",
        example: r#"{"scope": {"company_id": 5358233}, "hook_id": "1"}"#,
        run: Run::Manage(hook_delete),
    },
];

fn hook_create(service: &dyn Service, members: &mut Members<'_>) -> Result<Value> {
    let scope = scope(members)?;
    let hook = needed(members, "hook", "the hook to create", own::hook_create_from_json)?;
    members.end()?;
    Ok(own::hook_to_json(&service.hook_create(&scope, &hook)?))
}

fn hook_list(service: &dyn Service, members: &mut Members<'_>) -> Result<Value> {
    let (scope, query) = (scope(members)?, optional(members, "query", own::hook_query_from_json)?);
    let page = page(members)?;
    members.end()?;
    Ok(page_to_json(&service.hook_list(&scope, &query, &page)?, own::hook_to_json))
}

fn hook_show(service: &dyn Service, members: &mut Members<'_>) -> Result<Value> {
    let (scope, hook_id) = (scope(members)?, hook_id(members)?);
    members.end()?;
    Ok(own::hook_to_json(&service.hook_show(&scope, &hook_id)?))
}

fn hook_update(service: &dyn Service, members: &mut Members<'_>) -> Result<Value> {
    let (scope, hook_id) = (scope(members)?, hook_id(members)?);
    let change = needed(members, "change", "what to change", own::hook_update_from_json)?;
    members.end()?;
    Ok(own::hook_to_json(&service.hook_update(&scope, &hook_id, &change)?))
}

fn hook_delete(service: &dyn Service, members: &mut Members<'_>) -> Result<Value> {
    let (scope, hook_id) = (scope(members)?, hook_id(members)?);
    members.end()?;
    service.hook_delete(&scope, &hook_id)?;
    Ok(done())
}

fn trigger_create(service: &dyn Service, members: &mut Members<'_>) -> Result<Value> {
    let (scope, hook_id) = (scope(members)?, hook_id(members)?);
    let trigger = needed(members, "trigger", "the trigger to add", own::trigger_create_from_json)?;
    members.end()?;
    Ok(own::trigger_to_json(&service.trigger_create(&scope, &hook_id, &trigger)?))
}

fn trigger_create_many(service: &dyn Service, members: &mut Members<'_>) -> Result<Value> {
    let (scope, hook_id) = (scope(members)?, hook_id(members)?);
    let triggers = members.each("triggers", TriggerCreate::MAX_BULK, own::trigger_create_from_json)?;
    let triggers = members.need("triggers", "a list of triggers", triggers)?;
    members.end()?;
    let answers = one_answer_each(triggers, |good| service.trigger_create_many(&scope, &hook_id, good))?;
    Ok(json!({"answers": own::triggers_created_to_json(&each_during("trigger_create_many", answers))}))
}

fn trigger_list(service: &dyn Service, members: &mut Members<'_>) -> Result<Value> {
    let (scope, hook_id, page) = (scope(members)?, hook_id(members)?, page(members)?);
    members.end()?;
    Ok(page_to_json(&service.trigger_list(&scope, &hook_id, &page)?, own::trigger_to_json))
}

fn trigger_delete(service: &dyn Service, members: &mut Members<'_>) -> Result<Value> {
    let (scope, hook_id, trigger_id) = (scope(members)?, hook_id(members)?, id(members, "trigger_id")?);
    members.end()?;
    service.trigger_delete(&scope, &hook_id, &trigger_id)?;
    Ok(done())
}

fn trigger_delete_many(service: &dyn Service, members: &mut Members<'_>) -> Result<Value> {
    let (scope, hook_id) = (scope(members)?, hook_id(members)?);
    let ids = members.each("trigger_ids", TriggerCreate::MAX_BULK, |id| own::id_from_json("trigger_id", id))?;
    let ids = members.need("trigger_ids", "a list of ids", ids)?;
    members.end()?;
    let answers = one_answer_each(ids, |good| service.trigger_delete_many(&scope, &hook_id, good))?;
    Ok(json!({"answers": own::triggers_deleted_to_json(&each_during("trigger_delete_many", answers))}))
}

fn resource_list(service: &dyn Service, members: &mut Members<'_>) -> Result<Value> {
    let (scope, query) = (scope(members)?, optional(members, "query", own::resource_query_from_json)?);
    let page = page(members)?;
    members.end()?;
    Ok(page_to_json(&service.resource_list(&scope, &query, &page)?, own::resource_to_json))
}

fn delivery_list(service: &dyn Service, members: &mut Members<'_>) -> Result<Value> {
    let (scope, hook_id) = (scope(members)?, hook_id(members)?);
    let (query, page) = (optional(members, "query", own::delivery_query_from_json)?, page(members)?);
    members.end()?;
    Ok(page_to_json(&service.delivery_list(&scope, &hook_id, &query, &page)?, own::delivery_to_json))
}
