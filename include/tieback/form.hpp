/*
 * Which form of the calls a program gets, and whether header and library fit. Part of tieback.hpp.
 *
 * SPDX-License-Identifier: MIT OR Apache-2.0
 */

#ifndef TIEBACK_FORM_HPP
#define TIEBACK_FORM_HPP

#include "../tieback.h"

#if !(defined(_MSVC_LANG) && _MSVC_LANG >= 201703L) && __cplusplus < 201703L
#error "tieback.hpp wants C++17 or later: give your compiler -std=c++17"
#endif

#if TIEBACK_ABI_VERSION != 1
#error "this tieback.hpp and the tieback.h beside it are of different versions: install both from one"
#endif

/*
 * 1 where failures can be thrown. Define it as 0 before the include to have the calls with results alone, also in a
 * program that has exceptions.
 */
#ifndef TIEBACK_EXCEPTIONS
#if defined(__cpp_exceptions) || defined(_CPPUNWIND)
#define TIEBACK_EXCEPTIONS 1
#else
#define TIEBACK_EXCEPTIONS 0
#endif
#endif

/*
 * The two forms are different types to the linker. Else a program with parts of both kinds would have one body of each
 * inline function, and a part that expects an exception could find the other one's abort.
 */
#if TIEBACK_EXCEPTIONS
#define TIEBACK_FORM throwing
#else
#define TIEBACK_FORM returning
#endif

/* An exception is caught across shared libraries only if its type is visible there. */
#if defined(__GNUC__)
#define TIEBACK_VISIBLE __attribute__((visibility("default")))
#else
#define TIEBACK_VISIBLE
#endif

/* After a method or a parameter: what is given looks into it. Clang warns when the view lives longer. */
#if defined(__has_cpp_attribute)
#if __has_cpp_attribute(clang::lifetimebound)
#define TIEBACK_VIEWS_THIS [[clang::lifetimebound]]
#endif
#endif
#ifndef TIEBACK_VIEWS_THIS
#define TIEBACK_VIEWS_THIS
#endif

#endif
