//! Procore's guide "Using the Webhooks API", sentence by sentence and snippet by snippet, on the embedded engine.
//!
//! Every test quotes the sentence it holds. Bodies are the guide's own text.

mod support;

use std::time::Duration;

use serde_json::{Value, json};
use support::rig::{Rig, company, event, hook_create, project};
use support::sink::{Answer, Sink};
use tieback::error::ErrorKind;
use tieback::policy::retry::RetryPolicy;
use tieback::secret::Secret;
use tieback::service::Service;
use tieback::time::Timestamp;
use tieback::types::*;

/// "Example: company-level hook", as printed.
const COMPANY_HOOK: &str = r#"{
  "company_id": 5358233,
  "hook": {
    "api_version": "v2",
    "namespace": "your-integration-name",
    "destination_url": "https://webhooks.yourdomain.com/events",
    "destination_headers": {
      "Authorization": "Bearer <token>"
    }
  }
}"#;

/// "Example: project-level hook", as printed.
const PROJECT_HOOK: &str = r#"{
  "project_id": 9876543,
  "hook": {
    "api_version": "v2",
    "namespace": "your-integration-name",
    "destination_url": "https://webhooks.yourdomain.com/events",
    "destination_headers": {
      "Authorization": "Bearer <token>"
    }
  }
}"#;

/// "Example: add a trigger", as printed.
const TRIGGER: &str = r#"{
  "company_id": 5358233,
  "api_version": "v2",
  "trigger": {
    "resource_name": "Company Users",
    "event_type": "update"
  }
}"#;

/// Reads a request of the guide into what the service takes.
fn request(text: &str) -> (Scope, Value) {
    let body: Value = serde_json::from_str(text).unwrap();
    (Scope::one_of(body["company_id"].as_i64(), body["project_id"].as_i64()).unwrap(), body)
}

fn hook_of(body: &Value) -> HookCreate {
    let hook = &body["hook"];
    let word = |name: &str| hook[name].as_str().unwrap();
    let headers = hook["destination_headers"].as_object().unwrap();
    HookCreate {
        namespace: Namespace::parse(word("namespace")).unwrap(),
        payload_version: PayloadVersion::parse(word("api_version")).unwrap(),
        destination_url: DestinationUrl::parse(word("destination_url")).unwrap(),
        destination_headers: DestinationHeaders::parse(
            headers.iter().map(|(name, value)| (name.as_str(), value.as_str().unwrap())),
        )
        .unwrap(),
    }
}

fn trigger_of(body: &Value) -> TriggerCreate {
    let trigger = &body["trigger"];
    TriggerCreate::new(trigger["resource_name"].as_str().unwrap(), trigger["event_type"].as_str().unwrap()).unwrap()
}

fn no_page() -> PageRequest {
    PageRequest::default()
}

/// "You'll create a hook (the endpoint + scope) and then add one or more triggers (the resources and events you care
/// about). Finally, you can review recent deliveries for troubleshooting."
#[test]
fn a_hook_a_trigger_and_an_event_make_a_delivery_to_review() {
    let (rig, sink) = (Rig::new(), Sink::always(204));
    let (scope, body) = request(TRIGGER);
    let hook = rig.hook(&scope, &sink.url("/events"), PayloadVersion::V2);
    rig.service.trigger_create(&scope, &hook.id, &trigger_of(&body)).unwrap();
    let published = rig.engine.publish(&event(&scope, "Company Users", 42, "update")).unwrap();
    assert_eq!((published.deliveries, published.no_delivery), (1, None));
    rig.run();
    let [delivery] = &rig.deliveries(&scope, &hook)[..] else { panic!("one delivery") };
    assert_eq!(delivery.status, DeliveryStatus::Delivered);
    assert_eq!(sink.requests()[0].body, delivery.payload);
}

/// "Decide your scope: company (`company_id`) or project (`project_id`). Use one or the other per request."
#[test]
fn a_request_names_one_scope() {
    for (company, project) in [(Some(5_358_233), Some(9_876_543)), (None, None)] {
        let refused = Scope::one_of(company, project).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::InvalidArgument);
        assert!(refused.message().contains("company_id") && refused.message().contains("project_id"), "{refused}");
    }
    assert_eq!(Scope::one_of(Some(5_358_233), None).unwrap().level(), Level::Company);
    assert_eq!(Scope::one_of(None, Some(9_876_543)).unwrap().level(), Level::Project);
}

