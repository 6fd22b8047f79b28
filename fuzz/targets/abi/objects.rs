//! Objects that calls gave: read in any order, with any index, and freed once.

use super::c;
use super::given::{Bytes, text};

/// What an address is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    Hook,
    Hooks,
    HookIter,
    Trigger,
    Published,
    Bulk,
    Deliveries,
    Stats,
    Error,
    Text,
}

/// An object that is not freed yet.
#[derive(Clone, Copy, Debug)]
pub struct Object {
    pub kind: Kind,
    pub address: c::Any,
}

impl Object {
    /// Reads what it holds.
    pub fn read(self, bytes: &mut Bytes<'_>) {
        let Self { kind, address } = self;
        match kind {
            Kind::Hook => hook(address, bytes),
            Kind::Hooks => {
                let length = c::tieback_hooks_len(address);
                let index = bytes.index(length);
                let item = c::tieback_hooks_at(address, index);
                assert_eq!(item.is_null(), index >= length);
                hook(item, bytes);
            }
            Kind::Trigger => assert_eq!(text(c::tieback_trigger_event_type(address)), "update"),
            Kind::Published => published(address),
            Kind::Bulk => {
                let length = c::tieback_bulk_len(address);
                let index = bytes.index(length);
                let status = c::tieback_bulk_status(address, index);
                let error = c::tieback_bulk_error(address, index);
                assert_eq!(error.is_null(), status == 0 || index >= length);
                assert!(error.is_null() || c::tieback_error_status(error) == status);
                let item = c::tieback_bulk_published(address, index);
                assert_eq!(item.is_null(), status != 0);
                published(item);
            }
            Kind::Deliveries => {
                let length = c::tieback_deliveries_len(address);
                let index = bytes.index(length);
                let item = c::tieback_deliveries_at(address, index);
                assert_eq!(item.is_null(), index >= length);
                assert!(c::tieback_delivery_attempt(item, index).is_null(), "nothing was sent");
                let resource = text(c::tieback_event_resource_id(c::tieback_delivery_event(item)));
                assert_eq!(resource.is_empty(), item.is_null());
                let status = text(c::tieback_delivery_status(item));
                assert!(item.is_null() || ["enqueued", "discarded"].contains(&status.as_str()), "{status}");
            }
            Kind::Stats => assert!(text(c::tieback_stats_to_json(address)).contains("\"queued\"")),
            Kind::Error => {
                assert!(!text(c::tieback_error_operation(address)).is_empty());
                assert!(text(c::tieback_error_to_json(address)).contains("\"kind\""));
            }
            Kind::HookIter => {}
            Kind::Text => assert!(!text(address.cast()).is_empty()),
        }
    }

    /// Frees it.
    pub fn free(self) {
        let Self { kind, address } = self;
        match kind {
            Kind::Hook => c::tieback_hook_free(address),
            Kind::Hooks => c::tieback_hooks_free(address),
            Kind::HookIter => c::tieback_hook_iter_free(address),
            Kind::Trigger => c::tieback_trigger_free(address),
            Kind::Published => c::tieback_published_free(address),
            Kind::Bulk => c::tieback_bulk_free(address),
            Kind::Deliveries => c::tieback_deliveries_free(address),
            Kind::Stats => c::tieback_stats_free(address),
            Kind::Error => c::tieback_error_free(address),
            Kind::Text => c::tieback_string_free(address.cast()),
        }
    }
}

fn hook(address: c::Any, bytes: &mut Bytes<'_>) {
    let is_there = !address.is_null();
    assert_eq!(!text(c::tieback_hook_id(address)).is_empty(), is_there);
    assert_eq!(!text(c::tieback_hook_namespace(address)).is_empty(), is_there);
    let headers = c::tieback_hook_header_count(address);
    let index = bytes.index(headers);
    assert_eq!(c::tieback_hook_header_name(address, index).is_null(), index >= headers);
    let json = text(c::tieback_hook_to_json(address));
    assert_eq!(!json.is_empty(), is_there);
    assert!(!json.contains(super::house::SECRET), "{json}");
}

fn published(address: c::Any) {
    let json = text(c::tieback_published_to_json(address));
    assert_eq!(!json.is_empty(), !address.is_null());
    assert!(c::tieback_published_deliveries(address) >= 0 && c::tieback_published_duplicate(address) >= 0);
}
