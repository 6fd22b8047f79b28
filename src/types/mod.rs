//! The nouns of the webhooks API. Input types cannot hold a wrong value; answers keep what a server or store said.

mod delivery;
mod destination;
mod event;
mod hook;
mod id;
mod integrity;
mod name;
mod namespace;
mod notice;
mod page;
mod rate_limit;
mod resource;
mod restored;
mod scope;
mod signing;
mod stats;
mod trigger;
mod version;

pub use delivery::{Attempt, Delivery, DeliveryQuery, DeliveryStatus, StatusFilter, Why};
pub use destination::{DestinationHeaders, DestinationUrl};
pub use event::{Event, Metadata, NoDelivery, Published, RelatedResource};
pub use hook::{Hook, HookCreate, HookQuery, HookStatus, HookUpdate};
pub use id::{DeliveryId, EventId, HookId, Id, TriggerId, WorkerId};
pub use integrity::{Check, Finding, IntegrityReport};
pub(crate) use name::check_name;
pub use namespace::Namespace;
pub use notice::{Notice, NoticeKind};
pub use page::{Page, PageRequest};
pub use rate_limit::RateLimit;
pub use resource::{Resource, ResourceQuery};
pub use restored::{Restored, RestoredLane};
pub use scope::{Level, Scope};
pub use signing::{SigningSecret, SigningSecrets};
pub use stats::{IdleReport, Purged, Stats};
pub use trigger::{Trigger, TriggerCreate};
pub use version::PayloadVersion;