/// "Your notification endpoint accepts HTTPS `POST` requests and returns a `2xx` status when it successfully receives
/// an event."
#[test]
fn deliveries_are_posts_and_every_2xx_is_a_success() {
    let sink = Sink::start(|_, n| Answer::Status([200, 201, 202, 204, 299][n]));
    let rig = Rig::new();
    let scope = company();
    let hook = rig.hook(&scope, &sink.url("/events"), PayloadVersion::V2);
    rig.trigger(&scope, &hook, "Company Users", "update");
    for id in 1..=5 {
        rig.engine.publish(&event(&scope, "Company Users", id, "update")).unwrap();
    }
    rig.run();
    assert!(sink.requests().iter().all(|request| request.method == "POST" && request.path == "/events"));
    assert!(sink.requests().iter().all(|request| request.header("Content-Type") == Some("application/json")));
    let deliveries = rig.deliveries(&scope, &hook);
    assert_eq!(deliveries.len(), 5);
    assert!(deliveries.iter().all(|delivery| delivery.status == DeliveryStatus::Delivered));
}

/// The same sentence: HTTPS, unless a dangerous switch says otherwise.
#[test]
fn a_hook_with_an_http_url_is_refused() {
    let rig = Rig::with(|options| options.egress = Default::default());
    let hook = hook_create("acme-invoice-sync", "http://webhooks.yourdomain.com/events", PayloadVersion::V2);
    let refused = rig.service.hook_create(&company(), &hook).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::InvalidArgument);
    assert!(refused.message().contains("https"), "{refused}");
    assert!(rig.service.hook_list(&company(), &HookQuery::default(), &no_page()).unwrap().items.is_empty());
}

/// "Plan to handle retries and duplicate deliveries (design idempotent processing)." and "Be idempotent: dedupe/retry
/// safely using the event `id` (or ULID) and your own keys."
#[test]
fn a_retried_delivery_is_the_same_bytes_with_the_same_event_id() {
    let sink = Sink::start(|_, n| Answer::Status(if n == 0 { 503 } else { 204 }));
    let rig = Rig::new();
    let scope = company();
    let hook = rig.hook(&scope, &sink.url("/events"), PayloadVersion::V2);
    rig.trigger(&scope, &hook, "Company Users", "update");
    let published = rig.engine.publish(&event(&scope, "Company Users", 42, "update")).unwrap();
    rig.run();
    rig.clock.advance(Duration::from_secs(1));
    rig.run();
    let requests = sink.requests();
    assert_eq!(requests.len(), 2);
    assert_eq!(requests[0].body, requests[1].body);
    let sent: Value = serde_json::from_slice(&requests[1].body).unwrap();
    assert_eq!(sent["ulid"], published.ulid);
    assert_eq!(sent["id"].to_string(), published.id.as_str());
}

/// "1) Create a Hook", the company-level example. The token is shown masked.
#[test]
fn the_company_level_example_creates_a_hook() {
    let rig = Rig::with(|options| options.egress = Default::default());
    let (scope, body) = request(COMPANY_HOOK);
    let hook = rig.service.hook_create(&scope, &hook_of(&body)).unwrap();
    assert_eq!(hook.company_id, Some(Id::from(5_358_233)));
    assert_eq!(hook.project_id, None);
    assert_eq!(hook.namespace, "your-integration-name");
    assert_eq!(hook.payload_version, "v2.0");
    assert_eq!(hook.destination_url, "https://webhooks.yourdomain.com/events");
    assert_eq!(hook.destination_headers, [("Authorization".to_owned(), "*****oken>".to_owned())]);
    assert_eq!(hook.status, HookStatus::Active);
    assert_eq!(rig.service.hook_show(&scope, &hook.id).unwrap(), hook);
}

