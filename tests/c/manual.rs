//! The header as a manual: its functions come in groups, each group has an example, and every example compiles strictly
//! and runs.

use std::fmt::Write;
use std::path::PathBuf;

use crate::compile::{Library, Workshop};
use crate::prototypes;
use crate::refusing_once;

const HEADER: &str = include_str!("../../include/tieback.h");

/// Its first program, and further examples in the same style.
const GUIDE: &str = include_str!("../../docs/c.md");

/// The groups that the manual promises, in their order.
const GROUPS: [&str; 14] = [
    "Versions",
    "Engine",
    "Cancelling",
    "Service",
    "Hooks",
    "Triggers",
    "Events and publishing",
    "Deliveries",
    "Operating",
    "Upkeep",
    "Notices and the log",
    "Errors",
    "Texts and moments",
    "Flat",
];

/// A comment `/*! ... */` of the header: the front part, or the heading of a group.
struct Chapter {
    title: String,
    text: String,
    /// The functions up to the next heading.
    functions: usize,
}

fn chapters() -> Vec<Chapter> {
    let mut chapters = Vec::new();
    for part in HEADER.split("/*! ").skip(1) {
        let (comment, after) = part.split_once(" */").expect("a comment ends");
        let Some(heading) = comment.strip_prefix("@file").or_else(|| comment.strip_prefix("@defgroup ")) else {
            assert_eq!(comment, "@}", "a comment that begins with /*! is a heading");
            continue;
        };
        let (title, text) = heading.split_once('\n').expect("a heading has a text");
        let text = text.lines().map(|line| line.strip_prefix(" *").expect("a line of a comment"));
        let text = text.map(|line| line.strip_prefix(' ').unwrap_or(line)).collect::<Vec<_>>().join("\n");
        let title = title.split_once(' ').map_or("", |(_, title)| title).to_owned();
        chapters.push(Chapter { title, text, functions: after.matches("Ownership:").count() });
    }
    chapters
}

impl Chapter {
    fn examples(&self) -> Vec<&str> {
        examples_in(&self.text)
    }
}

/// What stands between ```c and ```.
fn examples_in(text: &str) -> Vec<&str> {
    let blocks = text.split("```c\n").skip(1);
    blocks.map(|block| block.split_once("```").expect("an example ends").0).collect()
}

#[test]
fn functions_come_in_groups_and_each_group_has_an_example() {
    let chapters = chapters();
    let (front, groups) = chapters.split_first().expect("a front part");
    assert_eq!(front.title, "");
    let titles: Vec<&str> = groups.iter().map(|group| group.title.as_str()).collect();
    assert_eq!(titles, GROUPS);
    for group in groups {
        assert!(!group.examples().is_empty(), "the group {} has no example", group.title);
        assert!(group.functions > 0, "the group {} has no functions", group.title);
    }
    // No function stands outside of them.
    let in_groups: usize = groups.iter().map(|group| group.functions).sum();
    assert_eq!(in_groups, prototypes::read(HEADER).len());
}

#[test]
fn smallest_program_and_every_example_compile_strictly_and_run() {
    let workshop = Workshop::open();
    let chapters = chapters();
    let smallest = chapters[0].examples()[0];
    assert!(smallest.contains("int main("), "the first example is a whole program");
    let program = workshop.build(&workshop.write("smallest.c", smallest), Library::Shared, &[]);
    let sink = refusing_once();
    let printed = workshop.run(&program, &[], &[&workshop.store(), &sink.url("/events")]);
    assert_eq!(printed, "1 delivery\n");
    assert_eq!(sink.requests().len(), 2, "the refused attempt and the one that was taken");

    let guide = examples_in(GUIDE);
    assert!(!guide.is_empty());
    let examples: Vec<&str> = chapters.iter().flat_map(Chapter::examples).skip(1).chain(guide).collect();
    assert!(examples.len() > GROUPS.len(), "{} examples", examples.len());
    let source = program_of(&workshop, smallest, &examples);
    let sanitizers = ["-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"];
    let trial = workshop.write("trial.c", "int main(void) { return 0; }\n");
    let mut ways = vec![(Library::Shared, &[][..]), (Library::Static, &[])];
    if workshop.can_build(&trial, &sanitizers, "the examples of the header with AddressSanitizer") {
        // It finds what an example does not free, too.
        ways.push((Library::Shared, &sanitizers));
    }
    for (library, flags) in ways {
        let program = workshop.build(&source, library, flags);
        let sink = refusing_once();
        let printed = workshop.run(&program, &[], &[&workshop.store(), &sink.url("/events"), &workshop.store()]);
        for promised in PROMISED {
            assert!(printed.contains(promised), "{promised} is not in:\n{printed}");
        }
    }
}

