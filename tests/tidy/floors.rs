//! Layering. A module names only modules on lower floors, modules listed before it on its own floor, and its own
//! children; store backends are named only by what opens a store.

use std::collections::HashMap;

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};

use crate::tree::{File, expect_clean, files};

/// The house from the ground up. The order is the rule: what stands earlier may be named by what stands later.
const FLOORS: &[(&str, &[&str])] = &[
    ("words", &["error", "time", "random", "secret", "types", "report", "service"]),
    (
        "decisions",
        &[
            "wire::link",
            "wire::problem",
            "wire::exact",
            "wire::payload",
            "wire::v1",
            "wire::v2",
            "wire::own",
            "policy::retry",
            "policy::lane",
            "policy::rate",
            "policy::signing",
            "policy::queue",
            "policy::lease",
            "policy::dispatch",
            "policy::matching",
            "policy::catalogue",
            "policy::publishable",
            "policy::seal",
            "policy::redact",
            "policy::verify",
            "policy::dedupe",
            "policy::echo",
            "policy::network",
            "policy::egress",
            "policy::pacing",
            "policy::access",
        ],
    ),
    (
        "effects",
        &[
            "runtime",
            "store",
            "store::memory",
            "store::sqlite",
            "store::sql",
            "net::proxy",
            "net::resolve",
            "net::trust",
            "net::failure",
            "net::tls",
            "net::pool",
            "net::client",
            "net::send",
            "net::call",
            "net::token",
            "net::listen",
        ],
    ),
    ("engines", &["engine", "receiver"]),
    ("faces", &["remote", "embedded"]),
    ("tasks", &["tasks"]),
    ("serving", &["server"]),
    ("operations", &["ops"]),
    ("doors", &["capi", "cli"]),
];

/// Everything else knows a store by its traits.
const BACKENDS: &[&str] = &["store::memory", "store::sqlite", "store::sql"];

/// Who opens a store, and so has to name one.
const CONSTRUCTORS: &[&str] = &["store", "engine::open"];

#[test]
fn modules_name_only_what_is_below_them() {
    expect_clean(files().iter().filter(|file| in_the_house(&file.path)).flat_map(wrong_names).collect());
}

/// Programs (`src/main.rs`, `src/bin`) stand outside: they use the library by its public face.
fn in_the_house(path: &str) -> bool {
    path.starts_with("src/") && path.ends_with(".rs") && path != "src/main.rs" && !path.starts_with("src/bin/")
}

fn wrong_names(file: &File) -> Vec<String> {
    let module = module_of(&file.path);
    let mut wrong: Vec<String> = Vec::new();
    if !module.is_empty() && room(&module).is_none() && !is_corridor(&module) {
        wrong.push(format!("{}: stands on no floor; give it a place in FLOORS", file.path));
    }
    for (target, line) in named_modules(&file.text, &module) {
        if let Some(fault) = fault_of(&module, &target) {
            wrong.push(format!("{}:{line}: names crate::{}: {fault}", file.path, target.join("::")));
        }
    }
    wrong.dedup();
    wrong
}

/// What is wrong with `module` naming `target`.
fn fault_of(module: &[String], target: &[String]) -> Option<String> {
    let Some(there) = room(target) else {
        let own_child = target.starts_with(module);
        return (!own_child).then(|| "name the module that it lives in, by its place in FLOORS".to_owned());
    };
    let is_at = |places: &[&str], path: &[String]| places.iter().any(|place| is_within(path, place));
    if is_at(BACKENDS, target) && !is_at(CONSTRUCTORS, module) {
        return Some(format!("a store backend; only {} may", CONSTRUCTORS.join(" and ")));
    }
    if target.starts_with(module) {
        return None;
    }
    match room(module) {
        Some(here) if there <= here => None,
        Some(_) => Some("it stands higher, or later on the same floor".to_owned()),
        None => Some("this module only holds its children".to_owned()),
    }
}

/// The place of a module in FLOORS, counted from the ground: that of its longest listed parent.
fn room(path: &[String]) -> Option<usize> {
    let rooms = FLOORS.iter().flat_map(|(_, rooms)| rooms.iter());
    let inside = rooms.enumerate().filter(|(_, room)| is_within(path, room));
    inside.max_by_key(|(_, room)| room.len()).map(|(place, _)| place)
}

/// Whether it is a mere parent of listed modules, such as `policy`.
fn is_corridor(path: &[String]) -> bool {
    let prefix = format!("{}::", path.join("::"));
    FLOORS.iter().flat_map(|(_, rooms)| rooms.iter()).any(|room| room.starts_with(&prefix))
}