/// "1) Create a Hook", the project-level example. It is another scope than the company's.
#[test]
fn the_project_level_example_creates_a_hook() {
    let rig = Rig::with(|options| options.egress = Default::default());
    let (scope, body) = request(PROJECT_HOOK);
    let hook = rig.service.hook_create(&scope, &hook_of(&body)).unwrap();
    assert_eq!(hook.project_id, Some(Id::from(9_876_543)));
    assert_eq!(rig.service.hook_show(&scope, &hook.id).unwrap(), hook);
    assert_eq!(rig.service.hook_show(&company(), &hook.id).unwrap_err().kind(), ErrorKind::NotFound);
}

/// "Keep `destination_headers` minimal and do not log secrets."
#[test]
fn no_secret_is_shown_by_answers_debug_output_or_errors() {
    let rig = Rig::new();
    let create = hook_create("acme-invoice-sync", "https://webhooks.yourdomain.com/events", PayloadVersion::V2);
    let hook = rig.service.hook_create(&company(), &create).unwrap();
    let conflict = rig.service.hook_create(&company(), &create).unwrap_err();
    for shown in [format!("{create:?}"), format!("{hook:?}"), format!("{conflict:?} {conflict}")] {
        assert!(!shown.contains("a-long-secret"), "{shown}");
    }
    assert_eq!(hook.destination_headers[0].1, Secret::new("Bearer a-long-secret-token").masked());
}

/// "Rotate tokens periodically."
#[test]
fn a_rotated_token_is_used_by_the_next_delivery() {
    let (rig, sink, scope) = (Rig::new(), Sink::always(204), company());
    let hook = rig.hook(&scope, &sink.url("/events"), PayloadVersion::V2);
    rig.trigger(&scope, &hook, "Company Users", "update");
    rig.engine.publish(&event(&scope, "Company Users", 1, "update")).unwrap();
    rig.run();
    let rotated = DestinationHeaders::parse([("Authorization", "Bearer another-secret-token")]).unwrap();
    let change = HookUpdate { destination_headers: Some(rotated), ..HookUpdate::default() };
    rig.service.hook_update(&scope, &hook.id, &change).unwrap();
    rig.engine.publish(&event(&scope, "Company Users", 1, "update")).unwrap();
    rig.run();
    let tokens: Vec<_> = sink.requests().iter().map(|r| r.header("Authorization").unwrap().to_owned()).collect();
    assert_eq!(tokens, ["Bearer a-long-secret-token", "Bearer another-secret-token"]);
}

/// "Triggers define which resource events should generate webhooks." and "Limit triggers: subscribe only to
/// resources/events you actually need."
#[test]
fn only_triggered_events_generate_webhooks() {
    let (rig, sink, scope) = (Rig::new(), Sink::always(204), company());
    let hook = rig.hook(&scope, &sink.url("/events"), PayloadVersion::V2);
    rig.trigger(&scope, &hook, "Company Users", "update");
    let others = [("Company Users", "create"), ("Company Vendors", "update")];
    for (resource, event_type) in others {
        let published = rig.engine.publish(&event(&scope, resource, 1, event_type)).unwrap();
        assert_eq!((published.deliveries, published.no_delivery), (0, Some(NoDelivery::NoTrigger)));
    }
    rig.engine.publish(&event(&scope, "Company Users", 2, "update")).unwrap();
    rig.run();
    assert_eq!(sink.requests().len(), 1);
}

/// "Body must include ... a `trigger` object with `resource_name` and `event_type` (`create`, `update`, or `delete`)."
#[test]
fn a_trigger_takes_create_update_and_delete() {
    let (rig, scope) = (Rig::new(), project());
    let hook = rig.hook(&scope, "https://webhooks.yourdomain.com/events", PayloadVersion::V2);
    for event_type in ["create", "update", "delete"] {
        assert_eq!(rig.trigger(&scope, &hook, "RFIs", event_type).event_type, event_type);
    }
    let unknown = TriggerCreate::new("RFIs", "approve").unwrap();
    let refused = rig.service.trigger_create(&scope, &hook.id, &unknown).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::InvalidArgument);
    assert!(refused.message().contains("create, update, delete"), "{refused}");
}

