// A program of two parts: this one has exceptions, mixed_returning.cpp has none. Each gets its own form of tieback.hpp,
// so that what is thrown here is not an abort there.
#include <string>

#include "check.hpp"

const char *open_twice(const char *path);

int main(int argc, char **argv) {
    CHECK(argc == 3);
    SAME(open_twice(argv[1]), "invalid_argument");
    auto opened = tieback::engine::try_open(tieback::engine_options());
    THROWS(opened.value(), invalid_argument, "path");
    THROWS(tieback::engine(quick_options("/nowhere/hooks.db")), storage, "nowhere");
    return 0;
}
