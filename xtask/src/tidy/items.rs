//! What an item is called, and what its attributes say.

use std::collections::BTreeSet;

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Attribute, Expr, ExprLit, Ident, Item, Lit, Meta};

use super::imports;

/// The name that an item puts into its module.
pub(crate) fn name(item: &Item) -> Option<String> {
    let ident = match item {
        Item::Const(item) => &item.ident,
        Item::Enum(item) => &item.ident,
        Item::Fn(item) => &item.sig.ident,
        Item::Macro(item) => item.ident.as_ref()?,
        Item::Static(item) => &item.ident,
        Item::Struct(item) => &item.ident,
        Item::Trait(item) => &item.ident,
        Item::Type(item) => &item.ident,
        Item::Union(item) => &item.ident,
        _ => return None,
    };
    Some(ident.to_string())
}

/// What is written above an item.
pub(crate) fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

/// `#[cfg(test)]`, alone or as one of several conditions, and `#[test]`.
pub(crate) fn is_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| match &attribute.meta {
        Meta::List(list) if list.path.is_ident("cfg") => requires_test(&list.tokens),
        Meta::Path(path) => path.is_ident("test"),
        _ => false,
    })
}

/// `test` and `all(test, …)`; not `any(test, …)`, which holds elsewhere too.
fn requires_test(condition: &TokenStream) -> bool {
    let text = condition.to_string();
    let inner = text.strip_prefix("all").map_or(&*text, |rest| rest.trim().trim_matches(['(', ')']));
    inner.split(',').any(|part| part.trim() == "test")
}

/// The file of `#[path = "file"]`.
pub(crate) fn path_attribute(attributes: &[Attribute]) -> Option<String> {
    attributes.iter().find_map(|attribute| match &attribute.meta {
        Meta::NameValue(pair) if pair.path.is_ident("path") => match &pair.value {
            Expr::Lit(ExprLit { lit: Lit::Str(file), .. }) => Some(file.value()),
            _ => None,
        },
        _ => None,
    })
}

/// The name of a macro that is exported.
pub(crate) fn exported_macro(item: &Item) -> Option<String> {
    let exported = attributes(item).iter().any(|attribute| attribute.path().is_ident("macro_export"));
    name(item).filter(|_| exported)
}

/// All names that a file declares or imports, at whatever depth: what documentation may speak of.
pub(crate) fn all_names(file: &syn::File) -> BTreeSet<String> {
    let mut names = Names::default();
    names.visit_file(file);
    names.0
}

#[derive(Default)]
struct Names(BTreeSet<String>);

impl<'ast> Visit<'ast> for Names {
    fn visit_item(&mut self, item: &'ast Item) {
        self.0.extend(name(item));
        if let Item::Mod(module) = item {
            self.add(&module.ident);
        }
        if let Item::Use(import) = item {
            self.0.extend(imports::of(import).into_iter().filter_map(|import| import.name));
        }
        visit::visit_item(self, item);
    }

    fn visit_variant(&mut self, variant: &'ast syn::Variant) {
        self.add(&variant.ident);
        visit::visit_variant(self, variant);
    }

    fn visit_field(&mut self, field: &'ast syn::Field) {
        if let Some(name) = &field.ident {
            self.add(name);
        }
        visit::visit_field(self, field);
    }

    fn visit_signature(&mut self, signature: &'ast syn::Signature) {
        self.add(&signature.ident);
        visit::visit_signature(self, signature);
    }

    fn visit_impl_item_const(&mut self, item: &'ast syn::ImplItemConst) {
        self.add(&item.ident);
    }

    fn visit_trait_item_const(&mut self, item: &'ast syn::TraitItemConst) {
        self.add(&item.ident);
    }

    fn visit_trait_item_type(&mut self, item: &'ast syn::TraitItemType) {
        self.add(&item.ident);
    }

    /// A macro may declare whatever its words name.
    fn visit_item_macro(&mut self, item: &'ast syn::ItemMacro) {
        self.add_words(item.mac.tokens.clone());
    }
}

impl Names {
    fn add(&mut self, name: &Ident) {
        self.0.insert(name.to_string());
    }

    fn add_words(&mut self, tokens: TokenStream) {
        for token in tokens {
            match token {
                TokenTree::Ident(word) => self.add(&word),
                TokenTree::Group(group) => self.add_words(group.stream()),
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_holds_in_tests_alone_is_for_tests() {
        let for_tests = |text: &str| is_for_tests(attributes(&syn::parse_str(text).unwrap()));
        assert!(for_tests("#[cfg(test)] mod tests {}"));
        assert!(for_tests("#[cfg(all(test, unix))] mod tests {}"));
        assert!(for_tests("#[test] fn f() {}"));
        assert!(!for_tests("#[cfg(any(test, feature = \"x\"))] mod x {}"));
        assert!(!for_tests("#[cfg(feature = \"test\")] mod x {}"));
        assert!(!for_tests("mod tests {}"));
    }

    #[test]
    fn all_that_can_be_named_is_named() {
        let text = "
            pub enum Retry { After(u64) }
            pub trait Limiter { type Out; const MAX: u64; fn hit(&self); }
            impl Retry { const NEVER: u64 = 0; fn is_never(&self) {} }
            pub struct Config { capacity: usize }
            use redis::aio::{ConnectionManager as Manager, Client};
            id! { LeaseId, from_text }
            mod inner { fn deep() {} }
        ";
        let names = all_names(&syn::parse_file(text).unwrap());
        let expected = [
            "Retry",
            "After",
            "Limiter",
            "Out",
            "MAX",
            "hit",
            "NEVER",
            "is_never",
            "Config",
            "capacity",
            "Manager",
            "Client",
            "LeaseId",
            "from_text",
            "inner",
            "deep",
        ];
        for name in expected {
            assert!(names.contains(name), "{name}: {names:?}");
        }
        assert!(!names.contains("redis"));
    }
}