/// "Example: add a trigger".
#[test]
fn the_trigger_example_adds_a_trigger() {
    let rig = Rig::new();
    let (scope, body) = request(TRIGGER);
    let hook = rig.hook(&scope, "https://webhooks.yourdomain.com/events", PayloadVersion::V2);
    let trigger = rig.service.trigger_create(&scope, &hook.id, &trigger_of(&body)).unwrap();
    assert_eq!(trigger.hook_id, hook.id);
    assert_eq!((&*trigger.resource_name, &*trigger.event_type), ("Company Users", "update"));
    assert_eq!(rig.service.trigger_list(&scope, &hook.id, &no_page()).unwrap().items, [trigger]);
}

/// "Use the Webhook Resources list or the downloadable CSV to look up valid `resource_name` values."
#[test]
fn the_resources_list_gives_the_valid_names_of_the_level() {
    let rig = Rig::new();
    let whole = PageRequest { limit: 1000, after: None };
    let names = |scope: &Scope| -> Vec<String> {
        let page = rig.service.resource_list(scope, &ResourceQuery::default(), &whole).unwrap();
        page.items.into_iter().map(|resource| resource.name).collect()
    };
    assert!(names(&company()).contains(&"Company Users".to_owned()));
    assert!(names(&project()).contains(&"RFIs".to_owned()));
    assert!(!names(&company()).contains(&"RFIs".to_owned()));
    assert_eq!((names(&company()).len(), names(&project()).len()), (25, 96));
}

/// "Use deliveries to see what Procore sent to your endpoint and how your endpoint responded.", and the useful fields:
/// `response_status`, `response_headers`, `response_error`, `response_body`.
#[test]
fn a_delivery_shows_what_was_sent_and_what_was_answered() {
    let sink = Sink::start(|_, n| match n {
        0 => Answer::StatusWith {
            status: 500,
            headers: vec![("X-Trace".to_owned(), "abc".to_owned())],
            body: b"database is down".to_vec(),
        },
        1 => Answer::CloseWithoutAnswer,
        _ => Answer::Status(200),
    });
    let (rig, scope) = (Rig::new(), company());
    let hook = rig.hook(&scope, &sink.url("/events"), PayloadVersion::V2);
    rig.trigger(&scope, &hook, "Company Users", "update");
    rig.engine.publish(&event(&scope, "Company Users", 42, "update")).unwrap();
    for wait in [0, 1, 2] {
        rig.clock.advance(Duration::from_secs(wait));
        rig.run();
    }
    let [delivery] = &rig.deliveries(&scope, &hook)[..] else { panic!("one delivery") };
    let [failed, cut, delivered] = &delivery.attempts[..] else { panic!("three attempts: {:?}", delivery.attempts) };
    assert_eq!(failed.response_status, Some(500));
    assert!(failed.response_headers.iter().any(|(n, v)| n.eq_ignore_ascii_case("x-trace") && v == "abc"));
    assert_eq!(failed.response_body, b"database is down");
    assert_eq!(failed.response_error, None);
    assert_eq!(cut.response_status, None);
    assert!(cut.response_error.as_deref().is_some_and(|error| error.contains("closed")), "{cut:?}");
    assert_eq!(delivered.response_status, Some(200));
    assert_eq!(delivery.payload, sink.requests()[2].body);
    assert!(failed.started_at < cut.started_at && cut.started_at < delivered.started_at);
}

/// "`filter[status]`: `any` (default), `successful`, `discarded`, or `failing`", and "Example: list failing
/// deliveries".
#[test]
fn deliveries_are_listed_by_the_guides_words() {
    let sink = Sink::start(|request, _| {
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        Answer::Status(if body["resource_id"] == json!(1) { 204 } else { 500 })
    });
    let (rig, scope) = (Rig::new(), company());
    let hook = rig.hook(&scope, &sink.url("/events"), PayloadVersion::V2);
    rig.trigger(&scope, &hook, "Company Users", "update");
    rig.engine.publish(&event(&scope, "Company Users", 1, "update")).unwrap();
    rig.run();
    rig.engine.publish(&event(&scope, "Company Users", 2, "update")).unwrap();
    rig.run();
    rig.engine.publish(&event(&scope, "Company Users", 3, "update")).unwrap();
    let skipped = rig.deliveries(&scope, &hook)[2].id.clone();
    rig.engine.skip(&scope, &hook.id, &skipped).unwrap();
    let listed = |word: &str| -> Vec<String> {
        let query = DeliveryQuery { status: StatusFilter::parse(word).unwrap(), ..DeliveryQuery::default() };
        let found = rig.deliveries_by(&scope, &hook, &query);
        found.iter().map(|delivery| delivery.event.resource_id.to_string()).collect()
    };
    assert_eq!(listed("any"), ["1", "2", "3"]);
    assert_eq!(listed("successful"), ["1"]);
    assert_eq!(listed("failing"), ["2"]);
    assert_eq!(listed("discarded"), ["3"]);
    assert_eq!(rig.deliveries(&scope, &hook).len(), 3, "any is the default");
    assert_eq!(StatusFilter::parse("fialing").unwrap_err().kind(), ErrorKind::InvalidArgument);
}

