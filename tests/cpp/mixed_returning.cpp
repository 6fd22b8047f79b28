// The part of mixed.cpp that is compiled without exceptions: it uses the same calls, and takes their values.
#include "check.hpp"

const char *open_twice(const char *path);

const char *open_twice(const char *path) {
    auto opened = tieback::engine::try_open(quick_options(path));
    CHECK(opened.value().try_stats().value().hooks() == 0);
    const auto refused = tieback::engine::try_open(tieback::engine_options());
    return tieback::name(refused.error().kind()).c_str();
}
