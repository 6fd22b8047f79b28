//! Claims about every function whose comment says `Threads: any`: two threads call it at once, on the same objects. The
//! program is written from the prototypes, so that a new function cannot be forgotten.

use std::fmt::Write;

use crate::compile::{Library, Workshop};
use crate::functions::{self, good};
use crate::prototypes::Function;

#[test]
fn two_threads_call_every_function_for_any_thread_at_once() {
    let workshop = Workshop::open();
    let source = workshop.write("at_once.c", &program());
    let stores = || [workshop.store(), workshop.store(), workshop.store()];
    let run = |flags: &[&str], runner: &[&str]| {
        let program = workshop.build(&source, Library::Shared, flags);
        let [one, two, three] = stores();
        workshop.run(&program, runner, &[&one, &two, &three]);
    };
    run(&[], &[]);
    let thread_sanitizer = ["-g", "-fsanitize=thread"];
    let trial = workshop.write("trial.c", "int main(void) { return 0; }\n");
    if workshop.can_build(&trial, &thread_sanitizer, "two threads in the C ABI with ThreadSanitizer") {
        // It does not see the locks of a library that is not built with it: what the program itself touches is watched.
        run(&thread_sanitizer, &["env", "TSAN_OPTIONS=ignore_noninstrumented_modules=1"]);
    }
}

fn program() -> String {
    let mut any: Vec<Function> = functions::all();
    any.retain(|function| function.says("Threads:").is_some_and(|threads| threads.starts_with("any")));
    // What others look at goes last.
    any.sort_by_key(|function| function.name.ends_with("_delete"));
    let (mut calls, mut reads, mut ends) = (String::new(), String::new(), String::new());
    for function in &any {
        let name = &function.name;
        if function.is_fallible() {
            let arguments: Vec<String> =
                function.parameters.iter().map(|(kind, parameter)| good(function, kind, parameter)).collect();
            writeln!(calls, "        MAY({name}({}));", arguments.join(", ")).unwrap();
            let out = function.parameters.iter().find(|(_, parameter)| parameter == "out");
            if let Some(end) = out.and_then(|(kind, _)| end_of(kind)) {
                writeln!(calls, "        {end};").unwrap();
            }
        } else if name == "tieback_call" || name == "tieback_read" {
            // They go together, in the frame.
        } else if function.returns == "void" {
            let (kind, _) = &function.parameters[0];
            writeln!(ends, "    {name}({});", good_handle(kind)).unwrap();
        } else {
            let arguments: Vec<String> = function.parameters.iter().map(|(kind, _)| shared(kind)).collect();
            let call = format!("{name}({})", arguments.join(", "));
            match function.returns.as_str() {
                "const char *" => writeln!(reads, "        sum_text(&sum, {call});"),
                "tieback_scope" => writeln!(reads, "        sum += (uint64_t){call}.company_id;"),
                kind if kind.ends_with('*') => writeln!(reads, "        sum += {call} != NULL;"),
                _ => writeln!(reads, "        sum += (uint64_t){call};"),
            }
            .unwrap();
        }
    }
    assert!(calls.lines().count() > 50 && reads.lines().count() > 100 && ends.lines().count() == 3, "{ends}");
    FRAME.replace("@CALLS@", &calls).replace("@READS@", &reads).replace("@ENDS@", &ends)
}

/// How what a call has given is ended.
fn end_of(out: &str) -> Option<String> {
    let kind = out.trim_end_matches([' ', '*']);
    match kind {
        "int64_t" => None,
        "char" => Some("tieback_string_free(out_char)".to_owned()),
        "tieback_engine" => Some("tieback_engine_close(out_tieback_engine)".to_owned()),
        _ => Some(format!("{kind}_free(out_{kind})")),
    }
}

fn good_handle(kind: &str) -> &'static str {
    match kind {
        "tieback_engine *" => "engine",
        "tieback_service *" => "service",
        "tieback_cancel *" => "cancel",
        _ => panic!("this test knows no shared handle of the kind {kind}"),
    }
}

/// The object of a kind that both threads read; a number for numbers.
fn shared(kind: &str) -> String {
    match kind.strip_prefix("const tieback_") {
        Some(noun) => format!("the_{}", noun.trim_end_matches([' ', '*'])),
        None => "0".to_owned(),
    }
}

const FRAME: &str = r#"/* Two threads at once in every function that any thread may call. */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>
#include <unistd.h>