/// "`event`: includes `id`, `timestamp`, `resource_name`, `resource_id`, `event_type`, `company_id`, `project_id`, and
/// `api_version`".
#[test]
fn a_deliverys_event_has_the_fields_of_the_guide() {
    let (rig, sink, scope) = (Rig::new(), Sink::always(204), project());
    let hook = rig.hook(&scope, &sink.url("/events"), PayloadVersion::V2);
    rig.trigger(&scope, &hook, "RFIs", "update");
    let published = rig.engine.publish(&event(&scope, "RFIs", 54321, "update")).unwrap();
    rig.run();
    let event = &rig.deliveries(&scope, &hook)[0].event;
    assert_eq!(event.id.as_ref(), Some(&published.id));
    assert_eq!(event.timestamp, Some(Timestamp::parse("2026-11-24T08:00:00Z").unwrap()));
    assert_eq!((&*event.resource_name, &*event.event_type), ("RFIs", "update"));
    assert_eq!(event.resource_id, Id::from(54321));
    assert_eq!(event.company_id, Some(Id::from(5_358_233)));
    assert_eq!(event.project_id, Some(Id::from(9_876_543)));
    assert_eq!(event.api_version.as_deref(), Some("v2.0"));
}

/// "Filter your own changes: use event metadata (e.g., `source_user_id` or `source_application_id`) to avoid loops from
/// your integration."
#[test]
fn a_delivery_carries_the_metadata_that_tells_your_own_changes() {
    let (rig, sink, scope) = (Rig::new(), Sink::always(204), company());
    let hook = rig.hook(&scope, &sink.url("/events"), PayloadVersion::V3);
    rig.trigger(&scope, &hook, "Company Users", "update");
    let mut own = event(&scope, "Company Users", 42, "update");
    own.metadata = Some(Metadata {
        source_user_id: Some(Id::from(987_654_321)),
        source_application_id: Some("app-7".to_owned()),
        ..Metadata::default()
    });
    rig.engine.publish(&own).unwrap();
    rig.run();
    let sent: Value = serde_json::from_slice(&sink.requests()[0].body).unwrap();
    assert_eq!(sent["metadata"]["source_user_id"], json!(987_654_321));
    assert_eq!(sent["metadata"]["source_application_id"], json!("app-7"));
}

/// "Secure the endpoint: HTTPS only, rotate secrets, and verify the `Authorization` header."
#[test]
fn the_authorization_value_arrives_exactly_as_stored() {
    let (rig, sink, scope) = (Rig::new(), Sink::always(204), company());
    let mut create = hook_create("acme-invoice-sync", &sink.url("/events"), PayloadVersion::V2);
    let value = "Bearer <token>, with \"quotes\" and  two blanks";
    create.destination_headers = DestinationHeaders::parse([("Authorization", value)]).unwrap();
    let hook = rig.service.hook_create(&scope, &create).unwrap();
    rig.trigger(&scope, &hook, "Company Users", "update");
    rig.engine.publish(&event(&scope, "Company Users", 42, "update")).unwrap();
    rig.run();
    assert_eq!(sink.requests()[0].header("Authorization"), Some(value));
}

