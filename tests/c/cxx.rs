//! `tieback.hpp`: programs in `tests/cpp` and `examples/cpp`, compiled strictly by each compiler that is there, linked
//! with both libraries, run as they are, under valgrind and with the sanitizers.

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::compile::{self, Language, Library, Workshop};
use crate::{optional, refusing_once};

/// The programs that take a store and a URL, with the flags that are theirs. Each is told of by its first comment.
const PROGRAMS: [(&str, &[&str]); 6] = [
    ("tests/cpp/engine.cpp", &[]),
    ("tests/cpp/results.cpp", WITHOUT_EXCEPTIONS),
    ("tests/cpp/objects.cpp", &[]),
    ("tests/cpp/reading.cpp", &[]),
    ("tests/cpp/errors.cpp", &[]),
    ("tests/cpp/threads.cpp", &[]),
];

const WITHOUT_EXCEPTIONS: &[&str] = &["-fno-exceptions", "-fno-rtti"];

/// What users of the header may have as errors.
const STRICT: [&str; 6] = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Werror"];

fn run_all(library: Library, flags: &[&str], runners: &[&[&str]]) {
    if !compile::has_cxx("the programs of tieback.hpp") {
        return;
    }
    let workshop = Workshop::open();
    for (source, own) in PROGRAMS {
        let program = workshop.build(Path::new(source), library, &[&STRICT, own, flags].concat());
        for runner in runners {
            let sink = refusing_once();
            workshop.run(&program, runner, &[&workshop.store(), &sink.url("/events")]);
        }
    }
}

/// The compilers of this machine: the one that is set or usual, and Clang.
fn compilers() -> Vec<String> {
    let mut found = Vec::new();
    if compile::has_cxx("tieback.hpp") {
        found.push(compile::tool(Language::Cxx));
    }
    if optional::has("clang++", "tieback.hpp under Clang") {
        found.push("clang++".to_owned());
    }
    found
}

fn check_syntax(compiler: &str, standard: &str, flags: &[&str], source: &Path) -> Output {
    Command::new(compiler)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["-I", "include", "-I", "tests/c", "-I", "tests/cpp", "-fsyntax-only"])
        .arg(format!("-std={standard}"))
        .args(STRICT)
        .args(flags)
        .arg(source)
        .output()
        .unwrap()
}

fn expect_accepted(compiler: &str, standard: &str, flags: &[&str], source: &Path) {
    let output = check_syntax(compiler, standard, flags, source);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{compiler} -std={standard} {flags:?} {}:\n{said}", source.display());
}

/// `include/tieback.hpp` and its parts.
fn headers() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("include");
    let parts = fs::read_dir(folder.join("tieback")).unwrap().map(|entry| entry.unwrap().path());
    let all: Vec<PathBuf> = parts.chain([folder.join("tieback.hpp")]).collect();
    assert!(all.len() > 5 && all.iter().all(|path| path.extension() == Some(OsStr::new("hpp"))), "{all:?}");
    all
}

#[test]
fn hpp_programs_run_on_the_shared_library_and_leak_and_break_no_memory() {
    let leaks = ["--leak-check=full", "--show-leak-kinds=definite", "--errors-for-leak-kinds=definite"];
    let valgrind = [&["valgrind", "--quiet", "--error-exitcode=9"][..], &leaks].concat();
    let runners: &[&[&str]] = &[&[], &valgrind];
    // One build for both: compiling takes the longer part.
    let has_valgrind = optional::has("valgrind", "the C++ programs under valgrind");
    run_all(Library::Shared, &["-g"], if has_valgrind { runners } else { &runners[..1] });
}

#[test]
fn hpp_programs_run_on_the_static_library() {
    run_all(Library::Static, &[], &[&[]]);
}

#[test]
fn hpp_programs_are_sound_by_the_sanitizers() {
    let workshop = Workshop::open();
    let flags = ["-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"];
    let trial = workshop.write("trial.c", "int main(void) { return 0; }\n");
    if workshop.can_build(&trial, &flags, "the C++ programs with AddressSanitizer") {
        run_all(Library::Shared, &flags, &[&[]]);
    }
}

