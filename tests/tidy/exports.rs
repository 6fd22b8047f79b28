//! What the C ABI exports: functions named after the library, written out, each nothing but one call of the boundary.

use proc_macro2::TokenTree;
use syn::visit::{self, Visit};

use crate::tree::{File, expect_clean, files, tokens};

#[test]
fn exported_functions_run_behind_the_boundary() {
    let files = files();
    let capi: Vec<&File> = files.iter().filter(|file| file.is_rust() && file.under("src/capi/")).collect();
    let exports: Vec<Exports> = capi.iter().map(|file| exports(file)).collect();
    expect_clean(exports.iter().flat_map(|exports| exports.wrong.clone()).collect());

    // The rule saw all of them, and not just those in a shape that it knows.
    let marked: usize = capi.iter().map(|file| marks(file)).sum();
    let seen: usize = exports.iter().map(|exports| exports.seen).sum();
    assert_eq!(seen, marked, "functions seen, and `no_mangle` marks in src/capi");
    assert!(seen > 0, "the C ABI exports nothing");
}

/// How often a file marks something as exported, in whatever way.
fn marks(file: &File) -> usize {
    let tokens = tokens(file.text.parse().unwrap());
    let is_mark = |word: &proc_macro2::Ident| word == "no_mangle" || word == "export_name";
    tokens.iter().filter(|token| matches!(token, TokenTree::Ident(word) if is_mark(word))).count()
}

fn exports(file: &File) -> Exports {
    let mut exports = Exports { path: file.path.clone(), seen: 0, wrong: Vec::new() };
    exports.visit_file(&syn::parse_file(&file.text).unwrap_or_else(|error| panic!("{}: {error}", file.path)));
    exports
}

struct Exports {
    path: String,
    seen: usize,
    wrong: Vec<String>,
}

impl<'ast> Visit<'ast> for Exports {
    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        let name = function.sig.ident.to_string();
        let is_marked = function.attrs.iter().any(is_export_mark);
        let is_c = function.sig.abi.as_ref().is_some_and(|abi| abi.name.as_ref().is_some_and(|c| c.value() == "C"));
        let is_public = matches!(function.vis, syn::Visibility::Public(_));

        if is_marked || (is_c && is_public) {
            self.seen += usize::from(is_marked);
            let faults = [
                (!(is_marked && is_c && is_public), "an exported function is `#[unsafe(no_mangle)] pub extern \"C\"`"),
                (!name.starts_with("tieback_"), "its name does not begin with tieback_"),
                (!is_one_guard_call(&function.block), "its body is not one call of boundary::guard"),
            ];
            let line = function.sig.ident.span().start().line;
            for (_, fault) in faults.into_iter().filter(|(is_wrong, _)| *is_wrong) {
                self.wrong.push(format!("{}:{line}: {name}: {fault}", self.path));
            }
        }
        visit::visit_item_fn(self, function);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        let words = tokens(call.tokens.clone());
        for word in words.iter().filter(|token| matches!(token, TokenTree::Ident(word) if word == "no_mangle")) {
            let line = word.span().start().line;
            self.wrong.push(format!("{}:{line}: an export made by a macro; write its signature out", self.path));
        }
    }
}

fn is_export_mark(attribute: &syn::Attribute) -> bool {
    let syn::Meta::List(list) = &attribute.meta else { return false };
    list.path.is_ident("unsafe") && list.tokens.to_string().contains("no_mangle")
}

/// `guard(...)`, or a sibling of it named `guard_...`, and nothing before or after: code outside it could panic.
fn is_one_guard_call(body: &syn::Block) -> bool {
    let [syn::Stmt::Expr(syn::Expr::Call(call), None)] = body.stmts.as_slice() else { return false };
    let syn::Expr::Path(function) = call.func.as_ref() else { return false };
    let last = function.path.segments.last().map(|segment| segment.ident.to_string());
    last.is_some_and(|name| name == "guard" || name.starts_with("guard_"))
}

#[test]
fn boundary_rule_sees_what_stands_outside() {
    let cases: &[(&str, usize)] = &[
        (r#"#[unsafe(no_mangle)] pub extern "C" fn tieback_a() -> i32 { guard(0, || 1) }"#, 0),
        (
            r#"#[unsafe(no_mangle)] pub unsafe extern "C" fn tieback_a_free(a: *mut A) { boundary::guard_free(a, f) }"#,
            0,
        ),
        (r#"#[unsafe(no_mangle)] pub extern "C" fn tieback_a() -> i32 { 1 }"#, 1),
        (r#"#[unsafe(no_mangle)] pub extern "C" fn tieback_a() -> i32 { let x = f(); guard(0, || x) }"#, 1),
        (r#"#[unsafe(no_mangle)] pub extern "C" fn a() -> i32 { guard(0, || 1) }"#, 1),
        (r#"#[unsafe(no_mangle)] pub fn tieback_a() -> i32 { guard(0, || 1) }"#, 1),
        (r#"pub extern "C" fn tieback_a() -> i32 { guard(0, || 1) }"#, 1),
        (r#"macro_rules! m { () => { #[unsafe(no_mangle)] pub extern "C" fn tieback_a() {} } }"#, 1),
    ];
    for (text, faults) in cases {
        let file = File { path: "src/capi/x.rs".to_owned(), text: (*text).to_owned() };
        let wrong = exports(&file).wrong;
        assert_eq!(wrong.len(), *faults, "{text}: {wrong:?}");
    }
}
