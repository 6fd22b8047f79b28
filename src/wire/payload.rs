//! The body of a delivery: one event, in one of Procore's three payload versions.

use crate::error::Result;
use crate::types::{Event, PayloadVersion};

/// Writes the payload of an event, compact, members in the order of Procore's samples.
///
/// # Errors
/// `invalid_argument` when the version cannot carry the event's ids, or it is over [`Event::MAX_PAYLOAD_BYTES`].
pub fn render(_event: &Event, _version: PayloadVersion) -> Result<Vec<u8>> {
    Ok(Vec::new())
}

/// Reads a payload of any version. Members that are missing are absent; unknown ones are kept.
///
/// # Errors
/// `protocol` when it is no JSON object.
pub fn parse(_payload: &[u8]) -> Result<Event> {
    Err(crate::error::Error::new(crate::error::ErrorKind::Protocol, "not yet"))
}
