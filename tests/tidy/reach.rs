//! What a Rust caller can do, give and read, a C caller can too: each call of the service and the engine has a
//! function, each member of what they answer a getter, each member of what they take a member of a struct.

use std::collections::BTreeSet;

use crate::tree::{File, expect_clean, files};

const HEADER: &str = include_str!("../../include/tieback.h");

/// What answers are made of, and how the getters of each begin.
const ANSWERS: [(&str, &str); 18] = [
    ("Hook", "hook"),
    ("Trigger", "trigger"),
    ("Resource", "resource"),
    ("Event", "event"),
    ("Metadata", "event"),
    ("RelatedResource", "event_related"),
    ("Published", "published"),
    ("Delivery", "delivery"),
    ("Attempt", "attempt"),
    ("Notice", "notice"),
    ("LogLine", "log_line"),
    ("Stats", "stats"),
    ("IdleReport", "idle_report"),
    ("Purged", "purged"),
    ("Restored", "restored"),
    ("RestoredLane", "restored_lane"),
    ("IntegrityReport", "integrity_report"),
    ("Finding", "integrity_report"),
];

/// What calls take, and the struct of each.
const GIVEN: [(&str, &str); 6] = [
    ("HookCreate", "tieback_hook_options"),
    ("HookUpdate", "tieback_hook_change"),
    ("HookQuery", "tieback_hook_query"),
    ("DeliveryQuery", "tieback_delivery_query"),
    ("EngineOptions", "tieback_engine_options"),
    ("RetryPolicy", "tieback_engine_options"),
];

/// Members and calls that have another name in C, as `Type.member`, and how that begins.
const OTHERWISE: [(&str, &str); 22] = [
    ("Hook.destination_headers", "tieback_hook_header_"),
    ("Resource.deprecated_event_types", "tieback_resource_deprecated"),
    ("Event.metadata", "tieback_event_source_"),
    ("Event.related_resources", "tieback_event_related_"),
    ("Event.event_type", "tieback_event_type"),
    ("IntegrityReport.findings", "tieback_integrity_report_message"),
    ("HookCreate.destination_headers", "header_names"),
    ("HookUpdate.destination_headers", "header_names"),
    ("HookUpdate.active", "status"),
    ("EngineOptions.policy", "backoff_min_ms"),
    ("EngineOptions.egress", "allow_networks"),
    ("EngineOptions.tls", "extra_ca_pem"),
    ("EngineOptions.proxy", "proxy_url"),
    ("EngineOptions.catalogue", "catalogue_csv"),
    ("EngineOptions.bounds", "max_queued"),
    ("EngineOptions.limits", "max_attempts_in_flight"),
    ("EngineOptions.report", "on_log"),
    ("RetryPolicy.connect_timeout", "connect_timeout_ms"),
    ("RetryPolicy.jitter", "jitter_percent"),
    ("Engine.restore", "tieback_restore"),
    ("Engine.publish", "tieback_publish"),
    ("Engine.publish_many", "tieback_publish_many"),
];

/// What is of Rust alone: parts that a Rust caller puts in the place of the real ones.
const RUST_ALONE: [&str; 4] = ["Engine.on", "EngineOptions.lookup", "EngineOptions.clock", "EngineOptions.random"];

#[test]
fn what_rust_callers_can_do_give_and_read_c_callers_can_too() {
    let files = files();
    let rust = files.iter().filter(|file| file.is_rust() && file.under("src/"));
    let rust: Vec<(&str, Vec<syn::Item>)> = rust.map(|file| (file.path.as_str(), items(file))).collect();
    let reach = Reach::of(HEADER);
    let mut wrong = Vec::new();
    for (name, noun) in ANSWERS {
        let members = members_of(&rust, name);
        assert!(!members.is_empty(), "{name} has no members");
        wrong.extend(members.iter().filter(|member| !reach.can_read(name, noun, member)).map(|member| {
            format!("{name}.{member}: no function in include/tieback.h begins with tieback_{noun}_{member}")
        }));
    }
    for (name, in_c) in GIVEN {
        let members = members_of(&rust, name);
        assert!(!members.is_empty(), "{name} has no members");
        wrong.extend(
            members
                .iter()
                .filter(|member| !reach.can_give(name, in_c, member))
                .map(|member| format!("{name}.{member}: {in_c} has no such member")),
        );
    }
    for (name, calls) in [("Service", calls_of_trait(&rust)), ("Engine", calls_of_engine(&rust))] {
        assert!(calls.len() > 10, "{name} has the calls {calls:?}");
        wrong.extend(
            calls.iter().filter(|call| !reach.can_call(name, call)).map(|call| format!("{name}::{call} is not in C")),
        );
    }
    expect_clean(wrong);
}

/// What the header has.
struct Reach {
    functions: BTreeSet<String>,
    structs: Vec<(String, BTreeSet<String>)>,
}

