//! What Rust programs here declare of the C ABI is what the header declares.

use std::fmt::Write;

use syn::{FnArg, ForeignItem, Item, ReturnType, Type};

use crate::compile::{Library, Workshop};
use crate::functions;

#[path = "../../fuzz/targets/abi/c.rs"]
mod c;

const SOURCE: &str = include_str!("../../fuzz/targets/abi/c.rs");

#[test]
fn functions_that_rust_declares_are_those_of_the_header() {
    // A word that the parser does not know yet.
    let file = syn::parse_file(&SOURCE.replace("pub safe fn", "pub fn")).unwrap();
    let block = file.items.iter().find_map(|item| if let Item::ForeignMod(block) = item { Some(block) } else { None });
    let header = functions::all();
    let mut seen = 0;
    for item in &block.unwrap().items {
        let ForeignItem::Fn(function) = item else { panic!("not a function") };
        let name = function.sig.ident.to_string();
        let known = header.iter().find(|known| known.name == name).unwrap_or_else(|| panic!("{name} is not there"));
        let declared = function.sig.inputs.iter().map(|input| match input {
            FnArg::Typed(input) => of_rust(&input.ty),
            FnArg::Receiver(_) => panic!("{name}"),
        });
        let parameters = known.parameters.iter().map(|(kind, _)| of_c(kind));
        assert!(declared.eq(parameters), "{name}");
        let returns = match &function.sig.output {
            ReturnType::Default => "void",
            ReturnType::Type(_, kind) => of_rust(kind),
        };
        assert_eq!(returns, of_c(&known.returns), "{name}");
        seen += 1;
    }
    assert!(seen > 50, "{seen} functions");
}

/// How a type is passed.
fn of_rust(kind: &Type) -> &'static str {
    match kind {
        Type::Ptr(_) => "pointer",
        Type::Path(path) => match path.path.get_ident().map(ToString::to_string).as_deref() {
            Some("Any" | "Text") => "pointer",
            Some("i32") => "int32_t",
            Some("i64") => "int64_t",
            Some("usize") => "size_t",
            _ => panic!("a type that this test does not know"),
        },
        _ => panic!("a type that this test does not know"),
    }
}

fn of_c(kind: &str) -> &'static str {
    match kind.trim() {
        kind if kind.ends_with('*') => "pointer",
        "int32_t" | "tieback_status" | "tieback_retry" => "int32_t",
        "int64_t" => "int64_t",
        "size_t" => "size_t",
        "void" => "void",
        other => panic!("a type that this test does not know: {other}"),
    }
}

#[test]
fn structs_that_rust_declares_are_those_of_the_header() {
    use std::mem::offset_of;
    let facts = [
        ("sizeof(tieback_scope)", size_of::<c::Scope>()),
        ("offsetof(tieback_scope, project_id)", offset_of!(c::Scope, project_id)),
        ("sizeof(tieback_hook_options)", size_of::<c::HookOptions>()),
        ("offsetof(tieback_hook_options, header_count)", offset_of!(c::HookOptions, header_count)),
        ("offsetof(tieback_hook_options, rate_limit_per_ms)", offset_of!(c::HookOptions, rate_limit_per_ms)),
        ("sizeof(tieback_event_options)", size_of::<c::EventOptions>()),
        ("offsetof(tieback_event_options, resource_name)", offset_of!(c::EventOptions, resource_name)),
        ("offsetof(tieback_event_options, source_operation_id)", offset_of!(c::EventOptions, source_operation_id)),
        ("offsetof(tieback_event_options, related_count)", offset_of!(c::EventOptions, related_count)),
        ("offsetof(tieback_event_options, data_json)", offset_of!(c::EventOptions, data_json)),
    ];
    let checks = facts.iter().fold(String::new(), |mut checks, (fact, value)| {
        writeln!(checks, "    CHECK({fact} == {value});").unwrap();
        checks
    });
    run("declared.c", &checks);
}

/// Bytes between the last field and the end are whatever the compiler left there: a field that a later version puts
/// there would be read from programs that never set it.
#[test]
fn structs_that_grow_have_no_room_behind_their_last_field() {
    let header = include_str!("../../include/tieback.h");
    let mut checks = String::new();
    for part in header.split("typedef struct ").skip(1) {
        let Some((body, after)) = part.split_once("} ") else { continue };
        let is_growing = body.contains("size_t struct_size;");
        let (name, _) = after.split_once(';').unwrap();
        if !is_growing || body.contains("typedef") {
            continue;
        }
        let last = body.rsplit(';').nth(1).unwrap();
        let last = last.rsplit(|c: char| !c.is_ascii_alphanumeric() && c != '_').next().unwrap();
        writeln!(checks, "    CHECK(sizeof({name}) == offsetof({name}, {last}) + sizeof((({name} *)0)->{last}));")
            .unwrap();
    }
    assert!(checks.lines().count() >= 6, "{checks}");
    run("filled.c", &checks);
}

fn run(name: &str, checks: &str) {
    let workshop = Workshop::open();
    let text = format!("#include <stddef.h>\n#include \"check.h\"\n\nint main(void) {{\n{checks}    return 0;\n}}\n");
    let source = workshop.write(name, &text);
    workshop.run(&workshop.build(&source, Library::Shared, &[]), &[], &[]);
}
