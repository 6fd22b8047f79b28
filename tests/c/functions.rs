//! Claims about every function of the header, so that a new one cannot be forgotten: programs are written from the
//! prototypes.

use std::fmt::Write;

use crate::compile::{Library, Workshop};
use crate::prototypes::{self, Function};

fn functions() -> Vec<Function> {
    let functions = prototypes::read(include_str!("../../include/tieback.h"));
    assert!(functions.iter().any(|function| function.name == "tieback_hook_show" && function.is_fallible()));
    functions
}

#[test]
fn each_comment_says_ownership_threads_null_and_errors_in_this_order() {
    for Function { name, comment, .. } in functions() {
        let places = ["Ownership:", "Threads:", "NULL:", "Errors:"].map(|heading| comment.find(heading));
        let places: Vec<usize> =
            places.into_iter().map(|at| at.unwrap_or_else(|| panic!("{name}: {comment}"))).collect();
        assert!(places[0] > 10, "{name}: the comment does not say first what the function does");
        assert!(places.is_sorted(), "{name}: {comment}");
    }
}

#[test]
fn every_function_takes_null_and_zero_for_everything() {
    let mut calls = String::new();
    for function in functions() {
        let arguments: Vec<&str> = function
            .parameters
            .iter()
            .map(
                |(kind, _)| if function.is_fallible() && kind == "tieback_error **" { "&error" } else { nothing(kind) },
            )
            .collect();
        let name = &function.name;
        if function.is_fallible() {
            let (_, without) = arguments.split_last().unwrap();
            writeln!(calls, "    FAILS({name}({}), TIEBACK_INVALID_ARGUMENT, \"NULL\");", arguments.join(", "))
                .unwrap();
            writeln!(calls, "    CHECK({name}({}, NULL) == TIEBACK_INVALID_ARGUMENT);", without.join(", ")).unwrap();
        } else if function.returns == "void" || function.returns == "tieback_scope" {
            writeln!(calls, "    {name}({});", arguments.join(", ")).unwrap();
        } else {
            writeln!(calls, "    (void){name}({});", arguments.join(", ")).unwrap();
        }
    }
    run(
        "null.c",
        &format!(
            "#include \"check.h\"\n\nint main(void) {{\n    tieback_error *error = NULL;\n{calls}    return 0;\n}}\n"
        ),
    );
}

fn nothing(kind: &str) -> &'static str {
    if kind.ends_with('*') { "NULL" } else { "0" }
}

#[test]
fn each_null_is_refused_unless_the_comment_allows_it() {
    let mut calls = String::new();
    let mut refused = 0;
    for function in functions().iter().filter(|function| function.is_fallible()) {
        let allowed: Vec<&str> = function.says("NULL:").unwrap().split('`').skip(1).step_by(2).collect();
        for (place, (kind, name)) in function.parameters.iter().enumerate().filter(|(_, (kind, _))| kind.ends_with('*'))
        {
            let arguments: Vec<String> = function
                .parameters
                .iter()
                .enumerate()
                .map(|(at, (kind, name))| if at == place { "NULL".to_owned() } else { good(function, kind, name) })
                .collect();
            let call = format!("{}({})", function.name, arguments.join(", "));
            if allowed.contains(&name.as_str()) {
                writeln!(calls, "    MAY({call});").unwrap();
            } else {
                refused += 1;
                assert_ne!(kind, "tieback_error **", "{}: every error may be NULL", function.name);
                writeln!(calls, "    FAILS({call}, TIEBACK_INVALID_ARGUMENT, \"NULL\");").unwrap();
            }
        }
    }
    assert!(refused > 100, "{refused} pointers were found that must be given");
    run("each_null.c", &format!("{SETTING}{calls}    return 0;\n}}\n"));
}

