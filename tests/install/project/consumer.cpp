// The same program as consumer.c, in C++: by tieback.hpp and its parts, which are installed beside it.
#include <tieback.hpp>

#include <iostream>

int main(int argc, char **argv) {
    if (argc != 2 || !tieback::library_fits()) {
        return 2;
    }
    tieback::engine_options options;
    options.path = argv[1];
    try {
        const tieback::engine engine = tieback::engine::open(options);
        engine.stats();
    } catch (const tieback::error &error) {
        std::cerr << error.what() << '\n';
        return 1;
    }
    std::cout << "tieback " << tieback::version() << '\n';
    return 0;
}