#[test]
fn hpp_compiles_without_a_warning_in_each_form_and_standard() {
    let workshop = Workshop::open();
    let twice = workshop.write("twice.cpp", "#include <tieback.hpp>\n#include <tieback.hpp>\nint tieback_is_there;\n");
    for compiler in compilers() {
        for standard in ["c++17", "c++20"] {
            for flags in [&[][..], WITHOUT_EXCEPTIONS, &["-DTIEBACK_EXCEPTIONS=0"]] {
                expect_accepted(&compiler, standard, flags, &twice);
            }
        }
        for (source, flags) in PROGRAMS {
            expect_accepted(&compiler, "c++20", flags, Path::new(source));
        }
    }
}

#[test]
fn each_part_of_the_hpp_stands_alone() {
    let workshop = Workshop::open();
    if let Some(compiler) = compilers().first() {
        for header in headers() {
            let source = workshop.write("part.cpp", &format!("#include \"{}\"\n", header.display()));
            expect_accepted(compiler, "c++17", &[], &source);
        }
    }
}

#[test]
fn hpp_wants_cxx17_and_says_so() {
    let workshop = Workshop::open();
    let source = workshop.write("old.cpp", "#include <tieback.hpp>\n");
    for compiler in compilers() {
        let output = check_syntax(&compiler, "c++14", &[], &source);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && said.contains("C++17"), "{compiler}: {said}");
    }
}

/// Statements that would leave a view of nothing, or a failure unseen; and beside each the like that is good.
const REFUSED: [(&str, &str); 16] = [
    ("(void)service.hooks().show(scope, view);", "(void)service.hooks().show(scope, std::string(view));"),
    ("tieback::text t = view;", "tieback::option_text t = view;"),
    ("auto t = tieback::borrow(std::string(view));", "std::string s(view); auto t = tieback::borrow(s);"),
    ("tieback::hook_view v = service.hooks().show(scope, id);", "tieback::hook v = service.hooks().show(scope, id);"),
    ("auto v = hooks().headers();", "auto h = hooks(); auto v = h.headers();"),
    ("auto v = hooks().signing_secrets();", "auto h = hooks(); auto v = h.signing_secrets();"),
    ("auto v = tieback::delivery().event();", "tieback::delivery d; auto v = d.event();"),
    ("auto v = tieback::delivery().attempts();", "auto v = tieback::delivery_view().attempts();"),
    ("tieback::event_view v = tieback::event::parse(view);", "tieback::event v = tieback::event::parse(view);"),
    ("auto v = tieback::event::parse(view).related();", "auto e = tieback::event::parse(view); auto v = e.related();"),
    ("auto v = service.hooks().list(scope)[0];", "auto list = service.hooks().list(scope); auto v = list[0];"),
    ("auto v = engine.notices().front();", "for (auto v : engine.notices()) (void)v;"),
    ("auto v = engine.publish_many({})[0];", "auto many = engine.publish_many({}); auto v = many[0];"),
    ("auto v = engine.check_integrity().findings();", "auto r = engine.check_integrity(); auto v = r.findings();"),
    ("tieback::engine second = engine;", "tieback::engine second = engine.with_cancel(tieback::cancel::create());"),
    ("engine.try_start();", "engine.start();"),
];