/// What the examples print, among other things.
const PROMISED: [&str; 11] = [
    concat!("tieback ", env!("CARGO_PKG_VERSION"), ", compiled with ", env!("CARGO_PKG_VERSION")),
    "*****ecret",
    "did you mean `Departments`?",
    "Company Users 42: 503",
    "update of Company Users 42",
    "deliveries removed",
    "paused 503",
    "told to end",
    "log 3: ",
    "{\"items\":[{",
    "2025-02-07T23:34:12.246562Z",
];

/// A program of the functions in the examples: behind the beginning of the smallest program, each is called with what
/// its parameters are named after.
fn program_of(workshop: &Workshop, smallest: &str, examples: &[&str]) -> PathBuf {
    let (beginning, _) = smallest.split_once("int main(").unwrap();
    let mut calls = String::new();
    let mut helpers = Vec::new();
    for example in examples {
        for (returns, name, parameters) in functions_of(example) {
            let arguments: Option<Vec<&str>> = parameters.iter().map(|parameter| argument(parameter)).collect();
            match arguments {
                Some(arguments) => {
                    let cast = if returns == "void" { "" } else { "(void)" };
                    writeln!(calls, "    {cast}{name}({});", arguments.join(", ")).unwrap();
                }
                None => helpers.push(name),
            }
        }
    }
    // A function that another example calls takes what that one gives it.
    assert_eq!(
        helpers,
        ["deliver_until_told", "log_to", "is_worth_another_try", "call"],
        "an example has a parameter that no name explains"
    );
    let examples = examples.join("\n");
    workshop.write("examples.c", &format!("{beginning}\n{examples}\n{SETTING}{calls}{END}"))
}

/// Result, name and names of parameters of the functions in an example.
fn functions_of(example: &str) -> Vec<(String, String, Vec<String>)> {
    let heads = example.lines().filter(|line| line.starts_with("static ") && line.ends_with(") {"));
    heads
        .map(|head| {
            let (before, parameters) = head.trim_end_matches(") {").split_once('(').expect("a function");
            let (returns, name) = before.rsplit_once(' ').expect("a result and a name");
            let parameters = parameters.split(", ").filter(|parameter| *parameter != "void");
            let names = parameters.map(|parameter| parameter.rsplit([' ', '*']).next().unwrap_or_default().to_owned());
            (returns.trim_start_matches("static ").to_owned(), name.to_owned(), names.collect())
        })
        .collect()
}

fn argument(parameter: &str) -> Option<&'static str> {
    Some(match parameter {
        "engine" => "engine",
        "service" => "service",
        "scope" => "&scope",
        "hook_id" => "tieback_hook_id(hook)",
        "url" => "argv[2]",
        "path" => "argv[3]",
        "company_id" => "5358233",
        "project_id" => "0",
        "moment" => "\"2025-02-06T23:34:12.246562Z\"",
        "body" => "tieback_delivery_payload(delivery)",
        "length" => "tieback_delivery_payload_len(delivery)",
        _ => return None,
    })
}

/// A hook whose endpoint has refused one delivery.
const SETTING: &str = r#"
int main(int argc, char **argv) {
    tieback_scope scope = tieback_scope_company(5358233);
    tieback_engine_options options = TIEBACK_ENGINE_OPTIONS_INIT;
    tieback_hook_options endpoint = TIEBACK_HOOK_OPTIONS_INIT;
    tieback_engine *engine;
    tieback_service *service;
    tieback_hook *hook;
    tieback_trigger *trigger;
    tieback_published *published;
    tieback_deliveries *page;
    const tieback_delivery *delivery;
    tieback_error *error;

    if (argc != 4) return 2;
    options.path = argv[1];
    options.danger_allow_http = options.danger_allow_private_addresses = 1;
    options.backoff_min_ms = 600000;
    check(tieback_engine_open(&options, &engine, &error), &error);
    check(tieback_engine_service(engine, &service, &error), &error);
    endpoint.namespace_ = "manual";
    endpoint.payload_version = "v4.0";
    endpoint.destination_url = argv[2];
    check(tieback_hook_create(service, &scope, &endpoint, &hook, &error), &error);
    check(tieback_trigger_create(service, &scope, tieback_hook_id(hook), "Company Users", "update", &trigger, &error),
          &error);
    check(tieback_publish_from_json(engine,
                                    "{\"company_id\": 5358233, \"resource_name\": \"Company Users\","
                                    " \"resource_id\": 42, \"event_type\": \"update\"}",
                                    &published, &error),
          &error);
    check(tieback_engine_run_until_idle(engine, 60000, 0, NULL, &error), &error);
    check(tieback_delivery_list(service, &scope, tieback_hook_id(hook), NULL, &page, &error), &error);
    delivery = tieback_deliveries_at(page, 0);
"#;

const END: &str = r#"
    tieback_deliveries_free(page);
    tieback_published_free(published);
    tieback_trigger_free(trigger);
    tieback_hook_free(hook);
    tieback_service_free(service);
    tieback_engine_close(engine);
    return 0;
}
"#;