impl Reach {
    fn of(header: &str) -> Self {
        let outside_comments: String = header
            .split("/*")
            .enumerate()
            .map(|(nth, part)| if nth == 0 { part } else { after_comment(part) })
            .collect();
        let functions = outside_comments.split('(').filter_map(|before| {
            let name = before.rsplit(|c: char| !is_of_name(c)).next()?;
            name.starts_with("tieback_").then(|| name.to_owned())
        });
        let structs = outside_comments.split("typedef struct {").skip(1).filter_map(|after| {
            let (members, name) = after.split_once('}')?;
            let members = members.split(';').filter_map(|member| member.rsplit(|c| !is_of_name(c)).next());
            Some((name.split(';').next()?.trim().to_owned(), members.map(str::to_owned).collect()))
        });
        Self { functions: functions.collect(), structs: structs.collect() }
    }

    fn can_read(&self, name: &str, noun: &str, member: &str) -> bool {
        let begins = otherwise(name, member).unwrap_or_else(|| format!("tieback_{noun}_{}", singular(member)));
        self.functions.iter().any(|function| function.starts_with(&begins))
    }

    fn can_give(&self, name: &str, in_c: &str, member: &str) -> bool {
        let begins = otherwise(name, member).unwrap_or_else(|| singular(member).to_owned());
        let members = self.structs.iter().find(|(known, _)| known == in_c).map(|(_, members)| members);
        RUST_ALONE.contains(&format!("{name}.{member}").as_str())
            || members.is_some_and(|members| members.iter().any(|known| known.starts_with(&begins)))
    }

    fn can_call(&self, name: &str, call: &str) -> bool {
        let wanted = otherwise(name, call).unwrap_or_else(|| match name {
            "Service" => format!("tieback_{call}"),
            _ => format!("tieback_engine_{call}"),
        });
        let is_it = |function: &String| *function == wanted || *function == format!("{wanted}_ms");
        RUST_ALONE.contains(&format!("{name}.{call}").as_str()) || self.functions.iter().any(is_it)
    }
}

fn otherwise(name: &str, member: &str) -> Option<String> {
    let whole = format!("{name}.{member}");
    OTHERWISE.iter().find(|(known, _)| *known == whole).map(|(_, begins)| (*begins).to_owned())
}

fn singular(member: &str) -> &str {
    member.strip_suffix('s').filter(|short| !short.ends_with('s')).unwrap_or(member)
}

fn is_of_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

fn after_comment(part: &str) -> &str {
    part.split_once("*/").map_or("", |(_, after)| after)
}

/// The public members of a struct.
fn members_of(files: &[(&str, Vec<syn::Item>)], name: &str) -> Vec<String> {
    let structs = files.iter().flat_map(|(_, items)| items).filter_map(|item| match item {
        syn::Item::Struct(found) if found.ident == name => Some(found),
        _ => None,
    });
    let is_public = |visibility: &syn::Visibility| matches!(visibility, syn::Visibility::Public(_));
    structs
        .flat_map(|found| found.fields.iter())
        .filter(|field| is_public(&field.vis))
        .filter_map(|field| field.ident.as_ref().map(ToString::to_string))
        .collect()
}

fn calls_of_trait(files: &[(&str, Vec<syn::Item>)]) -> Vec<String> {
    let items = files.iter().filter(|(path, _)| *path == "src/service.rs").flat_map(|(_, items)| items);
    let traits = items.filter_map(|item| match item {
        syn::Item::Trait(found) if found.ident == "Service" => Some(&found.items),
        _ => None,
    });
    let calls = traits.flatten().filter_map(|item| match item {
        syn::TraitItem::Fn(call) => Some(call.sig.ident.to_string()),
        _ => None,
    });
    calls.collect()
}

fn calls_of_engine(files: &[(&str, Vec<syn::Item>)]) -> Vec<String> {
    let items = files.iter().filter(|(path, _)| path.starts_with("src/engine/")).flat_map(|(_, items)| items);
    let implementations = items.filter_map(|item| match item {
        syn::Item::Impl(found) if found.trait_.is_none() && is_engine(&found.self_ty) => Some(&found.items),
        _ => None,
    });
    let calls = implementations.flatten().filter_map(|item| match item {
        syn::ImplItem::Fn(call) if matches!(call.vis, syn::Visibility::Public(_)) => Some(call.sig.ident.to_string()),
        _ => None,
    });
    calls.collect()
}

fn is_engine(kind: &syn::Type) -> bool {
    matches!(kind, syn::Type::Path(path) if path.path.is_ident("Engine"))
}

fn items(file: &File) -> Vec<syn::Item> {
    syn::parse_file(&file.text).unwrap_or_else(|error| panic!("{}: {error}", file.path)).items
}

#[test]
fn reach_rule_sees_what_is_missing() {
    let reach = Reach::of(
        "/** tieback_hook_name( */\ntypedef struct {\n  /** a */\n  size_t struct_size;\n  const char *const *names;\n\
         } tieback_hook_options;\nconst char *tieback_hook_id(const tieback_hook *hook);\nint tieback_stop_now(void);",
    );
    assert!(reach.can_read("Hook", "hook", "id"));
    assert!(!reach.can_read("Hook", "hook", "name"), "a comment is no function");
    assert!(reach.can_give("HookCreate", "tieback_hook_options", "names"));
    assert!(!reach.can_give("HookCreate", "tieback_hook_options", "url"));
    assert!(!reach.can_give("HookCreate", "tieback_hook_change", "names"));
    assert!(reach.can_call("Service", "stop_now") && !reach.can_call("Service", "stop"));
    assert_eq!(singular("hooks"), "hook");
    assert_eq!(singular("address"), "address");
}