#[test]
fn what_would_dangle_or_be_overlooked_does_not_compile() {
    let workshop = Workshop::open();
    let around = |statement: &str| {
        format!(
            "#include <tieback.hpp>\ntieback::hook hooks();\nvoid body(const tieback::engine &, const tieback::service \
             &, std::string_view, tieback::scope, std::string);\nvoid body(const tieback::engine &engine, const \
             tieback::service &service, std::string_view view, tieback::scope scope, std::string id) {{\n    \
             (void)engine, (void)service, (void)view, (void)scope, (void)id;\n    {statement}\n}}\n"
        )
    };
    // Names that are not used are not what this is about.
    let flags = ["-Wno-unused-variable", "-Wno-unused-but-set-variable"];
    if let Some(compiler) = compilers().first() {
        // All the good ones at once: it is one compilation.
        let good: String = REFUSED.map(|(_, good)| format!("{{ {good} }}\n    ")).concat();
        expect_accepted(compiler, "c++17", &flags, &workshop.write("good.cpp", &around(&good)));
        for (statement, _) in REFUSED {
            let output = check_syntax(compiler, "c++17", &flags, &workshop.write("bad.cpp", &around(statement)));
            assert!(!output.status.success(), "{compiler} accepts: {statement}");
        }
    }
}

/// Functions that give what looks into something of their own. They compile, and Clang warns of each.
const OUTLIVING: [&str; 9] = [
    "tieback::text f() { tieback::hook hook; return hook.id(); }",
    "std::optional<tieback::text> f() { tieback::delivery delivery; return delivery.why(); }",
    "std::string_view f() { tieback::delivery delivery; return delivery.payload(); }",
    "tieback::event_view f() { tieback::delivery delivery; return delivery.event(); }",
    "tieback::text f() { tieback::event event; return event.resource_id(); }",
    "tieback::hook_view f() { tieback::hooks page; return page[0]; }",
    "tieback::text f() { tieback::error error; return error.message(); }",
    "tieback::hook_operations f() { tieback::service service; return service.hooks(); }",
    "void f() { tieback::text text = std::to_string(1); (void)text; }",
];

#[test]
fn clang_warns_of_views_that_outlive_what_they_look_into() {
    if !optional::has("clang++", "warnings of views that outlive") {
        return;
    }
    let workshop = Workshop::open();
    let functions = OUTLIVING.iter().enumerate();
    let functions: String =
        functions.map(|(n, function)| function.replace(" f()", &format!(" f{n}()")) + "\n").collect();
    let source = workshop.write("outlive.cpp", &format!("#include <tieback.hpp>\n{functions}"));
    let output = check_syntax("clang++", "c++17", &[], &source);
    let said = String::from_utf8_lossy(&output.stderr);
    for (n, function) in OUTLIVING.iter().enumerate() {
        assert!(said.contains(&format!("outlive.cpp:{}:", n + 2)), "no warning of: {function}\n{said}");
    }
}

#[test]
fn parts_with_and_without_exceptions_make_one_program() {
    if !compile::has_cxx("a program of two forms") {
        return;
    }
    let workshop = Workshop::open();
    let compile = |source, flags| workshop.compile(Path::new(source), Language::Cxx, "c++17", flags);
    let parts = [compile("tests/cpp/mixed.cpp", &[]), compile("tests/cpp/mixed_returning.cpp", WITHOUT_EXCEPTIONS)];
    let [throwing, returning] = parts.each_ref().map(|part| part.to_str().unwrap());
    let nothing = workshop.write("nothing.cpp", "// The parts are linked beside this.\n");
    // In both orders, since a linker takes the first body of an inline function that it meets.
    for order in [[throwing, returning], [returning, throwing]] {
        let program = workshop.build(&nothing, Library::Shared, &order);
        workshop.run(&program, &[], &[&workshop.store(), "http://127.0.0.1:9/nobody"]);
    }
}

#[test]
fn every_field_of_an_error_is_read_and_it_is_freed_once() {
    if compile::has_cxx("the fields of an error") {
        let workshop = Workshop::open();
        let program = workshop.build(Path::new("tests/cpp/fields.cpp"), Library::Shared, &STRICT);
        workshop.run(&program, &[], &[]);
    }
}

