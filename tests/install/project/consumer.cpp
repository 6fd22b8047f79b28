// The same program as consumer.c, in C++.
#include <tieback.h>

#include <iostream>

int main(int argc, char **argv) {
    if (argc != 2 || tieback_abi_version() != TIEBACK_ABI_VERSION) {
        return 2;
    }
    tieback_engine_options options = TIEBACK_ENGINE_OPTIONS_INIT;
    tieback_engine *engine = nullptr;
    tieback_error *error = nullptr;
    options.path = argv[1];
    if (tieback_engine_open(&options, &engine, &error) != TIEBACK_OK) {
        std::cerr << tieback_error_message(error) << '\n';
        tieback_error_free(error);
        return 1;
    }
    tieback_engine_close(engine);
    std::cout << "tieback " << tieback_version() << '\n';
    return 0;
}
