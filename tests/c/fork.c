/* A forked child: its parent's handles are closed to it, ending them does not hang, and it can open its own engine. */
#define _POSIX_C_SOURCE 200809L
#include <sys/wait.h>
#include <unistd.h>

#include "flat.h"

/* The flat ABI's numbers are its parent's too; it can open its own. */
static void be_a_flat_child(int32_t handle, int32_t rest, const char *own_path) {
    int32_t needed = -1;
    GIVES(TIEBACK_CLOSED, call(handle, "stats", NULL));
    HAS(answer, "forked");
    GIVES(TIEBACK_CLOSED, call(handle, "engine_close", NULL));
    GIVES(TIEBACK_NOT_FOUND, tieback_read(rest, 0, answer, sizeof answer, &needed));
    handle = open_flat(own_path);
    GIVES(TIEBACK_OK, call(handle, "stats", NULL));
    GIVES(TIEBACK_OK, tieback_call(handle, "stats", NULL, NULL, 0, &needed, &rest));
    GIVES(TIEBACK_OK, tieback_read(rest, 0, answer, sizeof answer, &needed));
    GIVES(TIEBACK_OK, call(handle, "engine_close", NULL));
}

static void be_the_child(tieback_engine *engine, tieback_service *service, tieback_hook *hook,
                         tieback_hook_iter *iter, int32_t handle, int32_t rest, const char *own_path) {
    tieback_scope scope = tieback_scope_company(1);
    tieback_error *error = NULL;
    tieback_hook *other = NULL;
    tieback_stats *stats = NULL;
    tieback_engine *own;

    /* A child that hangs is ended, and the parent says so. */
    alarm(60);
    FAILS(tieback_engine_stats(engine, &stats, &error), TIEBACK_CLOSED, "forked");
    FAILS(tieback_hook_show(service, &scope, tieback_hook_id(hook), &other, &error), TIEBACK_CLOSED, "forked");
    FAILS(tieback_hook_iter_next(iter, &other, &error), TIEBACK_CLOSED, "forked");
    FAILS(tieback_engine_stop(engine, 100, &error), TIEBACK_CLOSED, "forked");

    own = open_engine(own_path);
    CHECK(own != engine);
    FAILS(tieback_engine_stats(engine, &stats, &error), TIEBACK_CLOSED, "forked");
    OK(tieback_engine_stats(own, &stats, &error));
    tieback_stats_free(stats);
    tieback_engine_close(own);
    be_a_flat_child(handle, rest, own_path);

    tieback_hook_iter_free(iter);
    tieback_hook_free(hook);
    tieback_service_free(service);
    tieback_engine_close(engine);
    _exit(0);
}

int main(int argc, char **argv) {
    tieback_scope scope = tieback_scope_company(1);
    tieback_error *error = NULL;
    tieback_service *service = NULL;
    tieback_hook_iter *iter = NULL;
    tieback_stats *stats = NULL;
    tieback_engine *engine;
    tieback_hook *hook;
    char own_path[1024];
    int32_t handle, needed = -1, rest = -1;
    pid_t child;
    int outcome = 0;

    CHECK(argc == 3);
    CHECK(snprintf(own_path, sizeof own_path, "%s-child", argv[1]) < (int)sizeof own_path);
    engine = open_engine(argv[1]);
    OK(tieback_engine_service(engine, &service, &error));
    hook = create_hook(service, &scope, "fork", argv[2]);
    OK(tieback_hook_iter_new(service, &scope, NULL, &iter, &error));
    /* With threads running, of which the child has none. */
    OK(tieback_engine_start(engine, &error));
    /* Idle: a lock inside SQLite that one of them held now would stay locked in the child. */
    OK(tieback_engine_run_until_idle(engine, 60000, 0, NULL, &error));

    handle = open_flat(argv[1]);
    GIVES(TIEBACK_OK, tieback_call(handle, "stats", NULL, NULL, 0, &needed, &rest));

    child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        be_the_child(engine, service, hook, iter, handle, rest, own_path);
    }
    CHECK(waitpid(child, &outcome, 0) == child);
    CHECK(WIFEXITED(outcome) && WEXITSTATUS(outcome) == 0);

    /* The parent's went on. */
    OK(tieback_engine_stats(engine, &stats, &error));
    tieback_stats_free(stats);
    GIVES(TIEBACK_OK, tieback_read(rest, 0, answer, sizeof answer, &needed));
    CHECK(needed == (int32_t)strlen(answer));
    GIVES(TIEBACK_OK, call(handle, "engine_close", NULL));
    tieback_hook_iter_free(iter);
    tieback_hook_free(hook);
    tieback_service_free(service);
    tieback_engine_close(engine);
    return 0;
}