#include "check.h"

#define ROUNDS 3
/* Both threads begin each call at the same moment. */
#define MAY(call) (pthread_barrier_wait(&both), may((call), &error, #call))

static char **argv;
static tieback_scope scope;
static tieback_engine_options engine_options = TIEBACK_ENGINE_OPTIONS_INIT;
static tieback_hook_options hook_options = TIEBACK_HOOK_OPTIONS_INIT;
static tieback_hook_change hook_change = TIEBACK_HOOK_CHANGE_INIT;
static tieback_event_options event = TIEBACK_EVENT_OPTIONS_INIT;
static const tieback_event_options *events[1];
static const char *const texts[] = {"1"};
static int32_t flat;

static tieback_engine *engine;
static tieback_service *service;
static tieback_cancel *cancel, *the_cancel;
static tieback_error *the_error;
static tieback_hook *the_hook;
static tieback_hooks *the_hooks;
static tieback_trigger *the_trigger;
static tieback_triggers *the_triggers;
static tieback_bulk *the_bulk;
static tieback_resources *the_resources;
static const tieback_resource *the_resource;
static tieback_published *the_published;
static tieback_deliveries *the_deliveries;
static const tieback_delivery *the_delivery;
static const tieback_event *the_event;
static const tieback_attempt *the_attempt;
static tieback_stats *the_stats;
static tieback_purged *the_purged;
static tieback_idle_report *the_idle_report;
static tieback_integrity_report *the_integrity_report;
static tieback_restored *the_restored;
static tieback_notices *the_notices;
static const tieback_notice *the_notice;
/* A line is there during its callback alone: here its functions are called without one. */
static const tieback_log_line *the_log_line;
static pthread_barrier_t both;

static void may(tieback_status status, tieback_error **error, const char *call) {
    if (status == TIEBACK_INTERNAL) {
        fprintf(stderr, "%s: %s\n", call, tieback_error_message(*error));
        exit(1);
    }
    CHECK((*error == NULL) == (status == TIEBACK_OK));
    tieback_error_free(*error);
    *error = NULL;
}

static void sum_text(uint64_t *sum, const char *text) {
    for (; text != NULL && *text != '\0'; text++) *sum = *sum * 31 + (unsigned char)*text;
}

/* What the shared objects say, as one number. */
static uint64_t read_everything(void) {
    uint64_t sum = 0;
@READS@    return sum;
}

static void *use(void *sum) {
    tieback_error *error = NULL;
    tieback_engine *out_tieback_engine;
    tieback_service *out_tieback_service;
    tieback_cancel *out_tieback_cancel;
    tieback_hook *out_tieback_hook;
    tieback_hooks *out_tieback_hooks;
    tieback_hook_iter *out_tieback_hook_iter;
    tieback_trigger *out_tieback_trigger;
    tieback_triggers *out_tieback_triggers;
    tieback_trigger_iter *out_tieback_trigger_iter;
    tieback_resources *out_tieback_resources;
    tieback_resource_iter *out_tieback_resource_iter;
    tieback_deliveries *out_tieback_deliveries;
    tieback_delivery_iter *out_tieback_delivery_iter;
    tieback_event *out_tieback_event;
    tieback_bulk *out_tieback_bulk;
    tieback_published *out_tieback_published;
    tieback_idle_report *out_tieback_idle_report;
    tieback_stats *out_tieback_stats;
    tieback_purged *out_tieback_purged;
    tieback_notices *out_tieback_notices;
    tieback_integrity_report *out_tieback_integrity_report;
    tieback_restored *out_tieback_restored;
    char *out_char;
    int64_t out_int64_t;
    char piece[16];
    int32_t needed, rest;
    int round;

    pthread_barrier_wait(&both);
    *(uint64_t *)sum = read_everything();
    for (round = 0; round < ROUNDS; round++) {
        CHECK(tieback_call(flat, "stats", NULL, piece, (int32_t)sizeof piece, &needed, &rest) == TIEBACK_OK);
        CHECK(tieback_read(rest, (int32_t)strlen(piece), NULL, 0, &needed) == TIEBACK_OK && needed > 0);
@CALLS@    }
    /* The other thread may still be in its calls. */
@ENDS@    return NULL;
}

