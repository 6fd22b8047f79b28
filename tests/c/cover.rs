//! Claims about everything in `tieback.h`, so that what is new there cannot be forgotten in `tieback.hpp` or its tests.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use crate::prototypes;

/// Words of C and C++ source, without those of comments.
fn words(source: &str) -> BTreeSet<String> {
    let code = without_comments(source);
    code.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').map(str::to_owned).collect()
}

fn without_comments(source: &str) -> String {
    let mut code = String::new();
    let mut rest = source;
    while let Some((before, comment)) = rest.split_once("/*") {
        code.push_str(before);
        rest = comment.split_once("*/").expect("a comment ends").1;
    }
    code.push_str(rest);
    code.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

/// The text of all files of a folder.
fn sources(folder: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.iter().map(|path| fs::read_to_string(path).unwrap()).collect::<Vec<_>>().join("\n")
}

fn hpp() -> String {
    sources("include/tieback") + include_str!("../../include/tieback.hpp")
}

/// The structs of the header that a caller fills, with their fields. `struct_size` is for `_init` to set.
fn filled_structs() -> BTreeMap<String, Vec<String>> {
    let header = without_comments(include_str!("../../include/tieback.h"));
    let mut structs = BTreeMap::new();
    for part in header.split("typedef struct {").skip(1) {
        let (body, after) = part.split_once("} ").expect("a struct ends with its name");
        let name = after.split(';').next().expect("a name").to_owned();
        let fields = body.split(';').map(str::trim).filter(|field| !field.is_empty());
        let names = fields.map(|field| match field.split_once("(*") {
            Some((_, function)) => function.split(')').next().expect("a function's name").to_owned(),
            None => field.rsplit([' ', '*']).next().expect("a name").to_owned(),
        });
        structs.insert(name, names.filter(|name| name != "struct_size").collect());
    }
    structs
}

#[test]
fn hpp_uses_every_function_of_the_header() {
    let used = words(&hpp());
    let functions = prototypes::read(include_str!("../../include/tieback.h"));
    // Fields of fixed length, padded with blanks, are for languages that have no other texts.
    let meant = functions.iter().map(|function| function.name.as_str()).filter(|name| !name.ends_with("_padded"));
    let missing: Vec<&str> = meant.filter(|name| !used.contains(*name)).collect();
    assert!(functions.len() > 200, "{} functions were found", functions.len());
    assert_eq!(missing, [] as [&str; 0], "tieback.hpp does not use these");
}

#[test]
fn hpp_sets_every_field_of_each_struct() {
    let structs = filled_structs();
    assert!(structs.len() >= 9 && structs["tieback_engine_options"].contains(&"on_log".to_owned()), "{structs:?}");
    let code = without_comments(&hpp());
    let sets = |field: &str| ["raw.", "raw_."].iter().any(|of| code.contains(&format!("{of}{field} = ")));
    let missing: Vec<String> = structs
        .iter()
        .flat_map(|(name, fields)| fields.iter().map(move |field| (name, field)))
        // What no version uses yet stays as `_init` has set it.
        .filter(|(_, field)| *field != "reserved" && !sets(field))
        .map(|(name, field)| format!("{name}.{field}"))
        .collect();
    assert_eq!(missing, [] as [String; 0], "tieback.hpp does not set these");
}

#[test]
fn hpp_has_every_value_of_each_enumeration() {
    let header = without_comments(include_str!("../../include/tieback.h"));
    let is_value = |word: &&str| {
        ["TIEBACK_LEVEL_", "TIEBACK_HOOK_", "TIEBACK_LOG_", "TIEBACK_RETRY_"].iter().any(|of| word.starts_with(of))
            && !word.ends_with("_INIT")
    };
    let mut values: BTreeSet<&str> =
        header.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').filter(is_value).collect();
    let (_, statuses) = header.split_once("enum tieback_status").expect("the statuses");
    let (statuses, _) = statuses.split_once("};").expect("the statuses end");
    values.extend(statuses.lines().filter_map(|line| line.trim().split_once(" = ")).map(|(name, _)| name));
    values.remove("TIEBACK_LEVEL_COMPANY"); // what is no project
    assert!(values.contains("TIEBACK_CANCELLED") && values.contains("TIEBACK_LOG_DEBUG"), "{values:?}");
    let used = words(&hpp());
    let missing: Vec<&&str> = values.iter().filter(|value| !used.contains(**value)).collect();
    assert_eq!(missing, [] as [&&str; 0], "tieback.hpp does not have these");
}

#[test]
fn every_fallible_call_of_the_hpp_has_both_forms_and_a_test_makes_both() {
    let code = without_comments(&hpp());
    let called = without_comments(&sources("tests/cpp"));
    let declared = |name: &str| code.contains(&format!(" {name}("));
    let makes = |name: &str| [".", "::", "->"].iter().any(|by| called.contains(&format!("{by}{name}(")));
    let tries: BTreeSet<&str> = code
        .split(" try_")
        .skip(1)
        .filter_map(|rest| rest.split_once('(').map(|(name, _)| name))
        .filter(|name| name.chars().all(|c| c.is_ascii_lowercase() || c == '_'))
        .collect();
    assert!(tries.len() > 30 && tries.contains("publish_many"), "{tries:?}");
    for name in tries {
        assert!(declared(name), "`try_{name}` has no form that throws");
        assert!(makes(name), "no test calls `{name}`");
        assert!(makes(&format!("try_{name}")), "no test calls `try_{name}`");
    }
}

#[test]
fn every_getter_of_the_hpp_is_asked_by_a_test() {
    let code = without_comments(&hpp());
    let asked = without_comments(&sources("tests/cpp"));
    // A method without parameters that is `const`: `text id() const`.
    let getters: BTreeSet<&str> = code
        .split("() const")
        .filter_map(|before| before.rsplit([' ', '\n', '*', '&']).next())
        .filter(|name| !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || c == '_' || c == '2'))
        .filter(|name| !["bool", "expect", "raw", "lent"].contains(name) && !name.starts_with("all_"))
        .collect();
    assert!(getters.len() > 90 && getters.contains("oldest_queued_age"), "{}: {getters:?}", getters.len());
    let silent: Vec<&&str> =
        getters.iter().filter(|name| ![".", "->"].iter().any(|by| asked.contains(&format!("{by}{name}(")))).collect();
    assert_eq!(silent, [] as [&&str; 0], "no test asks these");
}

#[test]
fn rules_see_what_they_look_for() {
    let code = "/* tieback_a */ tieback_b(); // tieback_c\ntieback_d";
    assert_eq!(words(code), ["", "tieback_b", "tieback_d"].map(str::to_owned).into());
    let callback = &filled_structs()["tieback_log_callback"];
    assert_eq!(callback, &["call", "user_data", "drop"]);
    assert_eq!(filled_structs()["tieback_scope"], ["level", "company_id", "project_id"]);
}
