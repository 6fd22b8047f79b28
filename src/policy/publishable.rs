//! Whether an event can be published: everything about it that can be judged without a store.

use super::catalogue::Catalogue;
use crate::error::{Error, Result, shown};
use crate::types::{Event, Id, check_name};
use crate::wire::own::event_to_text;

/// The longest ULID that is taken, in characters. Procore's own sample is no valid ULID, so its form is not checked.
const MAX_ULID: usize = 64;

/// Checks an event that a caller gave; gives it as canonical JSON, which tells it from another under the same id.
///
/// # Errors
/// `invalid_argument` that names the member and its value.
pub fn check_publishable(event: &Event, catalogue: &Catalogue) -> Result<String> {
    let json = event_to_text(event);
    check_size(json.len())?;
    let scope = event.scope()?;
    check_name("resource_name", &event.resource_name)?;
    check_event_type(&event.event_type)?;
    catalogue.check_event(scope.level(), &event.resource_name)?;
    check_identity(event)?;
    check_ids(event)?;
    if event.api_version.is_some() {
        return Err(not_used("api_version", "each hook's payload version decides"));
    }
    if let Some(name) = event.unknown.keys().next() {
        return Err(not_used(&format!("unknown.{}", shown(name)), "put further facts into data (v4.0)"));
    }
    Ok(json)
}

fn check_size(size: usize) -> Result<()> {
    if size > Event::MAX_PAYLOAD_BYTES {
        return Err(Error::invalid(format!(
            "the event has {size} bytes as JSON: at most {} are allowed",
            Event::MAX_PAYLOAD_BYTES
        )));
    }
    Ok(())
}

fn check_event_type(event_type: &str) -> Result<()> {
    check_name("event_type", event_type)?;
    let lower = event_type.to_lowercase();
    if lower != event_type {
        return Err(Error::invalid(format!(
            "event_type `{}` has capitals: write `{}`",
            shown(event_type),
            shown(&lower)
        )));
    }
    Ok(())
}

fn check_identity(event: &Event) -> Result<()> {
    if let Some(ulid) = &event.ulid {
        let is_plain = ulid.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
        if ulid.is_empty() || ulid.len() > MAX_ULID || !is_plain {
            return Err(Error::invalid(format!(
                "ulid `{}` is not usable: give 1 to {MAX_ULID} of A-Z, a-z, 0-9, dash and underscore",
                shown(ulid)
            )));
        }
    }
    if let Some(id) = event.id.as_ref().filter(|id| id.number().is_none_or(|number| number == 0)) {
        return Err(Error::invalid(format!(
            "id `{}` is not a number from 1 to 2^63-1: leave it out and one is made, or use ulid for words",
            shown(id.as_str())
        )));
    }
    Ok(())
}

/// Any usable id will do here: which payload versions can carry it depends on the hooks.
fn check_ids(event: &Event) -> Result<()> {
    check_id("resource_id", &event.resource_id)?;
    if event.resource_id.number() == Some(0) {
        return Err(Error::invalid("resource_id `0` is out of range: numeric ids are 1 to 2^63-1"));
    }
    let metadata = event.metadata.as_ref();
    let others = [
        ("user_id", event.user_id.as_ref()),
        ("metadata.source_user_id", metadata.and_then(|metadata| metadata.source_user_id.as_ref())),
        ("metadata.source_project_id", metadata.and_then(|metadata| metadata.source_project_id.as_ref())),
        ("metadata.source_company_id", metadata.and_then(|metadata| metadata.source_company_id.as_ref())),
    ];
    for (what, id) in others {
        id.map_or(Ok(()), |id| check_id(what, id))?;
    }
    for related in &event.related_resources {
        check_id("related_resources id", &related.id)?;
        check_name("related_resources name", &related.name)?;
    }
    Ok(())
}

fn check_id(what: &str, id: &Id) -> Result<()> {
    Id::parse(what, id.as_str()).map(drop)
}

fn not_used(member: &str, instead: &str) -> Error {
    Error::invalid(format!("{member} is not used when publishing: leave it out; {instead}"))
}