/// Something that is not refused for what it is.
fn good(function: &Function, kind: &str, name: &str) -> String {
    let value = match (kind, name) {
        ("tieback_error **", _) => "&error",
        (_, "out") => return format!("&out_{}", kind.trim_end_matches([' ', '*'])),
        ("const tieback_engine *", _) => "engine",
        ("const tieback_service *", _) => "service",
        ("const tieback_cancel *", _) => "cancel",
        ("const tieback_scope *", _) => "&scope",
        ("const tieback_engine_options *", _) => "&engine_options",
        ("const tieback_hook_options *", _) => "&hook_options",
        ("const tieback_hook_change *", _) => "&hook_change",
        ("const tieback_event_options *", _) => "&event",
        ("const tieback_event_options *const *", _) => "events",
        ("const tieback_hook_query *" | "const tieback_delivery_query *", _) => "NULL",
        ("tieback_hook_iter *", _) => "hooks",
        ("tieback_trigger_iter *", _) => "triggers",
        ("tieback_delivery_iter *", _) => "deliveries",
        ("const char *const *", _) => "texts",
        ("const char *", "hook_id" | "trigger_id" | "delivery_id") => "\"1\"",
        ("const char *", "resource_name") => "\"Company Users\"",
        ("const char *", "event_type") => "\"update\"",
        ("const char *", "backup") => "argv[2]",
        ("const char *", "path") => "argv[3]",
        ("const char *", "json") => "\"{}\"",
        ("const char *", "payload_version" | "after") => "NULL",
        ("size_t", "count") => "1",
        ("int32_t" | "int64_t", _) => "0",
        _ => panic!("{}: this test knows no good value for `{kind} {name}`", function.name),
    };
    value.to_owned()
}

const SETTING: &str = r#"#include "check.h"

/* What may be: whatever comes of it, it is no defect. */
#define MAY(call) may((call), &error, #call)

static void may(tieback_status status, tieback_error **error, const char *call) {
    if (status == TIEBACK_INTERNAL) {
        fprintf(stderr, "%s: %s\n", call, tieback_error_message(*error));
        exit(1);
    }
    tieback_error_free(*error);
    *error = NULL;
}

int main(int argc, char **argv) {
    static const char *const texts[] = {"1"};
    tieback_scope scope = tieback_scope_company(1);
    tieback_engine_options engine_options = TIEBACK_ENGINE_OPTIONS_INIT;
    tieback_hook_options hook_options = TIEBACK_HOOK_OPTIONS_INIT;
    tieback_hook_change hook_change = TIEBACK_HOOK_CHANGE_INIT;
    tieback_event_options event = TIEBACK_EVENT_OPTIONS_INIT;
    const tieback_event_options *events[1];
    tieback_error *error = NULL;
    tieback_engine *engine = open_engine(argv[1]), *out_tieback_engine;
    tieback_service *service = NULL, *out_tieback_service;
    tieback_cancel *cancel = NULL, *out_tieback_cancel;
    tieback_hook_iter *hooks = NULL, *out_tieback_hook_iter;
    tieback_trigger_iter *triggers = NULL, *out_tieback_trigger_iter;
    tieback_delivery_iter *deliveries = NULL, *out_tieback_delivery_iter;
    tieback_hook *out_tieback_hook;
    tieback_hooks *out_tieback_hooks;
    tieback_trigger *out_tieback_trigger;
    tieback_triggers *out_tieback_triggers;
    tieback_delivery *out_tieback_delivery;
    tieback_deliveries *out_tieback_deliveries;
    tieback_resources *out_tieback_resources;
    tieback_bulk *out_tieback_bulk;
    tieback_published *out_tieback_published;
    tieback_idle_report *out_tieback_idle_report;
    tieback_stats *out_tieback_stats;
    tieback_purged *out_tieback_purged;
    tieback_notices *out_tieback_notices;
    tieback_integrity_report *out_tieback_integrity_report;
    tieback_restored *out_tieback_restored;
    char *out_char;

    CHECK(argc == 4);
    events[0] = &event;
    engine_options.path = argv[2];
    OK(tieback_engine_service(engine, &service, &error));
    OK(tieback_cancel_new(&cancel, &error));
    OK(tieback_hook_iter_new(service, &scope, NULL, &hooks, &error));
    OK(tieback_trigger_iter_new(service, &scope, "1", 0, NULL, &triggers, &error));
    OK(tieback_delivery_iter_new(service, &scope, "1", NULL, &deliveries, &error));
"#;

fn run(name: &str, program: &str) {
    let workshop = Workshop::open();
    let source = workshop.write(name, program);
    let program = workshop.build(&source, Library::Shared, &[]);
    workshop.run(&program, &[], &[&workshop.store(), &workshop.store(), &workshop.store()]);
}
