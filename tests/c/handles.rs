//! Claims about every function that takes a handle, so that a new one cannot be forgotten: what it answers for handles
//! that are ended, foreign, of another kind or a parent's, and that two threads may call it at once.

use std::fmt::Write;

use crate::functions::{self, SETTING, good};
use crate::prototypes::Function;

/// The kinds of handles, each with something that is a handle of another kind.
const KINDS: [(&str, &str); 3] = [
    ("const tieback_engine *", "service"),
    ("const tieback_service *", "engine"),
    ("const tieback_cancel *", "engine"),
];

/// The fallible functions whose first parameter is a handle.
fn takers() -> Vec<Function> {
    let is_taker =
        |function: &Function| function.is_fallible() && KINDS.iter().any(|(kind, _)| *kind == function.parameters[0].0);
    let takers: Vec<Function> = functions::all().into_iter().filter(is_taker).collect();
    assert!(takers.len() > 30, "{} functions were found that take a handle", takers.len());
    takers
}

/// A call with good arguments but for the first, which is this, if anything.
fn call(function: &Function, first: Option<&str>) -> String {
    let arguments = function.parameters.iter().enumerate().map(|(at, (kind, name))| match first {
        Some(first) if at == 0 => format!("({kind}){first}"),
        _ => good(function, kind, name),
    });
    format!("{}({})", function.name, arguments.collect::<Vec<_>>().join(", "))
}

/// Each of them, expected to fail like this.
fn failing(first: Option<&str>, status: &str) -> String {
    takers().iter().map(|function| format!("    FAILS({}, {status}, NULL);\n", call(function, first))).collect()
}

/// The setting has places for the results of all functions; these are not all of them.
fn setting() -> String {
    let words = SETTING.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let places: std::collections::BTreeSet<&str> = words.filter(|word| word.starts_with("out_")).collect();
    let used = places.iter().fold("    (void)may;\n    (void)engine_options;\n".to_owned(), |used, place| {
        used + &format!("    (void)&{place};\n")
    });
    format!("{SETTING}{used}")
}

const WALKS: &str = r#"
    FAILS(tieback_hook_iter_next(hooks, &out_tieback_hook, &error), TIEBACK_CLOSED, NULL);
    FAILS(tieback_trigger_iter_next(triggers, &out_tieback_trigger, &error), TIEBACK_CLOSED, NULL);
    FAILS(tieback_delivery_iter_next(deliveries, &out_tieback_delivery, &error), TIEBACK_CLOSED, NULL);
"#;

/// Ending what is ended already, foreign or a parent's does nothing.
const END: &str = r#"
    CHECK(tieback_cancel_requested(cancel) == 0);
    tieback_service_free(service);
    tieback_engine_close(engine);
    tieback_cancel_free(cancel);
"#;

#[test]
fn every_function_knows_handles_that_are_ended() {
    let closed = failing(None, "TIEBACK_CLOSED");
    functions::run("ended.c", &format!("{}{END}{closed}{WALKS}{END}    return 0;\n}}\n", setting()));
}

#[test]
fn every_function_knows_what_is_no_handle_or_one_of_another_kind() {
    let mut calls = String::new();
    for first in ["&foreign", "((char *)NULL + 2)", "((char *)NULL - 1)", "hooks"] {
        calls += &failing(Some(first), "TIEBACK_INVALID_ARGUMENT");
    }
    for function in takers() {
        let (_, other) = KINDS.iter().find(|(kind, _)| *kind == function.parameters[0].0).unwrap();
        writeln!(calls, "    FAILS({}, TIEBACK_INVALID_ARGUMENT, NULL);", call(&function, Some(other))).unwrap();
    }
    for foreign in ["&foreign", "((char *)NULL - 1)"] {
        writeln!(calls, "    tieback_engine_close((tieback_engine *){foreign});").unwrap();
        writeln!(calls, "    tieback_service_free((tieback_service *){foreign});").unwrap();
        writeln!(calls, "    tieback_cancel_free((tieback_cancel *){foreign});").unwrap();
    }
    calls +=
        "    tieback_engine_close((tieback_engine *)service);\n    tieback_service_free((tieback_service *)engine);\n";
    calls += "    OK(tieback_engine_stats(engine, &out_tieback_stats, &error));\n";
    functions::run("foreign.c", &format!("static long long foreign = 7;\n{}{calls}    return 0;\n}}\n", setting()));
}

#[test]
fn every_function_is_closed_in_a_forked_child() {
    let closed = failing(None, "TIEBACK_CLOSED");
    let fork = r#"
    int outcome = 0;
    pid_t child;
    OK(tieback_engine_start(engine, &error));
    OK(tieback_engine_run_until_idle(engine, 60000, 0, NULL, &error));
    child = fork();
    CHECK(child >= 0);
    if (child > 0) {
        CHECK(waitpid(child, &outcome, 0) == child);
        CHECK(WIFEXITED(outcome) && WEXITSTATUS(outcome) == 0);
        OK(tieback_engine_stats(engine, &out_tieback_stats, &error));
        OK(tieback_hook_iter_next(hooks, &out_tieback_hook, &error));
        return 0;
    }
    /* A child that hangs is ended. */
    alarm(60);
"#;
    let includes =
        "#define _POSIX_C_SOURCE 200809L\n#include <sys/types.h>\n#include <sys/wait.h>\n#include <unistd.h>\n";
    // The declarations of C99 may follow the statements of the setting.
    functions::run("forked.c", &format!("{includes}{}{fork}{closed}{WALKS}{END}    return 0;\n}}\n", setting()));
}

#[test]
fn every_function_may_be_called_by_two_threads_at_once() {
    let calls: String = takers().iter().map(|function| format!("    MAY({});\n", call(function, None))).collect();
    // Each thread has its own objects; the engine is one for both, and so is what it keeps.
    let setting = setting()
        .replace("int main(int argc, char **argv) {", "static void *use(void *given) {\n    char **argv = given;")
        .replace("= open_engine(argv[1])", "= shared")
        .replace("    CHECK(argc == 4);\n", "");
    assert!(setting.contains("= shared") && !setting.contains("argc"), "the setting has changed");
    let program = format!(
        r#"#include <pthread.h>
#include "check.h"

static tieback_engine *shared;

{setting}{calls}    return NULL;
}}

int main(int argc, char **argv) {{
    pthread_t threads[2];
    int n, round;
    CHECK(argc == 4);
    for (round = 0; round < 3; round++) {{
        shared = open_engine(argv[1]);
        for (n = 0; n < 2; n++) CHECK(pthread_create(&threads[n], NULL, use, argv) == 0);
        for (n = 0; n < 2; n++) CHECK(pthread_join(threads[n], NULL) == 0);
        tieback_engine_close(shared);
    }}
    return 0;
}}
"#
    );
    functions::run("two_threads.c", &program);
}
