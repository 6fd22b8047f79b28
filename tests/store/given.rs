//! What claims begin with: scopes, hooks, events, attempts.
#![allow(dead_code)]

use tieback::error::{ErrorKind, Result};
use tieback::policy::lane::{LaneState, Verdict};
use tieback::store::{
    Commit, Committed, LaneWrite, LoadRequest, Loaded, Publishing, QueueBounds, Settled, Store, Tenure,
};
use tieback::time::Timestamp;
use tieback::types::{
    Attempt, Delivery, DeliveryId, DeliveryQuery, DestinationHeaders, DestinationUrl, Event, HookCreate, HookId, Id,
    Namespace, PageRequest, PayloadVersion, Published, Scope, SigningSecrets, Trigger, TriggerCreate, TriggerId,
    WorkerId,
};
use tieback::wire::own::event_to_json;

/// This many seconds after the tests' first moment.
pub fn at(seconds: i64) -> Timestamp {
    Timestamp::from_micros(1_738_884_852_246_562 + seconds * 1_000_000)
}

pub fn company() -> Scope {
    Scope::company(5_358_233).unwrap()
}

pub fn other_company() -> Scope {
    Scope::company(5_358_234).unwrap()
}

pub fn project() -> Scope {
    Scope::project(9_876_543, Some(5_358_233)).unwrap()
}

/// A hook to create, with payload v2.0.
pub fn hook(namespace: &str) -> HookCreate {
    hook_of(namespace, PayloadVersion::V2)
}

pub fn hook_of(namespace: &str, payload_version: PayloadVersion) -> HookCreate {
    HookCreate {
        namespace: Namespace::parse(namespace).unwrap(),
        payload_version,
        destination_url: url("https://erp.example.com/events?token=t0ken"),
        destination_headers: headers("Bearer secret-token"),
        signing_secrets: SigningSecrets::default(),
        rate_limit: None,
    }
}

pub fn url(text: &str) -> DestinationUrl {
    DestinationUrl::parse(text).unwrap()
}

pub fn headers(authorization: &str) -> DestinationHeaders {
    DestinationHeaders::parse([("Authorization", authorization), ("X-Tenant", "7")]).unwrap()
}

pub fn trigger(resource_name: &str, event_type: &str) -> TriggerCreate {
    TriggerCreate::new(resource_name, event_type).unwrap()
}

/// A hook in the company with a trigger on `RFIs` `update`.
pub fn rfi_hook(store: &dyn Store, namespace: &str) -> HookId {
    rfi_hook_in(store, &company(), &hook(namespace))
}

pub fn rfi_hook_in(store: &dyn Store, scope: &Scope, create: &HookCreate) -> HookId {
    let hook = hook_id(&store.insert_hook(scope, create, at(0)).unwrap().id);
    triggers(store, scope, hook, &[trigger("RFIs", "update")]);
    hook
}

pub fn triggers(store: &dyn Store, scope: &Scope, hook: HookId, triggers: &[TriggerCreate]) -> Vec<Trigger> {
    store.insert_triggers(scope, hook, triggers, at(0)).unwrap().into_iter().map(Result::unwrap).collect()
}

pub fn hook_id(id: &Id) -> HookId {
    HookId::from_id(id).unwrap()
}

pub fn trigger_id(trigger: &Trigger) -> TriggerId {
    TriggerId::from_id(&trigger.id).unwrap()
}

/// The `number`th event of a test: an update of the RFI of that number, in the company.
pub fn event(number: i64) -> Publishing {
    event_in(&company(), "RFIs", number.into(), "update", number)
}

pub fn event_in(scope: &Scope, resource: &str, resource_id: Id, event_type: &str, number: i64) -> Publishing {
    let mut event = Event::new(scope, resource, resource_id, event_type);
    event.ulid = Some(ulid(number));
    ready(event)
}

/// The event as a publisher hands it to a store.
pub fn ready(mut event: Event) -> Publishing {
    let given = event_to_json(&event).to_string();
    event.timestamp.get_or_insert(at(0));
    Publishing { event, named: true, given, deprecated: false, only: None, bounds: QueueBounds::default() }
}

pub fn ulid(number: i64) -> String {
    format!("01JMYXMZRBVKK0PC6X{number:08}")
}

pub fn publish(store: &dyn Store, publishing: Publishing) -> Published {
    publish_at(store, publishing, at(0))
}

pub fn publish_at(store: &dyn Store, publishing: Publishing, now: Timestamp) -> Published {
    store.publish(&[publishing], now).unwrap().remove(0).unwrap()
}

/// Publishes the events of these numbers; gives the hook's deliveries of them.
pub fn queue(store: &dyn Store, hook: HookId, numbers: impl IntoIterator<Item = i64>) -> Vec<DeliveryId> {
    let before = load(store, hook).deliveries.len();
    for number in numbers {
        publish(store, event(number));
    }
    load(store, hook).deliveries.into_iter().skip(before).map(|queued| queued.delivery).collect()
}

