//! What no file may be: too long, named after nothing in particular, or unfinished.

use super::finding::Finding;
use super::tree::{Tree, extension};

const LONGEST: usize = 400;
const CODE: [&str; 3] = ["rs", "lua", "sql"];
const EMPTY_NAMES: [&str; 8] =
    ["util", "utils", "helper", "helpers", "common", "manager", "managers", "misc"];
/// In halves, so that this file doesn't hold them.
const UNFINISHED: [&str; 3] = [concat!("to", "do!"), concat!("FIX", "ME"), concat!("XX", "X")];

/// Code files of more than 400 lines.
pub(crate) fn too_long(tree: &Tree) -> Vec<Finding> {
    let lengths = tree.texts(&CODE).map(|(path, text)| (path, text.lines().count()));
    let too_long = lengths.filter(|(_, lines)| *lines > LONGEST);
    too_long
        .map(|(path, lines)| {
            Finding::new(path, LONGEST + 1, format!("{lines} lines: split it, {LONGEST} are the most"))
        })
        .collect()
}

/// Code files and their folders with names that could hold anything.
pub(crate) fn empty_names(tree: &Tree) -> Vec<Finding> {
    let code = tree.paths().filter(|path| extension(path).is_some_and(|found| CODE.contains(&found)));
    code.filter_map(|path| {
        let stem = path.rsplit_once('.').map_or(path, |(stem, _)| stem);
        let name = stem.split('/').find(|part| EMPTY_NAMES.contains(part))?;
        Some(Finding::new(path, 1, format!("`{name}` says nothing: name it after what it holds")))
    })
    .collect()
}

/// Lines that say themselves that they aren't finished.
pub(crate) fn unfinished(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.all_texts() {
        for (number, line) in text.lines().enumerate() {
            if let Some(word) = UNFINISHED.iter().find(|word| holds_word(line, word)) {
                findings.push(Finding::new(path, number + 1, format!("`{word}`: finish it or leave it out")));
            }
        }
    }
    findings
}

/// Whether the word stands in the line, not as a part of a longer one.
fn holds_word(line: &str, word: &str) -> bool {
    let apart = |c: Option<char>| !c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    line.match_indices(word).any(|(at, _)| {
        apart(line[..at].chars().next_back())
            && (word.ends_with('!') || apart(line[at + word.len()..].chars().next()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(findings: &[Finding]) -> Vec<String> {
        findings.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_401st_line_is_one_too_many() {
        let (good, bad) = ("x\n".repeat(400), "x\n".repeat(401));
        let tree = Tree::of(&[("a.rs", &good), ("b.rs", &bad), ("c.sql", &bad), ("d.md", &bad)]);
        let found = lines(&too_long(&tree));
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].starts_with("b.rs:401: 401 lines") && found[1].starts_with("c.sql:"));
    }

    #[test]
    fn empty_names_are_found_in_files_and_folders() {
        let tree = Tree::of(&[
            ("a/src/utils.rs", ""),
            ("a/tests/common/mod.rs", ""),
            ("a/src/commonplace.rs", ""),
            ("docs/common.md", ""),
        ]);
        let found = lines(&empty_names(&tree));
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(
            found[0].starts_with("a/src/utils.rs:1:") && found[1].starts_with("a/tests/common/mod.rs:1:")
        );
    }

    #[test]
    fn unfinished_lines_are_found_as_whole_words() {
        let [call, note, mark] = UNFINISHED;
        let text = format!("fn f() {{ {call}(\"x\") }}\n// {note}: x\n-- {mark}\nx{mark}x_{note}\n");
        let found = lines(&unfinished(&Tree::of(&[("a.rs", &text)])));
        assert_eq!(found.len(), 3, "{found:?}");
        assert!(found[0].starts_with("a.rs:1:") && found[2].starts_with("a.rs:3:"));
    }
}
