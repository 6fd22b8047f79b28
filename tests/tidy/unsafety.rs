//! `unsafe` lives in `src/capi` alone, and says each time why it is sound.

use proc_macro2::{Span, TokenStream, TokenTree};
use syn::visit::{self, Visit};

use crate::tree::{File, expect_clean, files, tokens};

#[test]
fn unsafe_is_written_only_in_capi() {
    let is_guarded = |file: &&File| {
        file.is_rust()
            && ["src/", "build", "python/src/"].iter().any(|part| file.under(part))
            && !file.under("src/capi/")
    };
    expect_clean(files().iter().filter(is_guarded).flat_map(unsafe_words).collect());
}

#[test]
fn unsafe_code_in_capi_says_why_it_is_sound() {
    expect_clean(files().iter().filter(|file| file.is_rust() && file.under("src/capi/")).flat_map(unsaid).collect());
}

#[test]
fn lint_against_unsafe_is_lifted_for_capi_alone() {
    let lifted: Vec<String> = files()
        .iter()
        .filter(|file| file.is_rust() && (file.under("src/") || file.under("python/src/")))
        .filter(|file| lifts_lint(&file.text))
        .map(|file| file.path.clone())
        .collect();
    assert_eq!(lifted, ["src/lib.rs"]);
    let root = files().into_iter().find(|file| file.path == "src/lib.rs").unwrap().text;
    assert!(root.contains("#![deny(unsafe_code)]"));
    assert_eq!(root.matches("(unsafe_code)").count(), 2);
    assert!(root.contains("#[allow(unsafe_code)]\npub mod capi;"));
}

fn lifts_lint(text: &str) -> bool {
    let words = tokens(text.parse().unwrap());
    words.iter().any(|token| matches!(token, TokenTree::Ident(word) if word == "unsafe_code"))
}

fn unsafe_words(file: &File) -> Vec<String> {
    let words = tokens(file.text.parse().unwrap()).into_iter();
    words.filter_map(|token| is_unsafe(&token)).map(|line| format!("{}:{line}: unsafe", file.path)).collect()
}

fn is_unsafe(token: &TokenTree) -> Option<usize> {
    matches!(token, TokenTree::Ident(word) if word == "unsafe").then(|| token.span().start().line)
}

fn unsaid(file: &File) -> Vec<String> {
    let mut places = Places::default();
    places.visit_file(&syn::parse_file(&file.text).unwrap_or_else(|error| panic!("{}: {error}", file.path)));
    let lines: Vec<&str> = file.text.lines().collect();
    let silent =
        places.found.into_iter().filter(|(at, statement)| !says_why(&lines, *at) && !says_why(&lines, *statement));
    silent.map(|(at, _)| format!("{}:{at}: unsafe without a SAFETY line above it", file.path)).collect()
}

/// Whether the comment right above a line, attributes between, has the word.
fn says_why(lines: &[&str], line: usize) -> bool {
    let above = lines[..line - 1].iter().rev().map(|text| text.trim_start());
    let mut comment = above.take_while(|text| text.starts_with("//") || text.starts_with("#["));
    comment.any(|text| ["// SAFETY:", "/// # Safety", "/// Safety:"].iter().any(|word| text.starts_with(word)))
}

/// Where `unsafe` stands, and where the statement around it begins.
#[derive(Default)]
struct Places {
    found: Vec<(usize, usize)>,
    statement: Option<usize>,
}

impl Places {
    fn note(&mut self, at: Span) {
        let line = at.start().line;
        self.found.push((line, self.statement.unwrap_or(line)));
    }

    fn note_function(&mut self, attributes: &[syn::Attribute], signature: &syn::Signature) {
        if let Some(word) = signature.unsafety {
            let line = word.span.start().line;
            let first = attributes.iter().map(|attribute| attribute.pound_token.spans[0].start().line).min();
            self.found.push((line, first.unwrap_or(line).max(1)));
        }
    }

    fn note_tokens(&mut self, stream: &TokenStream) {
        for line in tokens(stream.clone()).iter().filter_map(is_unsafe) {
            self.found.push((line, self.statement.unwrap_or(line)));
        }
    }
}

impl<'ast> Visit<'ast> for Places {
    fn visit_stmt(&mut self, statement: &'ast syn::Stmt) {
        use syn::spanned::Spanned;
        let outer = self.statement.replace(statement.span().start().line);
        visit::visit_stmt(self, statement);
        self.statement = outer;
    }

    fn visit_expr_unsafe(&mut self, block: &'ast syn::ExprUnsafe) {
        self.note(block.unsafe_token.span);
        visit::visit_expr_unsafe(self, block);
    }

    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        self.note_function(&function.attrs, &function.sig);
        visit::visit_item_fn(self, function);
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        self.note_function(&function.attrs, &function.sig);
        visit::visit_impl_item_fn(self, function);
    }

    fn visit_trait_item_fn(&mut self, function: &'ast syn::TraitItemFn) {
        self.note_function(&function.attrs, &function.sig);
        visit::visit_trait_item_fn(self, function);
    }

    fn visit_item_impl(&mut self, block: &'ast syn::ItemImpl) {
        if let Some(word) = block.unsafety {
            self.note(word.span);
        }
        visit::visit_item_impl(self, block);
    }

    fn visit_item_trait(&mut self, item: &'ast syn::ItemTrait) {
        if let Some(word) = item.unsafety {
            self.note(word.span);
        }
        visit::visit_item_trait(self, item);
    }

    fn visit_item_foreign_mod(&mut self, block: &'ast syn::ItemForeignMod) {
        if let Some(word) = block.unsafety {
            self.note(word.span);
        }
        visit::visit_item_foreign_mod(self, block);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        self.note_tokens(&call.tokens);
        visit::visit_macro(self, call);
    }
}

#[test]
fn unsafe_rule_sees_what_is_unsaid() {
    let cases: &[(&str, usize)] = &[
        ("fn f(p: *const u8) -> u8 {\n    // SAFETY: the caller checked.\n    unsafe { *p }\n}", 0),
        ("fn f(p: *const u8) {\n    // SAFETY: checked.\n    let x = g(\n        unsafe { *p },\n    );\n}", 0),
        ("/// Reads.\n/// # Safety\n/// `p` is alive.\n#[inline]\npub unsafe fn f(p: *const u8) {}", 0),
        ("fn f(p: *const u8) -> u8 {\n    unsafe { *p }\n}", 1),
        ("fn f(p: *const u8) -> u8 {\n    // SAFETY: far away.\n\n    unsafe { *p }\n}", 1),
        ("/// Reads.\npub unsafe fn f(p: *const u8) {}", 1),
        ("struct A;\nunsafe impl Send for A {}", 1),
        ("impl A {\n    unsafe fn f() {}\n}", 1),
        ("fn f() { assert_eq!(unsafe { g() }, 1) }", 1),
    ];
    for (text, faults) in cases {
        let file = File { path: "src/capi/x.rs".to_owned(), text: (*text).to_owned() };
        assert_eq!(unsaid(&file).len(), *faults, "{text}");
    }
    let quiet = File { path: "src/x.rs".to_owned(), text: "/// unsafe words\nconst A: &str = \"unsafe\";".to_owned() };
    assert!(unsafe_words(&quiet).is_empty());
    let loud = File { path: "src/x.rs".to_owned(), text: "fn f() { g!(unsafe { 1 }) }".to_owned() };
    assert_eq!(unsafe_words(&loud).len(), 1);
}
