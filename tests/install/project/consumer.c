/* A program of somebody else: it fits the library that it meets, opens an engine on the file that it is given, and says
 * which version it runs with. */
#include <stdio.h>
#include <tieback.h>

int main(int argc, char **argv) {
    tieback_engine_options options = TIEBACK_ENGINE_OPTIONS_INIT;
    tieback_engine *engine = NULL;
    tieback_error *error = NULL;
    if (argc != 2 || tieback_abi_version() != TIEBACK_ABI_VERSION) {
        return 2;
    }
    options.path = argv[1];
    if (tieback_engine_open(&options, &engine, &error) != TIEBACK_OK) {
        fprintf(stderr, "%s\n", tieback_error_message(error));
        tieback_error_free(error);
        return 1;
    }
    tieback_engine_close(engine);
    printf("tieback %s\n", tieback_version());
    return 0;
}
