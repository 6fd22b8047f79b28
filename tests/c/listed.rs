//! The errors that a comment of the header lists are those that there are: whatever a test program has seen fail is
//! listed, and so is what follows from the parameters.

use std::fs;

use crate::functions;
use crate::prototypes::Function;

/// What its comment lists, and what the comments list that it refers to (`those of ...`).
fn listed(all: &[Function], function: &Function) -> String {
    let own = function.says("Errors:").unwrap_or_default();
    let others = own.split("those of `").skip(1).map(|after| after.split('`').next().unwrap_or_default());
    let others = others.map(|name| {
        let other = all.iter().find(|other| other.name == name);
        listed(all, other.unwrap_or_else(|| panic!("{}: there is no {name}", function.name)))
    });
    others.fold(own.to_owned(), |whole, other| whole + " " + &other)
}

/// The front part says: wherever the store can fail, another program can hold its file.
fn lists(all: &[Function], function: &Function, status: &str) -> bool {
    let listed = listed(all, function);
    listed.contains(status) || (status == "TIEBACK_UNAVAILABLE" && listed.contains("TIEBACK_STORAGE"))
}

/// Words of what is TIEBACK_INVALID_ARGUMENT in every function, as the front part says once: a NULL, a handle that is
/// none or of another kind, a text that is no UTF-8, a struct of a wrong size.
const FOR_ALL: [&str; 7] = ["NULL", "handle", "a cancel token", "\"none\"", "UTF-8", "_INIT", "does not have"];

#[test]
fn each_error_that_a_test_program_has_seen_is_listed_where_it_came_from() {
    let all = functions::all();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/c");
    let mut seen = 0;
    let mut silent = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|ending| ending != "c") {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        for (name, status, word) in failures(&text) {
            let is_for_all = FOR_ALL.iter().any(|said| word.contains(said));
            let Some(function) = all.iter().find(|function| function.name == name) else { continue };
            seen += 1;
            let is_said_once = status == "TIEBACK_INVALID_ARGUMENT" && is_for_all || status == "TIEBACK_CANCELLED";
            if !is_said_once && !lists(&all, function, &status) {
                silent.push(format!("{name} does not list {status} ({}: {word})", path.display()));
            }
        }
    }
    assert!(seen > 100, "{seen} failures were found in the test programs");
    assert!(silent.is_empty(), "{}", silent.join("\n"));
}

/// Function, status and word of each `FAILS(tieback_x(...), TIEBACK_Y, "word")` of a program.
fn failures(text: &str) -> Vec<(String, String, String)> {
    let uses = text.split("FAILS(").skip(1).filter(|after| after.starts_with("tieback_"));
    uses.filter_map(|after| {
        let (name, rest) = after.split_once('(')?;
        let mut open = 1;
        let end = rest.find(|c| {
            open += i32::from(c == '(') - i32::from(c == ')');
            open == 0
        })?;
        let mut words = rest[end + 1..].trim_start_matches([',', ' ', '\n']).splitn(2, ',');
        let status = words.next()?.trim().to_owned();
        let word = words.next()?.split(')').next()?.trim().to_owned();
        status.starts_with("TIEBACK_").then(|| (name.to_owned(), status, word))
    })
    .collect()
}

#[test]
fn what_follows_from_the_parameters_is_listed() {
    let all = functions::all();
    let mut silent = Vec::new();
    for function in all.iter().filter(|function| function.is_fallible()) {
        let takes = |wanted: fn(&str, &str) -> bool| function.parameters.iter().any(|(kind, name)| wanted(kind, name));
        let is_handle = |kind: &str, _: &str| {
            ["const tieback_engine *", "const tieback_service *", "const tieback_cancel *"].contains(&kind)
        };
        let is_walk = |kind: &str, _: &str| kind.ends_with("_iter *");
        let is_id = |_: &str, name: &str| name == "hook_id";
        // A walk looks for its hook when it is asked for the first one.
        let looks = !function.name.ends_with("_iter_new");
        for (follows, status) in [
            (takes(is_handle) || takes(is_walk), "TIEBACK_CLOSED"),
            (takes(is_id) && looks, "TIEBACK_NOT_FOUND"),
            (takes(|kind, _| kind == "const tieback_scope *"), "TIEBACK_INVALID_ARGUMENT"),
        ] {
            if follows && !lists(&all, function, status) {
                silent.push(format!("{} does not list {status}", function.name));
            }
        }
    }
    assert!(silent.is_empty(), "{}", silent.join("\n"));
}