/// "Log and alert: monitor failing deliveries and error spikes."
#[test]
fn a_failing_endpoint_is_seen_in_notices_and_stats() {
    let (rig, sink, scope) = (Rig::new(), Sink::always(503), company());
    let hook = rig.hook(&scope, &sink.url("/events"), PayloadVersion::V2);
    rig.trigger(&scope, &hook, "Company Users", "update");
    rig.engine.publish(&event(&scope, "Company Users", 42, "update")).unwrap();
    let report = rig.run();
    assert_eq!(report.paused_lanes, 1);
    let notices = rig.engine.notices().unwrap();
    assert_eq!(notices.len(), 1);
    assert_eq!(notices[0].kind, NoticeKind::Paused { reason: "503".to_owned() });
    assert_eq!(notices[0].hook.map(Id::from), Some(hook.id));
    rig.clock.advance(Duration::from_millis(250));
    let stats = rig.engine.stats().unwrap();
    assert_eq!((stats.queued, stats.in_flight, stats.paused_lanes), (1, 0, 1));
    assert_eq!(stats.oldest_queued_age, Duration::from_millis(250));
}

/// "Allowed characters: lowercase `a-z`, digits `0-9`, and dashes `-`." and "Keep it consistent and simple (e.g.,
/// `acme-invoice-sync`)."
#[test]
fn a_namespace_has_lower_case_letters_digits_and_dashes() {
    for good in ["acme-invoice-sync", "your-integration-name", "a", "0-9"] {
        assert_eq!(Namespace::parse(good).unwrap().as_str(), good);
    }
    for bad in ["Acme", "acme_sync", "acme sync", "", "acmé", "acme.sync", "acme\n"] {
        let refused = Namespace::parse(bad).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::InvalidArgument, "{bad}");
    }
}

/// "Namespaces isolate your app's hooks and triggers from others." and "Use one unique namespace per app/integration
/// across all companies and projects."
#[test]
fn one_namespace_serves_all_companies_and_projects_once_each() {
    let rig = Rig::new();
    let create = |name: &str| hook_create(name, "https://webhooks.yourdomain.com/events", PayloadVersion::V2);
    let scopes = [company(), project(), Scope::company(7).unwrap(), Scope::project(8, Some(7)).unwrap()];
    for scope in &scopes {
        rig.service.hook_create(scope, &create("acme-invoice-sync")).unwrap();
        let taken = rig.service.hook_create(scope, &create("acme-invoice-sync")).unwrap_err();
        assert_eq!(taken.kind(), ErrorKind::Conflict);
        assert!(taken.message().contains("acme-invoice-sync"), "{taken}");
        rig.service.hook_create(scope, &create("other-app")).unwrap();
    }
    let query = HookQuery { namespace: Some(Namespace::parse("other-app").unwrap()), ..HookQuery::default() };
    let own = rig.service.hook_list(&company(), &query, &no_page()).unwrap().items;
    assert_eq!(own.len(), 1);
    assert_eq!(own[0].namespace, "other-app");
}

/// "The timeout window on the Procore side is 5 seconds (once a successful connection is established) before the
/// request fails."
#[test]
fn an_answer_that_does_not_come_in_time_is_a_failure() {
    assert_eq!(RetryPolicy::default().response_timeout, Duration::from_secs(5));
    let sink = Sink::start(|_, n| if n == 0 { Answer::HangBeforeHeaders } else { Answer::Status(204) });
    let rig = Rig::with(|options| options.policy.response_timeout = Duration::from_millis(200));
    let scope = company();
    let hook = rig.hook(&scope, &sink.url("/events"), PayloadVersion::V2);
    rig.trigger(&scope, &hook, "Company Users", "update");
    rig.engine.publish(&event(&scope, "Company Users", 42, "update")).unwrap();
    rig.run();
    rig.clock.advance(Duration::from_secs(1));
    rig.run();
    let delivery = &rig.deliveries(&scope, &hook)[0];
    assert_eq!(delivery.attempts[0].response_error.as_deref(), Some("no response within 200 ms"));
    assert_eq!(delivery.status, DeliveryStatus::Delivered);
}

