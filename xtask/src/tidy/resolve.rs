//! Which file a path leads to: where the item is defined, however many facades pass it on.

use super::modules::{ModulePath, Modules};

/// Facades pass on to facades, but not in circles for ever.
const MOST_FACADES: usize = 6;

/// Where a path leads.
enum Lead {
    /// To what this file defines.
    File(String),
    /// Out of this crate.
    Abroad,
    /// The first name says nothing here.
    Unknown,
}

/// The file that defines what the path names, seen from a module. `None`: it isn't of this crate.
pub(crate) fn file_of(modules: &Modules, from: &[String], names: &[String]) -> Option<String> {
    match follow(modules, from.to_vec(), names, &Trail { facades: 0, strict: false }) {
        Lead::File(file) => Some(file),
        Lead::Abroad | Lead::Unknown => None,
    }
}

/// How the path was come by.
struct Trail {
    facades: usize,
    /// A name that isn't declared is unknown, though it may be of a macro's making.
    strict: bool,
}

fn follow(modules: &Modules, from: ModulePath, names: &[String], trail: &Trail) -> Lead {
    let (mut at, rest) = start(from, names);
    let mut anchored = rest.len() < names.len();
    for (index, name) in rest.iter().enumerate() {
        let Some(module) = modules.get(&at) else { return Lead::Unknown };
        if module.children.contains(name) {
            at.push(name.clone());
            anchored = true;
            continue;
        }
        if module.items.contains(name) {
            return Lead::File(module.file.clone());
        }
        return match passed_on(modules, &at, name, &rest[index + 1..], trail) {
            Lead::Unknown if anchored => undeclared(modules, &at, name, trail),
            lead => lead,
        };
    }
    modules.get(&at).map_or(Lead::Unknown, |module| Lead::File(module.file.clone()))
}

/// Where `crate`, `self` and `super` lead, and the names after them.
fn start(mut from: ModulePath, mut names: &[String]) -> (ModulePath, &[String]) {
    while let Some((first, rest)) = names.split_first() {
        match first.as_str() {
            "crate" => from.clear(),
            "self" => {}
            "super" => drop(from.pop()),
            _ => break,
        }
        names = rest;
    }
    (from, names)
}

/// A name that the module has imported: by itself, or among all of another module's.
fn passed_on(modules: &Modules, at: &ModulePath, name: &str, rest: &[String], trail: &Trail) -> Lead {
    let Some(module) = modules.get(at).filter(|_| trail.facades < MOST_FACADES) else { return Lead::Unknown };
    let facades = trail.facades + 1;
    if let Some(import) = module.imports.iter().find(|import| import.name.as_deref() == Some(name)) {
        let path = [&import.path[..], rest].concat();
        return match follow(modules, at.clone(), &path, &Trail { facades, strict: false }) {
            Lead::Unknown => Lead::Abroad,
            lead => lead,
        };
    }
    let globs = module.imports.iter().filter(|import| import.name.is_none());
    let mut leads = globs.map(|import| {
        let path: Vec<String> = import.path.iter().cloned().chain([name.to_owned()]).collect();
        follow(modules, at.clone(), &path, &Trail { facades, strict: true })
    });
    leads.find(|lead| matches!(lead, Lead::File(_))).unwrap_or(Lead::Unknown)
}

/// A name that the module must know, but doesn't declare: an exported macro's, or one that a macro makes.
fn undeclared(modules: &Modules, at: &ModulePath, name: &str, trail: &Trail) -> Lead {
    let exported = modules.exported_macro(name).filter(|_| at.is_empty());
    match (exported, modules.get(at)) {
        (Some(file), _) => Lead::File(file.to_owned()),
        (None, Some(module)) if !trail.strict => Lead::File(module.file.clone()),
        _ => Lead::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::tree::Tree;

    fn resolve(from: &str, path: &str) -> Option<String> {
        let tree = Tree::of(&[
            (
                "lib.rs",
                "pub mod algorithm; mod key; mod error; pub use key::Key; pub use error::*; pub fn root() {} use std::fmt;",
            ),
            (
                "algorithm/mod.rs",
                "mod any; pub use any::AnyCounter; use serde::Value; pub use self::any::again;",
            ),
            ("algorithm/any.rs", "pub struct AnyCounter; pub use super::again;"),
            ("key.rs", "pub struct Key; pub mod inline { pub struct Deep; }"),
            ("error.rs", "pub struct Error; pub use crate::key::Key as Alias;"),
        ]);
        let modules = Modules::read(&tree, "lib.rs").unwrap();
        let names = |text: &str| -> Vec<String> {
            text.split("::").filter(|name| !name.is_empty()).map(str::to_owned).collect()
        };
        file_of(&modules, &names(from), &names(path))
    }

    #[test]
    fn paths_lead_to_the_defining_file() {
        let cases = [
            ("key", "crate::error::Error", "error.rs"),
            ("error", "crate::Key", "key.rs"),
            ("error", "crate::Key::new", "key.rs"),
            ("key", "super::Error", "error.rs"),
            ("key", "crate::Alias", "key.rs"),
            ("key", "crate::root", "lib.rs"),
            ("key", "crate::algorithm::AnyCounter", "algorithm/any.rs"),
            ("key", "crate::algorithm", "algorithm/mod.rs"),
            ("algorithm::any", "super::super::Key", "key.rs"),
            ("algorithm", "any::AnyCounter", "algorithm/any.rs"),
            ("", "self::key::inline::Deep", "key.rs"),
            ("key", "crate::algorithm::of_a_macro", "algorithm/mod.rs"),
        ];
        for (from, path, file) in cases {
            assert_eq!(resolve(from, path).as_deref(), Some(file), "{path} in {from}");
        }
    }

    #[test]
    fn other_crates_lead_nowhere() {
        for (from, path) in [
            ("key", "std::fmt"),
            ("", "fmt::Display"),
            ("key", "serde::de"),
            ("key", "crate::algorithm::Value"),
        ] {
            assert_eq!(resolve(from, path), None, "{path} in {from}");
        }
    }

    #[test]
    fn facades_in_a_circle_come_to_an_end() {
        assert!(resolve("key", "crate::algorithm::again").is_some());
    }
}
