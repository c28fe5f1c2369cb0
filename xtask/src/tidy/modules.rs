//! A target's modules: the file each lies in, what it declares, and which paths its code names.

use std::collections::{BTreeMap, BTreeSet};

use syn::{Item, ItemMod};

use super::code_paths::{self, CodePath};
use super::imports::{self, Import};
use super::items;
use super::tree::Tree;

/// The names from the crate's root to a module.
pub(crate) type ModulePath = Vec<String>;

/// A file that isn't Rust, and why.
pub(crate) type Unreadable = (String, syn::Error);

/// The modules of one target, test code left out.
#[derive(Debug, Default)]
pub(crate) struct Modules {
    by_path: BTreeMap<ModulePath, Module>,
    /// Macros that are exported, which puts their names into the root, and the files that define them.
    exported_macros: BTreeMap<String, String>,
}

/// One module. Several may lie in one file.
#[derive(Debug, Default)]
pub(crate) struct Module {
    pub(crate) file: String,
    pub(crate) children: BTreeSet<String>,
    /// The names it defines.
    pub(crate) items: BTreeSet<String>,
    pub(crate) imports: Vec<Import>,
    /// Paths in its code besides the imports.
    pub(crate) paths: Vec<CodePath>,
}

impl Modules {
    /// Reads a target from its root file on, following `mod`.
    pub(crate) fn read(tree: &Tree, root: &str) -> Result<Self, Unreadable> {
        let mut reading = Reading { tree, modules: Self::default() };
        reading.file(root, Vec::new(), folder(root))?;
        Ok(reading.modules)
    }

    pub(crate) fn get(&self, path: &[String]) -> Option<&Module> {
        self.by_path.get(path)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&ModulePath, &Module)> {
        self.by_path.iter()
    }

    pub(crate) fn exported_macro(&self, name: &str) -> Option<&str> {
        self.exported_macros.get(name).map(String::as_str)
    }
}

struct Reading<'a> {
    tree: &'a Tree,
    modules: Modules,
}

impl Reading<'_> {
    /// `directory` is where the files of the module's children lie.
    fn file(&mut self, file: &str, path: ModulePath, directory: &str) -> Result<(), Unreadable> {
        let text = self.tree.text(file).unwrap_or_default();
        let parsed = syn::parse_file(text).map_err(|error| (file.to_owned(), error))?;
        self.items(file, path, directory, &parsed.items)
    }

    fn items(
        &mut self,
        file: &str,
        path: ModulePath,
        directory: &str,
        items: &[Item],
    ) -> Result<(), Unreadable> {
        let mut module = Module { file: file.to_owned(), ..Module::default() };
        for item in items.iter().filter(|item| !items::is_for_tests(items::attributes(item))) {
            module.items.extend(items::name(item));
            match item {
                Item::Mod(child) => {
                    module.children.insert(child.ident.to_string());
                    self.child(file, &path, directory, child)?;
                }
                Item::Use(import) => module.imports.extend(imports::of(import)),
                other => module.paths.extend(code_paths::of(other)),
            }
            if let Some(name) = items::exported_macro(item) {
                self.modules.exported_macros.insert(name, file.to_owned());
            }
        }
        self.modules.by_path.insert(path, module);
        Ok(())
    }

    fn child(
        &mut self,
        file: &str,
        parent: &[String],
        directory: &str,
        child: &ItemMod,
    ) -> Result<(), Unreadable> {
        let name = child.ident.to_string();
        let inner = format!("{directory}{name}/");
        let mut path = parent.to_vec();
        path.push(name.clone());
        if let Some((_, items)) = &child.content {
            return self.items(file, path, &inner, items);
        }
        let named = items::path_attribute(&child.attrs).map(|named| format!("{}{named}", folder(file)));
        let candidates = [format!("{directory}{name}.rs"), format!("{inner}mod.rs")];
        match named.into_iter().chain(candidates).find(|candidate| self.tree.text(candidate).is_some()) {
            Some(found) => self.file(&found, path, &inner),
            None => Ok(()),
        }
    }
}

/// The folder that a file lies in, with its slash.
fn folder(file: &str) -> &str {
    file.rfind('/').map_or("", |slash| &file[..=slash])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn follows_modules_into_files_and_leaves_tests_out() {
        let tree = Tree::of(&[
            ("p/src/lib.rs", "mod a; mod b; mod inline { mod deep; } #[cfg(test)] mod tests;"),
            ("p/src/a.rs", "mod inner; pub struct A;"),
            ("p/src/a/inner.rs", "pub fn f() {}"),
            ("p/src/b/mod.rs", "#[path = \"elsewhere.rs\"] mod c; #[cfg(test)] fn only_tested() {}"),
            ("p/src/b/elsewhere.rs", ""),
            ("p/src/inline/deep.rs", ""),
            ("p/src/tests.rs", "not rust at all"),
        ]);
        let modules = Modules::read(&tree, "p/src/lib.rs").unwrap();
        let files: Vec<(String, &str)> =
            modules.iter().map(|(path, module)| (path.join("::"), &*module.file)).collect();
        let expected = [
            ("", "p/src/lib.rs"),
            ("a", "p/src/a.rs"),
            ("a::inner", "p/src/a/inner.rs"),
            ("b", "p/src/b/mod.rs"),
            ("b::c", "p/src/b/elsewhere.rs"),
            ("inline", "p/src/lib.rs"),
            ("inline::deep", "p/src/inline/deep.rs"),
        ];
        let expected: Vec<(String, &str)> =
            expected.iter().map(|(path, file)| ((*path).to_owned(), *file)).collect();
        assert_eq!(files, expected);
        assert!(modules.get(&["b".to_owned()]).unwrap().items.is_empty());
    }

    #[test]
    fn a_file_that_is_not_rust_is_told() {
        let tree = Tree::of(&[("p/src/lib.rs", "mod a;"), ("p/src/a.rs", "fn (")]);
        let (file, _) = Modules::read(&tree, "p/src/lib.rs").unwrap_err();
        assert_eq!(file, "p/src/a.rs");
    }
}
