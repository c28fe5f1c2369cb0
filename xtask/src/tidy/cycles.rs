//! Import cycles between the files of a target.

use std::collections::{BTreeMap, VecDeque};

use super::finding::Finding;
use super::modules::Modules;
use super::resolve::file_of;
use super::tree::Tree;

/// For each file the files that it needs, and the first line that says so.
type Edges = BTreeMap<String, BTreeMap<String, usize>>;

/// The cycles among the files of the target with this root file.
pub(crate) fn import_cycles(tree: &Tree, root: &str) -> Vec<Finding> {
    match Modules::read(tree, root) {
        Ok(modules) => cycles(&edges(&modules)),
        Err((file, error)) => {
            let line = error.span().start().line;
            vec![Finding::new(&file, line, format!("can't be read: {error}"))]
        }
    }
}

fn edges(modules: &Modules) -> Edges {
    let mut edges = Edges::new();
    for (path, module) in modules.iter() {
        let mut add = |names: &[String], line: usize, passed_on: bool| {
            let Some(target) = file_of(modules, path, names) else { return };
            // Passing on what a child defines is what parents are for.
            let to_parents_credit = passed_on && is_below(modules, path, &target);
            if target != module.file && !to_parents_credit {
                let lines = edges.entry(module.file.clone()).or_default();
                let first = lines.entry(target).or_insert(line);
                *first = line.min(*first);
            }
        };
        module.imports.iter().for_each(|import| add(&import.path, import.line, import.public));
        module.paths.iter().for_each(|path| add(&path.names, path.line, false));
    }
    edges
}

/// Whether the file holds a module below the path.
fn is_below(modules: &Modules, path: &[String], file: &str) -> bool {
    modules
        .iter()
        .any(|(other, module)| module.file == file && other.len() > path.len() && other.starts_with(path))
}

/// One finding for each file that is the first of its shortest cycle.
fn cycles(edges: &Edges) -> Vec<Finding> {
    let found = edges.keys().filter_map(|file| {
        let cycle = shortest_cycle(edges, file)?;
        let next = cycle.get(1)?;
        let line = edges.get(file)?.get(next)?;
        let first = cycle.iter().min() == Some(file);
        first.then(|| Finding::new(file, *line, format!("import cycle: {}", cycle.join(" → "))))
    });
    found.collect()
}

/// The shortest way from a file back to itself.
fn shortest_cycle(edges: &Edges, start: &str) -> Option<Vec<String>> {
    let mut came_from: BTreeMap<&str, &str> = BTreeMap::new();
    let mut queue = VecDeque::from([start]);
    while let Some(file) = queue.pop_front() {
        for next in edges.get(file).into_iter().flat_map(BTreeMap::keys) {
            if next == start {
                return Some(way_back(&came_from, start, file));
            }
            if !came_from.contains_key(&**next) {
                came_from.insert(next, file);
                queue.push_back(next);
            }
        }
    }
    None
}

fn way_back(came_from: &BTreeMap<&str, &str>, start: &str, last: &str) -> Vec<String> {
    let mut way = vec![start.to_owned()];
    let mut file = last;
    while file != start {
        way.push(file.to_owned());
        file = came_from.get(file).copied().unwrap_or(start);
    }
    way.push(start.to_owned());
    way.reverse();
    way
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(files: &[(&str, &str)]) -> Vec<String> {
        import_cycles(&Tree::of(files), "lib.rs").iter().map(ToString::to_string).collect()
    }

    #[test]
    fn two_files_that_import_each_other_are_found() {
        let found = found(&[
            ("lib.rs", "mod a; mod b;"),
            ("a.rs", "\nuse crate::b::B; pub struct A;"),
            ("b.rs", "pub struct B(crate::a::A);"),
        ]);
        assert_eq!(found, ["a.rs:2: import cycle: a.rs → b.rs → a.rs"]);
    }

    #[test]
    fn a_long_cycle_through_the_facade_is_found() {
        let found = found(&[
            ("lib.rs", "mod a; mod b; mod c; pub use a::A; pub use b::B; pub use c::*;"),
            ("a.rs", "use crate::B; pub struct A;"),
            ("b.rs", "use super::C; pub struct B;"),
            ("c.rs", "pub struct C; fn f() { matches!(x, crate::A) }"),
        ]);
        assert_eq!(found, ["a.rs:1: import cycle: a.rs → b.rs → c.rs → a.rs"]);
    }

    #[test]
    fn a_facade_that_only_passes_on_is_no_cycle() {
        let found = found(&[
            ("lib.rs", "mod a; mod b; pub use a::A; pub use b::{B, make};"),
            ("a.rs", "pub struct A;"),
            ("b.rs", "use crate::A; pub struct B; pub fn make() -> A { A }"),
        ]);
        assert_eq!(found, [""; 0]);
    }

    #[test]
    fn a_facade_that_defines_something_besides_is_no_cycle() {
        let found = found(&[
            ("lib.rs", "mod a; pub use a::A; pub const MOST: u64 = 1;"),
            ("a.rs", "pub struct A([u8; crate::MOST]);"),
        ]);
        assert_eq!(found, [""; 0]);
    }

    #[test]
    fn a_parent_that_uses_its_child_and_is_used_by_it_is_a_cycle() {
        let files = |child| {
            [
                ("lib.rs", "mod a;"),
                ("a.rs", "mod inner; pub struct A; fn f() { inner::g() }"),
                ("a/inner.rs", child),
            ]
        };
        let cycle = ["a.rs:1: import cycle: a.rs → a/inner.rs → a.rs"];
        assert_eq!(found(&files("use super::A; pub fn g() {}")), cycle);
        assert_eq!(found(&files("use super::*; pub fn g() {}")), cycle);
        assert_eq!(found(&files("pub fn g() {}")), [""; 0]);
    }

    #[test]
    fn tests_may_look_back() {
        let found = found(&[
            ("lib.rs", "mod a; mod b;"),
            ("a.rs", "pub struct A; #[cfg(test)] mod tests { use crate::b::B; }"),
            ("b.rs", "use crate::a::A; pub struct B;"),
        ]);
        assert_eq!(found, [""; 0]);
    }

    #[test]
    fn an_exported_macro_lies_where_it_is_defined() {
        let found = found(&[
            ("lib.rs", "mod a; mod b; pub fn f() {} fn g() { a::h() }"),
            ("a.rs", "pub fn h() { crate::make!() }"),
            ("b.rs", "#[macro_export] macro_rules! make { () => {} }"),
        ]);
        assert_eq!(found, [""; 0]);
    }
}