fn is_within(path: &[String], place: &str) -> bool {
    let place: Vec<&str> = place.split("::").collect();
    path.len() >= place.len() && path.iter().zip(&place).all(|(a, b)| a == b)
}

/// `src/policy/lane.rs` is `policy::lane`, `src/policy/mod.rs` is `policy`, `src/lib.rs` is the root.
fn module_of(path: &str) -> Vec<String> {
    let inner = path.trim_start_matches("src/").trim_end_matches(".rs");
    let inner = inner.strip_suffix("/mod").unwrap_or(inner);
    if inner == "lib" { Vec::new() } else { inner.split('/').map(str::to_owned).collect() }
}

/// Every path of this crate that a file names, from the crate's root, with its line.
fn named_modules(text: &str, module: &[String]) -> Vec<(Vec<String>, usize)> {
    let parsed = syn::parse_file(text).unwrap_or_else(|error| panic!("{}: {error}", module.join("::")));
    let mut imports = Imports { scope: Scope::new(module), paths: Vec::new() };
    imports.visit_file(&parsed);
    let mut names = Names { scope: imports.scope, paths: Vec::new() };
    names.scope.module = module.to_vec();
    names.visit_file(&parsed);
    let mut paths = imports.paths;
    paths.extend(names.paths);
    paths.sort_by_key(|(_, line)| *line);
    paths
}

/// What names mean at a place: where it is, and what its file has imported or declared.
struct Scope {
    module: Vec<String>,
    bound: HashMap<String, Vec<String>>,
}

impl Scope {
    fn new(module: &[String]) -> Self {
        Self { module: module.to_vec(), bound: HashMap::new() }
    }

    /// The path from the crate's root, if it is one of this crate.
    fn resolve(&self, path: &[String]) -> Option<Vec<String>> {
        let (first, rest) = path.split_first()?;
        match first.as_str() {
            "crate" => Some(rest.to_vec()),
            "self" => Some([&self.module, rest].concat()),
            "super" => {
                let mut base = self.module.as_slice();
                let mut rest = path;
                while let Some((first, after)) = rest.split_first()
                    && first == "super"
                {
                    base = &base[..base.len().saturating_sub(1)];
                    rest = after;
                }
                Some([base, rest].concat())
            }
            _ => self.bound.get(first).map(|base| [base, rest].concat()),
        }
    }
}

/// First reading: imports and child modules, which give short names their meaning.
struct Imports {
    scope: Scope,
    paths: Vec<(Vec<String>, usize)>,
}

impl Imports {
    fn tree(&mut self, prefix: &[String], tree: &syn::UseTree) {
        let joined = |ident: &syn::Ident| [prefix, &[ident.to_string()]].concat();
        match tree {
            syn::UseTree::Path(path) => self.tree(&joined(&path.ident), &path.tree),
            syn::UseTree::Group(group) => group.items.iter().for_each(|item| self.tree(prefix, item)),
            syn::UseTree::Glob(glob) => self.bind(None, prefix, glob.star_token.spans[0].start().line),
            syn::UseTree::Rename(rename) => {
                self.bind(Some(&rename.rename), &joined(&rename.ident), rename.ident.span().start().line);
            }
            syn::UseTree::Name(name) if name.ident == "self" => {
                self.bind(None, prefix, name.ident.span().start().line);
                if let (Some(last), Some(path)) = (prefix.last(), self.scope.resolve(prefix)) {
                    self.scope.bound.insert(last.clone(), path);
                }
            }
            syn::UseTree::Name(name) => {
                self.bind(Some(&name.ident), &joined(&name.ident), name.ident.span().start().line);
            }
        }
    }

    fn bind(&mut self, name: Option<&syn::Ident>, path: &[String], line: usize) {
        if let Some(path) = self.scope.resolve(path) {
            if let Some(name) = name {
                self.scope.bound.insert(name.to_string(), path.clone());
            }
            self.paths.push((path, line));
        }
    }
}

impl<'ast> Visit<'ast> for Imports {
    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        if item.leading_colon.is_none() {
            self.tree(&[], &item.tree);
        }
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        let name = item.ident.to_string();
        let path = [self.scope.module.as_slice(), std::slice::from_ref(&name)].concat();
        self.scope.bound.insert(name.clone(), path);
        self.scope.module.push(name);
        visit::visit_item_mod(self, item);
        self.scope.module.pop();
    }
}

/// Second reading: every other path, also inside macros.
struct Names {
    scope: Scope,
    paths: Vec<(Vec<String>, usize)>,
}

