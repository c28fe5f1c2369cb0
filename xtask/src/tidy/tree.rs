//! The files of the workspace, as paths relative to its root and, where tidy reads them, as text.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use crate::failure::{OrFail, Result};

/// What is read besides scripts, which have no extension and live in `.ci`.
const READ: [&str; 7] = ["rs", "md", "toml", "lua", "sql", "sh", "yml"];
/// What is built or stored by tools.
const SKIPPED: [&str; 2] = ["target", ".git"];

/// A tree of files.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    paths: BTreeSet<String>,
    texts: BTreeMap<String, String>,
}

impl Tree {
    /// All below the root, whatever a version-control system says of it.
    pub(crate) fn read(root: &Path) -> Result<Self> {
        let mut tree = Self::default();
        tree.add(root, "")?;
        Ok(tree)
    }

    fn add(&mut self, directory: &Path, prefix: &str) -> Result {
        for entry in fs::read_dir(directory).or_fail(format!("listing {}", directory.display()))? {
            let entry = entry.or_fail(format!("listing {}", directory.display()))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = format!("{prefix}{name}");
            if SKIPPED.contains(&&*path) {
                continue;
            }
            if entry.file_type().or_fail(&path)?.is_dir() {
                self.add(&entry.path(), &format!("{path}/"))?;
            } else {
                if is_read(&path) {
                    self.texts.insert(path.clone(), fs::read_to_string(entry.path()).or_fail(&path)?);
                }
                self.paths.insert(path);
            }
        }
        Ok(())
    }

    #[cfg(test)]
    pub(crate) fn of(files: &[(&str, &str)]) -> Self {
        let own = |(path, text): &(&str, &str)| ((*path).to_owned(), (*text).to_owned());
        let texts: BTreeMap<String, String> = files.iter().map(own).collect();
        Self { paths: texts.keys().cloned().collect(), texts }
    }

    /// Every file's path.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &str> {
        self.paths.iter().map(String::as_str)
    }

    /// The files with one of these extensions, and what they hold.
    pub(crate) fn texts<'a>(&'a self, extensions: &'a [&str]) -> impl Iterator<Item = (&'a str, &'a str)> {
        let wanted = |path: &&String| extension(path).is_some_and(|found| extensions.contains(&found));
        self.texts.iter().filter(move |(path, _)| wanted(path)).map(|(path, text)| (&**path, &**text))
    }

    /// Every file that was read, and what it holds.
    pub(crate) fn all_texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.texts.iter().map(|(path, text)| (&**path, &**text))
    }

    /// What a file holds.
    pub(crate) fn text(&self, path: &str) -> Option<&str> {
        self.texts.get(path).map(String::as_str)
    }

    /// Whether a file or directory lies exactly there.
    pub(crate) fn holds(&self, path: &str) -> bool {
        let directory = format!("{path}/");
        self.paths.contains(path)
            || self.paths.range(directory.clone()..).next().is_some_and(|next| next.starts_with(&directory))
    }

    /// Whether the path of a file or directory ends so, at whole names.
    pub(crate) fn holds_end(&self, end: &str) -> bool {
        let (inner, last) = (format!("/{end}/"), format!("/{end}"));
        self.paths
            .iter()
            .map(|path| format!("/{path}"))
            .any(|path| path.ends_with(&last) || path.contains(&inner))
    }
}

/// A path's extension.
pub(crate) fn extension(path: &str) -> Option<&str> {
    let name = path.rsplit('/').next()?;
    name.rsplit_once('.').map(|(_, extension)| extension)
}

fn is_read(path: &str) -> bool {
    path.starts_with(".ci/") || extension(path).is_some_and(|found| READ.contains(&found))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_found_whole_and_by_their_end() {
        let tree = Tree::of(&[("a/src/lua/hit.lua", ""), ("a-b/x.rs", "")]);
        assert!(tree.holds("a/src/lua/hit.lua") && tree.holds("a/src") && tree.holds("a"));
        assert!(!tree.holds("src/lua") && !tree.holds("a/sr") && !tree.holds("a/src/lua/hit"));
        assert!(tree.holds_end("lua/hit.lua") && tree.holds_end("hit.lua") && tree.holds_end("src/lua"));
        assert!(!tree.holds_end("it.lua"));
    }

    #[test]
    fn reads_what_is_written_but_not_what_is_built() {
        let root = std::env::temp_dir().join(format!("xtask-tree-{}", std::process::id()));
        for file in ["a.rs", "a/target/b.rs", "target/c.rs", ".git/d.rs", ".ci/run", "e.bin"] {
            let path = root.join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, file).unwrap();
        }
        let tree = Tree::read(&root);
        fs::remove_dir_all(&root).unwrap();
        let tree = tree.unwrap();
        assert_eq!(tree.paths().collect::<Vec<_>>(), [".ci/run", "a.rs", "a/target/b.rs", "e.bin"]);
        assert_eq!(tree.text("a/target/b.rs"), Some("a/target/b.rs"));
        assert_eq!((tree.text(".ci/run"), tree.text("e.bin")), (Some(".ci/run"), None));
    }
}
