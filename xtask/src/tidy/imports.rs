//! What `use` brings in, one name at a time.

use proc_macro2::Span;
use syn::{Ident, ItemUse, UseTree, Visibility};

/// One name that a `use` brings into a module.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Import {
    /// Under which name; `None` for all names (`*`).
    pub(crate) name: Option<String>,
    /// Whose; for `*` the module's.
    pub(crate) path: Vec<String>,
    pub(crate) line: usize,
    /// Whether it is passed on to others.
    pub(crate) public: bool,
}

/// The names that an import brings in. One from another crate by `::` brings in nothing of this one.
pub(crate) fn of(item: &ItemUse) -> Vec<Import> {
    let public = !matches!(item.vis, Visibility::Inherited);
    let mut found = Flat { public, imports: Vec::new() };
    if item.leading_colon.is_none() {
        found.add(&item.tree, &[]);
    }
    found.imports
}

struct Flat {
    public: bool,
    imports: Vec<Import>,
}

impl Flat {
    fn add(&mut self, tree: &UseTree, path: &[String]) {
        match tree {
            UseTree::Path(step) => self.add(&step.tree, &longer(path, &step.ident)),
            UseTree::Name(leaf) => self.leaf(path, &leaf.ident, None),
            UseTree::Rename(leaf) => self.leaf(path, &leaf.ident, Some(&leaf.rename)),
            UseTree::Glob(glob) => self.push(None, path.to_vec(), glob.star_token.spans[0]),
            UseTree::Group(group) => group.items.iter().for_each(|tree| self.add(tree, path)),
        }
    }

    /// A last name; `self` stands for the one before it.
    fn leaf(&mut self, path: &[String], last: &Ident, renamed: Option<&Ident>) {
        let whole = if last == "self" { path.to_vec() } else { longer(path, last) };
        let name = renamed.map_or_else(|| whole.last().cloned(), |name| Some(name.to_string()));
        self.push(name, whole, last.span());
    }

    fn push(&mut self, name: Option<String>, path: Vec<String>, at: Span) {
        self.imports.push(Import { name, path, line: at.start().line, public: self.public });
    }
}

fn longer(path: &[String], name: &Ident) -> Vec<String> {
    path.iter().cloned().chain([name.to_string()]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_its_names() {
        let item = syn::parse_str("pub(crate) use super::{a::{self, B as C}, d::*, E};").unwrap();
        let shown: Vec<(Option<String>, String)> =
            of(&item).into_iter().map(|import| (import.name, import.path.join("::"))).collect();
        let expected = [
            (Some("a"), "super::a"),
            (Some("C"), "super::a::B"),
            (None, "super::d"),
            (Some("E"), "super::E"),
        ];
        let expected: Vec<(Option<String>, String)> =
            expected.iter().map(|(name, path)| (name.map(str::to_owned), (*path).to_owned())).collect();
        assert_eq!(shown, expected);
        assert!(of(&item).iter().all(|import| import.public && import.line == 1));
    }

    #[test]
    fn another_crate_by_leading_colons_is_not_this_one() {
        assert!(of(&syn::parse_str("use ::serde::Value;").unwrap()).is_empty());
        assert!(!of(&syn::parse_str("use serde::Value;").unwrap())[0].public);
    }
}
