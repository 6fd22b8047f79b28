//! Claims about every function that takes a checked handle: one that is closed, freed, foreign or the parent's is an
//! error that says so, and nothing is done. The programs are written from the prototypes.

use std::fmt::Write;

use crate::functions::{self, SETTING, good, run};
use crate::prototypes::Function;

/// A handle that a call must refuse: how it is written, the status, and a word of the message.
type Bad = (&'static str, &'static str, &'static str);

const BAD_ENGINES: [Bad; 7] = [
    ("second_of_a_closed_one", "TIEBACK_CLOSED", "the engine of this handle is closed"),
    ("closed_engine", "TIEBACK_CLOSED", "closed or freed already"),
    ("(tieback_engine *)&on_the_stack", "TIEBACK_INVALID_ARGUMENT", "none that this library gave out"),
    ("(tieback_engine *)(size_t)-1", "TIEBACK_INVALID_ARGUMENT", "none that this library gave out"),
    ("(tieback_engine *)(size_t)20000001", "TIEBACK_INVALID_ARGUMENT", "none that this library gave out"),
    ("(tieback_engine *)service", "TIEBACK_INVALID_ARGUMENT", "give an engine"),
    ("(tieback_engine *)freed_service", "TIEBACK_CLOSED", "closed or freed already"),
];

const BAD_SERVICES: [Bad; 6] = [
    ("freed_service", "TIEBACK_CLOSED", "closed or freed already"),
    ("orphan", "TIEBACK_CLOSED", "the engine of this service is closed"),
    ("(tieback_service *)&on_the_stack", "TIEBACK_INVALID_ARGUMENT", "none that this library gave out"),
    ("(tieback_service *)(size_t)-1", "TIEBACK_INVALID_ARGUMENT", "none that this library gave out"),
    ("(tieback_service *)(size_t)20000001", "TIEBACK_INVALID_ARGUMENT", "none that this library gave out"),
    ("(tieback_service *)engine", "TIEBACK_INVALID_ARGUMENT", "give a service"),
];

const BAD_CANCELS: [Bad; 5] = [
    ("freed_cancel", "TIEBACK_CLOSED", "closed or freed already"),
    ("(tieback_cancel *)&on_the_stack", "TIEBACK_INVALID_ARGUMENT", "none that this library gave out"),
    ("(tieback_cancel *)(size_t)-1", "TIEBACK_INVALID_ARGUMENT", "none that this library gave out"),
    ("(tieback_cancel *)engine", "TIEBACK_INVALID_ARGUMENT", "give a cancel token"),
    ("(tieback_cancel *)service", "TIEBACK_INVALID_ARGUMENT", "give a cancel token"),
];

/// The good handle that stands for each kind of checked handle, and the bad ones.
const KINDS: [(&str, &str, &[Bad]); 3] = [
    ("const tieback_engine *", "engine", &BAD_ENGINES),
    ("const tieback_service *", "service", &BAD_SERVICES),
    ("const tieback_cancel *", "cancel", &BAD_CANCELS),
];

const PARENTS: Bad = ("", "TIEBACK_CLOSED", "forked");

/// The kinds of checked handles that a function takes.
fn handles_of(function: &Function) -> impl Iterator<Item = (&'static str, &'static [Bad])> {
    let takes = |kind: &str| function.parameters.iter().any(|(taken, _)| taken == kind);
    KINDS.into_iter().filter(move |(kind, ..)| takes(kind)).map(|(_, good, bad)| (good, bad))
}

/// The call with everything good but the handle. What it gives is NULL afterwards.
fn refused(calls: &mut String, function: &Function, handle: &str, (bad, status, word): Bad) {
    let arguments: Vec<String> = function
        .parameters
        .iter()
        .map(|(kind, name)| match good(function, kind, name) {
            good if good == handle && !bad.is_empty() => bad.to_owned(),
            good => good,
        })
        .collect();
    writeln!(calls, "    FAILS({}({}), {status}, \"{word}\");", function.name, arguments.join(", ")).unwrap();
}

#[test]
fn each_handle_that_is_closed_or_foreign_is_refused_by_every_function() {
    let mut calls = String::new();
    let mut takers = Vec::new();
    for function in functions::all().iter().filter(|function| function.is_fallible()) {
        for (good, bad) in handles_of(function) {
            takers.push(good);
            bad.iter().for_each(|bad| refused(&mut calls, function, good, *bad));
        }
    }
    for (wanted, at_least) in [("engine", 20), ("service", 20), ("cancel", 3)] {
        let count = takers.iter().filter(|taker| **taker == wanted).count();
        assert!(count >= at_least, "{count} functions take a {wanted}");
    }
    // A walk notices that its service is freed.
    for function in functions::all().iter().filter(|function| function.name.ends_with("_iter_next")) {
        let noun = function.name.trim_start_matches("tieback_").trim_end_matches("_iter_next");
        let walk = good(function, &format!("tieback_{noun}_iter *"), "iter");
        writeln!(
            calls,
            "    FAILS({}(orphan_{walk}, &out_tieback_{noun}, &error), TIEBACK_CLOSED, \"\");",
            function.name
        )
        .unwrap();
    }
    // Ending what is none ends nothing.
    let ends = [
        "tieback_engine_close((tieback_engine *)",
        "tieback_service_free((tieback_service *)",
        "tieback_cancel_free((tieback_cancel *)",
    ];
    for (nth, end) in ends.into_iter().enumerate() {
        let mut none = vec!["&on_the_stack", "(size_t)-1", "(size_t)20000001", "closed_engine", "freed_service"];
        none.extend(
            ["engine", "service", "cancel"].iter().enumerate().filter(|(at, _)| *at != nth).map(|(_, one)| one),
        );
        none.iter().for_each(|none| writeln!(calls, "    {end}{none});").unwrap());
    }
    calls.push_str("    CHECK(tieback_cancel_requested(freed_cancel) == 0);\n");
    let bad = r#"
    int on_the_stack = 0;
    tieback_engine *closed_engine = open_engine(argv[2]), *second_of_a_closed_one = NULL;
    tieback_service *freed_service = NULL, *orphan = NULL;
    tieback_cancel *freed_cancel = NULL;
    tieback_hook_iter *orphan_hooks = NULL;
    tieback_trigger_iter *orphan_triggers = NULL;
    tieback_resource_iter *orphan_resources = NULL;
    tieback_delivery_iter *orphan_deliveries = NULL;
    OK(tieback_engine_service(closed_engine, &orphan, &error));
    OK(tieback_engine_with_cancel(closed_engine, cancel, &second_of_a_closed_one, &error));
    OK(tieback_engine_service(engine, &freed_service, &error));
    OK(tieback_hook_iter_new(freed_service, &scope, NULL, &orphan_hooks, &error));
    OK(tieback_trigger_iter_new(freed_service, &scope, "1", 0, NULL, &orphan_triggers, &error));
    OK(tieback_resource_iter_new(freed_service, &scope, NULL, 0, NULL, &orphan_resources, &error));
    OK(tieback_delivery_iter_new(freed_service, &scope, "1", NULL, &orphan_deliveries, &error));
    OK(tieback_cancel_new(&freed_cancel, &error));
    tieback_service_free(freed_service);
    tieback_engine_close(closed_engine);
    tieback_cancel_free(freed_cancel);
"#;
    // The good ones are as good as before.
    let end = "    OK(tieback_hook_list(service, &scope, NULL, &out_tieback_hooks, &error));
    OK(tieback_engine_stats(engine, &out_tieback_stats, &error));
    CHECK(tieback_cancel_requested(cancel) == 0);
    OK(tieback_cancel_request(cancel, &error));
";
    run("misuse.c", &format!("{SETTING}    {{\n{bad}{calls}    }}\n{end}    return 0;\n}}\n"));
}

#[test]
fn each_handle_of_a_parent_process_is_refused_by_every_function_in_its_child() {
    let mut calls = String::new();
    for function in functions::all().iter().filter(|function| function.is_fallible()) {
        if let Some((good, _)) = handles_of(function).next() {
            refused(&mut calls, function, good, PARENTS);
        }
    }
    let program = format!(
        "#define _POSIX_C_SOURCE 200809L\n#include <sys/wait.h>\n#include <unistd.h>\n{SETTING}
    {{
        int outcome = 0;
        pid_t child = fork();
        if (child == 0) {{
            alarm(60);
{calls}
            tieback_service_free(service);
            tieback_engine_close(engine);
            FAILS(tieback_engine_stats(engine, &out_tieback_stats, &error), TIEBACK_CLOSED, \"forked\");
            _exit(0);
        }}
        CHECK(child > 0 && waitpid(child, &outcome, 0) == child);
        CHECK(WIFEXITED(outcome) && WEXITSTATUS(outcome) == 0);
        OK(tieback_engine_stats(engine, &out_tieback_stats, &error));
    }}
    return 0;
}}\n"
    );
    run("forked.c", &program);
}
