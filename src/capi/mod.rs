//! The C ABI. A door: it converts, makes one call, converts back. `include/tieback.h` is made from these files, in the
//! order in which they are declared here.
//!
//! The types are named as in C. Parameters are what C passes, with the meaning that Rust can give them: an object is
//! `Option<&T>` (NULL is `None`), the end of one `Option<Box<T>>`, an out-parameter `Option<&mut MaybeUninit<..>>`.
//! What remains raw becomes a reference in `text` and `sized` only; handles never do. The exported functions rely
//! on their callers to keep to the header, as C has it. They are out of reach of Rust code, which would not be warned:
//! their modules are private.
#![allow(non_camel_case_types)]

mod boundary;
mod call;
mod per_process;

mod handle;
mod iter;
mod kept;
mod list;
mod rest;
mod sized;
mod text;

mod version;

mod status;

mod error;

mod string;

mod scope;

mod log_line;

mod notice;

mod callbacks;

mod engine_options;

mod engine;

mod cancel;

mod idle;

mod operate;

mod stats;

mod purged;

mod upkeep;

mod integrity;

mod restored;

mod service;

mod hook_options;

mod hook;

mod hook_list;

mod trigger;

mod trigger_list;

mod bulk;

mod resource;

mod event;

mod attempt;

mod delivery;

mod delivery_query;

mod delivery_list;

mod event_options;

mod publish;

mod flat;

mod flat_json;

mod padded;

pub use version::{tieback_abi_version, tieback_version};

/// What the header promises of `const`: several threads may use an object at once, and any may free it.
const _: () = {
    const fn shared<T: Send + Sync>() {}
    shared::<error::tieback_error>();
    shared::<idle::tieback_idle_report>();
    shared::<stats::tieback_stats>();
    shared::<purged::tieback_purged>();
    shared::<integrity::tieback_integrity_report>();
    shared::<restored::tieback_restored>();
    shared::<notice::tieback_notices>();
    shared::<hook::tieback_hook>();
    shared::<hook_list::tieback_hooks>();
    shared::<hook_list::tieback_hook_iter>();
    shared::<trigger::tieback_trigger>();
    shared::<trigger_list::tieback_triggers>();
    shared::<trigger_list::tieback_trigger_iter>();
    shared::<bulk::tieback_bulk>();
    shared::<resource::tieback_resources>();
    shared::<delivery::tieback_delivery>();
    shared::<delivery_list::tieback_deliveries>();
    shared::<delivery_list::tieback_delivery_iter>();
    shared::<publish::tieback_published>();
};