/* One of everything, with something in it. */
static void prepare(void) {
    tieback_error *error = NULL;
    char answer[64], input[1200];
    int32_t needed, rest;

    engine = open_engine(argv[1]);
    OK(tieback_engine_service(engine, &service, &error));
    OK(tieback_cancel_new(&cancel, &error));
    OK(tieback_cancel_new(&the_cancel, &error));
    scope = tieback_scope_company(1);
    engine_options.path = argv[2];
    the_hook = create_hook(service, &scope, "at-once", "http://127.0.0.1:9/");
    SAME(tieback_hook_id(the_hook), "1");
    hook_options.namespace_ = "another";
    hook_options.payload_version = "v4.0";
    hook_options.destination_url = "http://127.0.0.1:9/";
    OK(tieback_trigger_create(service, &scope, "1", "Company Users", "create", &the_trigger, &error));
    OK(tieback_trigger_create_many(service, &scope, "1", texts, texts, 1, &the_bulk, &error));
    event.company_id = 1;
    event.resource_name = "Company Users";
    event.resource_id = "42";
    event.event_type = "create";
    events[0] = &event;
    OK(tieback_publish(engine, &event, &the_published, &error));
    OK(tieback_engine_pump(engine, 60000, &the_idle_report, &error));
    OK(tieback_engine_stats(engine, &the_stats, &error));
    OK(tieback_engine_purge(engine, &the_purged, &error));
    OK(tieback_engine_check_integrity(engine, 1, &the_integrity_report, &error));
    OK(tieback_engine_notices(engine, &the_notices, &error));
    OK(tieback_engine_backup(engine, argv[2], 0, &error));
    OK(tieback_restore(argv[2], argv[3], 0, &the_restored, &error));
    OK(tieback_hook_list(service, &scope, NULL, &the_hooks, &error));
    OK(tieback_trigger_list(service, &scope, "1", 0, NULL, &the_triggers, &error));
    OK(tieback_resource_list(service, &scope, NULL, 0, NULL, &the_resources, &error));
    OK(tieback_delivery_list(service, &scope, "1", NULL, &the_deliveries, &error));
    the_resource = tieback_resources_at(the_resources, 0);
    the_delivery = tieback_deliveries_at(the_deliveries, 0);
    the_event = tieback_delivery_event(the_delivery);
    the_attempt = tieback_delivery_attempt(the_delivery, 0);
    the_notice = tieback_notices_at(the_notices, 0);
    CHECK(the_resource != NULL && the_event != NULL && the_attempt != NULL && the_notice != NULL);
    CHECK(tieback_hook_delete(service, &scope, "404", &the_error) == TIEBACK_NOT_FOUND);
    CHECK(snprintf(input, sizeof input, "{\"path\": \"%s\"}", argv[3]) < (int)sizeof input);
    CHECK(tieback_call(0, "engine_open", input, answer, (int32_t)sizeof answer, &needed, &rest) == TIEBACK_OK);
    flat = (int32_t)strtol(strchr(answer, ':') + 1, NULL, 10);
}

int main(int argc, char **given) {
    pthread_t threads[2];
    uint64_t sums[2] = {0, 0};
    char answer[64];
    int32_t needed, rest;
    int i;

    CHECK(argc == 4);
    argv = given;
    alarm(300);
    prepare();
    CHECK(pthread_barrier_init(&both, NULL, 2) == 0);
    for (i = 0; i < 2; i++) CHECK(pthread_create(&threads[i], NULL, use, &sums[i]) == 0);
    for (i = 0; i < 2; i++) CHECK(pthread_join(threads[i], NULL) == 0);
    CHECK(sums[0] == sums[1] && sums[0] != 0 && sums[0] == read_everything());
    CHECK(tieback_call(flat, "engine_close", NULL, answer, (int32_t)sizeof answer, &needed, &rest) == TIEBACK_OK);
    pthread_barrier_destroy(&both);
    tieback_cancel_free(the_cancel);
    tieback_error_free(the_error);
    tieback_hook_free(the_hook);
    tieback_hooks_free(the_hooks);
    tieback_trigger_free(the_trigger);
    tieback_triggers_free(the_triggers);
    tieback_bulk_free(the_bulk);
    tieback_resources_free(the_resources);
    tieback_published_free(the_published);
    tieback_deliveries_free(the_deliveries);
    tieback_stats_free(the_stats);
    tieback_purged_free(the_purged);
    tieback_idle_report_free(the_idle_report);
    tieback_integrity_report_free(the_integrity_report);
    tieback_restored_free(the_restored);
    tieback_notices_free(the_notices);
    return 0;
}
"#;