impl Names {
    fn name(&mut self, path: &[String], line: usize) {
        // A single word is a local name, or was seen where it was imported.
        if path.len() > 1
            && let Some(path) = self.scope.resolve(path)
        {
            self.paths.push((path, line));
        }
    }

    /// Words joined by `::`, which is as much as one can know of a macro's tokens.
    fn words(&mut self, tokens: TokenStream) {
        let mut path: Vec<String> = Vec::new();
        let (mut line, mut colons) = (0, 0);
        for token in tokens {
            match token {
                TokenTree::Punct(punct) if punct.as_char() == ':' => colons += 1,
                TokenTree::Ident(word) => {
                    if colons != 2 {
                        self.name(&std::mem::take(&mut path), line);
                        line = word.span().start().line;
                    }
                    path.push(word.to_string());
                    colons = 0;
                }
                other => {
                    self.name(&std::mem::take(&mut path), line);
                    colons = 0;
                    if let TokenTree::Group(group) = other {
                        self.words(group.stream());
                    }
                }
            }
        }
        self.name(&path, line);
    }
}

impl<'ast> Visit<'ast> for Names {
    fn visit_path(&mut self, path: &'ast syn::Path) {
        if path.leading_colon.is_none() {
            let words: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
            self.name(&words, path.segments[0].ident.span().start().line);
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        self.words(call.tokens.clone());
        visit::visit_macro(self, call);
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        self.scope.module.push(item.ident.to_string());
        visit::visit_item_mod(self, item);
        self.scope.module.pop();
    }

    // Who may see an item is no dependency.
    fn visit_visibility(&mut self, _: &'ast syn::Visibility) {}
}

#[test]
fn floors_rule_sees_every_way_to_name_a_module() {
    let cases: &[(&str, &str, usize)] = &[
        // Down, sideways to what is earlier, and to own children.
        ("src/policy/lane.rs", "use crate::time::Moment; use super::retry::RetryPolicy;", 0),
        ("src/policy/mod.rs", "pub mod lane; pub use lane::Gate;", 0),
        ("src/types/hook.rs", "use super::Id; pub(in crate::engine) fn f(_: super::Scope) {}", 0),
        ("src/store/mod.rs", "mod memory; fn f() { memory::Memory::new() }", 0),
        ("src/engine/open.rs", "use crate::store::sqlite::Sqlite;", 0),
        ("src/store/sqlite/rows.rs", "use super::Sqlite; use crate::store::Queue;", 0),
        // Up, and sideways to what is later.
        ("src/types/hook.rs", "use crate::engine::Engine;", 1),
        ("src/types/hook.rs", "use crate::{error::Error, engine::{Engine, Options as O}};", 2),
        ("src/policy/retry.rs", "use super::lane::Gate;", 1),
        ("src/policy/retry.rs", "fn f() { super::super::store::open() }", 1),
        ("src/policy/retry.rs", "mod tests { use super::super::lane; }", 1),
        ("src/policy/retry.rs", "fn f(x: Vec<crate::store::Commit>) {}", 1),
        ("src/policy/retry.rs", "fn f() { assert!(true, \"{}\", g(crate::store::Commit::new)) }", 1),
        ("src/error.rs", "impl From<crate::wire::own::Fault> for Error {}", 1),
        // By way of an imported parent.
        ("src/embedded.rs", "use crate::store; fn f() { store::sqlite::open() }", 1),
        ("src/embedded.rs", "use crate::store as kept; fn f() -> kept::sqlite::Sqlite {}", 1),
        ("src/embedded.rs", "use crate::store::{self}; fn f() { println!(\"{}\", store::memory::LIMIT) }", 1),
        // Backends, without a floor, through the root, a bare parent.
        ("src/engine/worker.rs", "use crate::store::memory::Memory;", 1),
        ("src/store/sqlite/mod.rs", "use super::memory::Memory;", 0),
        ("src/lib.rs", "pub use store::sqlite::Sqlite;", 0),
        ("src/lib.rs", "pub mod store; pub use store::sqlite::Sqlite;", 1),
        ("src/attic.rs", "fn f() {}", 1),
        ("src/engine/worker.rs", "use crate::Error;", 1),
        ("src/engine/worker.rs", "use crate::policy::*;", 1),
        // Other crates' paths are none of ours.
        ("src/types/hook.rs", "use std::fmt; use ::engine::x; fn f() { std::engine::g() }", 0),
    ];
    for (path, text, faults) in cases {
        let file = File { path: (*path).to_owned(), text: (*text).to_owned() };
        let wrong = wrong_names(&file);
        assert_eq!(wrong.len(), *faults, "{path}: {text}: {wrong:?}");
    }
}