#[test]
fn program_that_stands_in_the_hpp_is_the_quickstart_and_delivers() {
    let header = include_str!("../../include/tieback.hpp");
    let (_, program) = header.split_once("A whole program:").unwrap();
    let (program, _) = program.split_once("Two forms").unwrap();
    let lines =
        program.lines().skip(1).filter_map(|line| line.strip_prefix(" *     ").or((line == " *").then_some("")));
    let program = lines.collect::<Vec<_>>().join("\n");
    let quickstart = include_str!("../../examples/cpp/quickstart.cpp");
    assert!(program.contains("int main") && quickstart.contains(program.trim()), "it ought to be this:\n{program}");

    if compile::has_cxx("the quickstart in C++") {
        let workshop = Workshop::open();
        let program = workshop.build(Path::new("examples/cpp/quickstart.cpp"), Library::Shared, &STRICT);
        let sink = refusing_once();
        let arguments = [&*workshop.store(), &sink.url("/events")];
        assert_eq!(workshop.run(&program, &[], &arguments), "Company Users: delivered\n");
        assert_eq!(sink.requests().len(), 2, "the refused attempt and the one that was taken");
    }
}

#[test]
fn document_shows_code_that_runs() {
    let lines = |text: &str| text.trim().lines().map(|line| format!("{}\n", line.trim())).collect::<String>();
    let program = lines(include_str!("../cpp/document.cpp"));
    let document = include_str!("../../docs/cpp.md");
    let snippets: Vec<&str> = document.split("```cpp\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(snippets.len() > 5);
    for snippet in snippets {
        assert!(program.contains(&lines(snippet)), "this is not in tests/cpp/document.cpp as it stands:\n{snippet}");
    }
    if compile::has_cxx("the examples of docs/cpp.md") {
        let workshop = Workshop::open();
        let program = workshop.build(Path::new("tests/cpp/document.cpp"), Library::Shared, &STRICT);
        let sink = refusing_once();
        workshop.run(&program, &[], &[&workshop.store(), &sink.url("/events")]);
    }
}

const EVENT: &str =
    r#"{"company_id": 5358233, "resource_name": "Company Users", "resource_id": 42, "event_type": "update"}"#;

#[test]
fn service_delivers_what_it_reads_and_ends_with_its_input() {
    if compile::has_cxx("the service in C++") {
        let workshop = Workshop::open();
        let program = workshop.build(Path::new("examples/cpp/service.cpp"), Library::Shared, &STRICT);
        let sink = refusing_once();
        let mut child = workshop.command(&program, &[&workshop.store(), &sink.url("/events")]).spawn().unwrap();
        // A line that is no event is told of, and hinders no other.
        write!(child.stdin.take().unwrap(), "{EVENT}\nnonsense\n{EVENT}\n").unwrap();
        let output = child.wait_with_output().unwrap();
        let (told, log) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{told}{log}");
        assert!(told.contains("refused: ") && told.ends_with("ended: 2 delivered, 0 queued\n"), "{told}");
        assert!(log.contains("503"), "the log tells of the refused attempt: {log}");
        assert_eq!(sink.requests().len(), 3);
    }
}

#[test]
fn service_ends_well_when_it_is_told_to() {
    if !compile::has_cxx("the service in C++") {
        return;
    }
    let workshop = Workshop::open();
    let program = workshop.build(Path::new("examples/cpp/service.cpp"), Library::Shared, &STRICT);
    for signal in ["TERM", "INT"] {
        let refused = crate::support::sink::refused_url();
        let mut child = workshop.command(&program, &[&workshop.store(), &refused]).spawn().unwrap();
        writeln!(child.stdin.as_mut().unwrap(), "{EVENT}").unwrap();
        let mut told = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        told.read_line(&mut line).unwrap();
        assert!(line.contains("1 deliveries"), "{line}");
        let killed = Command::new("kill").args([format!("-{signal}"), child.id().to_string()]).status().unwrap();
        assert!(killed.success());
        line.clear();
        told.read_line(&mut line).unwrap();
        assert_eq!(line, "ended: 0 delivered, 1 queued\n", "on {signal}");
        assert!(child.wait().unwrap().success());
    }
}
