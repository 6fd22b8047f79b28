/* Loads the library that it is given, calls a function of it, unloads it and loads it again; prints how many
 * nanoseconds each of the four took. The function takes nothing and gives a text. */
#define _POSIX_C_SOURCE 200809L
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static long long now(void) {
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return at.tv_sec * 1000000000LL + at.tv_nsec;
}

int main(int argc, char **argv) {
    long long begun, loaded, called, unloaded, again;
    const char *(*function)(void) = NULL;
    void *library, *symbol;
    if (argc != 3) return 2;
    begun = now();
    library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
    loaded = now();
    symbol = library == NULL ? NULL : dlsym(library, argv[2]);
    if (symbol == NULL) {
        fprintf(stderr, "%s\n", dlerror());
        return 1;
    }
    memcpy(&function, &symbol, sizeof symbol);
    function();
    called = now();
    dlclose(library);
    unloaded = now();
    library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
    again = now();
    printf("%lld %lld %lld %lld\n", loaded - begun, called - loaded, unloaded - called, again - unloaded);
    return library == NULL;
}
