//! The paths that code names outside of a module's own imports: in types, expressions, patterns and macros.

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Attribute, ImplItemFn, Item, ItemUse, Macro, Path, Visibility};

use super::{imports, items};

/// A path of at least two names, and where it stands.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct CodePath {
    pub(crate) names: Vec<String>,
    pub(crate) line: usize,
}

/// The paths in an item, test code left out.
pub(crate) fn of(item: &Item) -> Vec<CodePath> {
    let mut paths = Paths::default();
    paths.visit_item(item);
    paths.0
}

#[derive(Default)]
struct Paths(Vec<CodePath>);

impl<'ast> Visit<'ast> for Paths {
    fn visit_item(&mut self, item: &'ast Item) {
        if !items::is_for_tests(items::attributes(item)) {
            visit::visit_item(self, item);
        }
    }

    fn visit_impl_item_fn(&mut self, item: &'ast ImplItemFn) {
        if !items::is_for_tests(&item.attrs) {
            visit::visit_impl_item_fn(self, item);
        }
    }

    /// An import inside a function is a path like any other.
    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        let imported = imports::of(item).into_iter();
        self.0.extend(imported.map(|import| CodePath { names: import.path, line: import.line }));
    }

    fn visit_path(&mut self, path: &'ast Path) {
        if path.leading_colon.is_none() && path.segments.len() > 1 {
            let names = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
            let line = path.segments[0].ident.span().start().line;
            self.0.push(CodePath { names, line });
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, item: &'ast Macro) {
        self.visit_path(&item.path);
        self.add_tokens(item.tokens.clone());
    }

    /// `pub(in crate::a)` says who may look in, not what is looked at.
    fn visit_visibility(&mut self, _: &'ast Visibility) {}

    fn visit_attribute(&mut self, _: &'ast Attribute) {}
}

impl Paths {
    /// Names joined by `::` among a macro's tokens.
    fn add_tokens(&mut self, tokens: TokenStream) {
        let mut path: Option<CodePath> = None;
        let mut colons = 0;
        for token in tokens {
            match token {
                TokenTree::Ident(name) => match &mut path {
                    Some(path) if colons == 2 => path.names.push(name.to_string()),
                    _ => {
                        let line = name.span().start().line;
                        self.0.extend(path.replace(CodePath { names: vec![name.to_string()], line }));
                    }
                },
                TokenTree::Punct(punct) if punct.as_char() == ':' => {
                    colons += 1;
                    continue;
                }
                TokenTree::Group(group) => {
                    self.0.extend(path.take());
                    self.add_tokens(group.stream());
                }
                _ => self.0.extend(path.take()),
            }
            colons = 0;
        }
        self.0.extend(path);
        self.0.retain(|path| path.names.len() > 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(text: &str) -> Vec<String> {
        let item = syn::parse_str(text).unwrap();
        of(&item).iter().map(|path| path.names.join("::")).collect()
    }

    #[test]
    fn paths_are_found_in_types_code_imports_and_macros() {
        let text = "pub(in crate::hidden) fn f(a: crate::a::A) -> Vec<super::b::B> {
            use crate::c::C;
            #[crate::attribute::x] let d = crate::d::d(1);
            format!(\"crate::not::this {}\", g(crate::e::E { x: y }), z);
            local
        }";
        assert_eq!(paths(text), ["crate::a::A", "super::b::B", "crate::c::C", "crate::d::d", "crate::e::E"]);
    }

    #[test]
    fn test_code_and_other_crates_are_left_out() {
        assert_eq!(paths("impl A { #[cfg(test)] fn f() { crate::a::f() } }"), [""; 0]);
        assert_eq!(paths("mod m { #[test] fn f() { crate::a::f() } }"), [""; 0]);
        assert_eq!(paths("fn f() { ::std::mem::drop(1) }"), [""; 0]);
    }

    #[test]
    fn a_macros_own_crate_is_this_one() {
        assert_eq!(paths("macro_rules! m { ($x:expr) => { $crate::a::b($x) }; }"), ["crate::a::b"]);
    }
}