/// "Nothing arriving? Confirm you created both a hook and at least one trigger in the same scope (company vs project)
/// and API version."
#[test]
fn publishing_says_why_nothing_arrives() {
    let (rig, company, project) = (Rig::new(), company(), project());
    let why = |scope: &Scope, resource: &str, id: &str| {
        let event = Event::new(scope, resource, Id::parse("resource_id", id).unwrap(), "update");
        rig.engine.publish(&event).unwrap().no_delivery
    };
    assert_eq!(why(&project, "RFIs", "1"), Some(NoDelivery::NoHookInScope));
    rig.hook(&company, "https://webhooks.yourdomain.com/events", PayloadVersion::V2);
    assert_eq!(why(&project, "RFIs", "2"), Some(NoDelivery::NoHookInScope), "a company's hook is another scope");
    let hook = rig.hook(&project, "https://webhooks.yourdomain.com/events", PayloadVersion::V2);
    assert_eq!(why(&project, "RFIs", "3"), Some(NoDelivery::NoTrigger));
    rig.trigger(&project, &hook, "RFIs", "update");
    assert_eq!(why(&project, "RFIs", "01JMYXMZRBVKK0PC6XS8SA4QRE"), Some(NoDelivery::VersionCannotCarryId));
    let disable = HookUpdate { active: Some(false), ..HookUpdate::default() };
    rig.service.hook_update(&project, &hook.id, &disable).unwrap();
    assert_eq!(why(&project, "RFIs", "4"), Some(NoDelivery::HookDisabled));
    let enable = HookUpdate { active: Some(true), ..HookUpdate::default() };
    rig.service.hook_update(&project, &hook.id, &enable).unwrap();
    assert_eq!(why(&project, "RFIs", "5"), None);
}

/// The same sentence, "company vs project": a trigger of the other level cannot be created, and the error says so.
#[test]
fn a_project_resource_on_a_company_hook_is_refused_with_the_reason() {
    let rig = Rig::new();
    let hook = rig.hook(&company(), "https://webhooks.yourdomain.com/events", PayloadVersion::V2);
    let trigger = TriggerCreate::new("RFIs", "update").unwrap();
    let refused = rig.service.trigger_create(&company(), &hook.id, &trigger).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::InvalidArgument);
    assert!(refused.message().contains("project-level"), "{refused}");
}

/// "Many failures? Inspect delivery `response_status` and `response_error`, confirm your endpoint returns `2xx` on
/// success, and that secrets/URLs are correct."
#[test]
fn a_wrong_url_shows_in_the_delivery_and_a_corrected_one_is_tried_at_once() {
    let (rig, sink, scope) = (Rig::new(), Sink::always(204), company());
    let hook = rig.hook(&scope, &support::sink::refused_url(), PayloadVersion::V2);
    rig.trigger(&scope, &hook, "Company Users", "update");
    rig.engine.publish(&event(&scope, "Company Users", 42, "update")).unwrap();
    rig.run();
    let attempt = rig.deliveries(&scope, &hook)[0].attempts[0].clone();
    assert_eq!((attempt.response_status, attempt.response_error.as_deref()), (None, Some("connection refused")));
    let url = DestinationUrl::parse(&sink.url("/events")).unwrap();
    let change = HookUpdate { destination_url: Some(url), danger_keep_headers: true, ..HookUpdate::default() };
    rig.service.hook_update(&scope, &hook.id, &change).unwrap();
    rig.run();
    assert_eq!(rig.deliveries(&scope, &hook)[0].status, DeliveryStatus::Delivered, "without waiting for the back-off");
}

/// "Wrong data? Double-check `resource_name` values and your `api_version`."
#[test]
fn a_wrong_resource_name_is_refused_with_the_nearest_ones() {
    let (rig, scope) = (Rig::new(), project());
    let hook = rig.hook(&scope, "https://webhooks.yourdomain.com/events", PayloadVersion::V2);
    for (wrong, right) in [("Submittal", "`Submittals`"), ("rfis", "`RFIs`"), ("Drawing", "`Drawings`")] {
        let trigger = TriggerCreate::new(wrong, "update").unwrap();
        let refused = rig.service.trigger_create(&scope, &hook.id, &trigger).unwrap_err();
        assert!(refused.message().contains(right), "{wrong}: {refused}");
        let refused = rig.engine.publish(&event(&scope, wrong, 1, "update")).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::InvalidArgument);
    }
    assert_eq!(PayloadVersion::parse("v5").unwrap_err().kind(), ErrorKind::InvalidArgument);
    assert!(rig.service.trigger_list(&scope, &hook.id, &no_page()).unwrap().items.is_empty());
}