/// The whole lane.
pub fn load(store: &dyn Store, hook: HookId) -> Loaded {
    let request = LoadRequest { hook, after: DeliveryId(0), limit: 1000, bytes: 1 << 20 };
    store.load(&[request]).unwrap().remove(0)
}

pub fn queued(store: &dyn Store, hook: HookId) -> Vec<DeliveryId> {
    load(store, hook).deliveries.into_iter().map(|queued| queued.delivery).collect()
}

/// The right to write a hook's lane: a new worker claims it, unless somebody holds it. Of a hook that is not there it
/// is one that nobody has.
pub fn tenure(store: &dyn Store, hook: HookId) -> Tenure {
    let request = [LoadRequest { hook, after: DeliveryId(0), limit: 0, bytes: 0 }];
    let held = |loaded: Vec<Loaded>| loaded.first().and_then(|lane| lane.tenure);
    let held = held(store.load(&request).unwrap())
        .or_else(|| held(store.claim(store.enlist(at(0)).unwrap(), &request).unwrap()));
    held.unwrap_or(Tenure { worker: WorkerId(0), fence: 0 })
}

/// Has a worker claim the whole lane; gives it as it is then, whoever has it.
pub fn claim(store: &dyn Store, worker: WorkerId, hook: HookId) -> Loaded {
    let request = LoadRequest { hook, after: DeliveryId(0), limit: 1000, bytes: 1 << 20 };
    store.claim(worker, &[request]).unwrap().remove(0)
}

/// The hooks with something that may be sent, after all workers have gone.
pub fn work(store: &dyn Store) -> Vec<HookId> {
    store.look(None, 0).unwrap().others.iter().for_each(|other| store.retire(other.worker).unwrap());
    store.look(None, 0).unwrap().work
}

pub fn attempt(status: u16) -> Attempt {
    Attempt { started_at: at(1), completed_at: at(2), response_status: Some(status), ..Attempt::default() }
}

pub fn settle(store: &dyn Store, hook: HookId, delivery: DeliveryId, verdict: Verdict) -> Committed {
    let status = if verdict == Verdict::Delivered { 204 } else { 503 };
    let settled = Settled { hook, tenure: tenure(store, hook), delivery, verdict, attempt: attempt(status) };
    store.commit(&Commit { settled: vec![settled], lanes: Vec::new() }).unwrap()
}

pub fn write_lane(store: &dyn Store, hook: HookId, state: LaneState) {
    let lane = LaneWrite { hook, tenure: tenure(store, hook), state, flush: false };
    store.commit(&Commit { settled: Vec::new(), lanes: vec![lane] }).unwrap();
}

pub fn flush(store: &dyn Store, hook: HookId) -> Committed {
    let lane = LaneWrite { hook, tenure: tenure(store, hook), state: load(store, hook).state, flush: true };
    store.commit(&Commit { settled: Vec::new(), lanes: vec![lane] }).unwrap()
}

/// All deliveries of a hook in the company, newest first.
pub fn listed(store: &dyn Store, hook: HookId) -> Vec<Delivery> {
    listed_by(store, hook, &DeliveryQuery::default())
}

pub fn listed_by(store: &dyn Store, hook: HookId, query: &DeliveryQuery) -> Vec<Delivery> {
    let page = store.deliveries(&company(), hook, query, &PageRequest { limit: 1000, after: None }).unwrap();
    assert_eq!(page.next, None, "the list of a test fits on one page");
    page.items
}

pub fn shown(store: &dyn Store, hook: HookId, delivery: DeliveryId) -> Delivery {
    let id = Id::from(delivery);
    listed(store, hook).into_iter().find(|delivery| delivery.id == id).unwrap()
}

/// The status and the reason of a delivery, as words.
pub fn standing(store: &dyn Store, hook: HookId, delivery: DeliveryId) -> (String, Option<&'static str>) {
    let delivery = shown(store, hook, delivery);
    (delivery.status.as_str().to_owned(), delivery.why.map(|why| why.as_str()))
}

pub fn page(limit: u32, after: Option<Id>) -> PageRequest {
    PageRequest { limit, after }
}

#[track_caller]
pub fn refused<T: std::fmt::Debug>(result: Result<T>, kind: ErrorKind) {
    message_of(result, kind);
}

/// What a refusal of this kind says.
#[track_caller]
pub fn message_of<T: std::fmt::Debug>(result: Result<T>, kind: ErrorKind) -> String {
    let error = result.expect_err("this is refused");
    assert_eq!(error.kind(), kind, "{error}");
    error.message().to_owned()
}
