//! `cargo xtask tidy`: the rules of the house that no compiler knows.

mod code_paths;
mod cycles;
mod docs;
mod finding;
mod imports;
mod items;
mod markdown;
mod modules;
mod resolve;
mod rooms;
mod tree;
mod words;

use std::collections::BTreeSet;

use serde_json::Value;

use crate::arguments::Arguments;
use crate::failure::{Failure, Result};
use crate::workspace;
use finding::Finding;
use tree::Tree;

pub(crate) fn run(arguments: Arguments) -> Result {
    arguments.end()?;
    check()
}

/// Looks at the whole workspace, and prints what it finds.
pub(crate) fn check() -> Result {
    let tree = Tree::read(&workspace::root())?;
    let mut findings = findings(&tree, &workspace::metadata()?);
    findings.sort();
    findings.dedup();
    for finding in &findings {
        println!("{finding}");
    }
    let files = tree.paths().count();
    match findings.len() {
        0 => println!("tidy: {files} files, no findings"),
        1 => println!("tidy: {files} files, 1 finding"),
        many => println!("tidy: {files} files, {many} findings"),
    }
    if findings.is_empty() { Ok(()) } else { Err(Failure::Shown) }
}

fn findings(tree: &Tree, metadata: &Value) -> Vec<Finding> {
    let mut findings = rooms::wrong_doors(metadata, tree);
    for root in roots(metadata) {
        findings.extend(cycles::import_cycles(tree, &root));
    }
    findings.extend(words::too_long(tree));
    findings.extend(words::empty_names(tree));
    findings.extend(words::unfinished(tree));
    findings.extend(docs::dangling(tree, &crates(metadata)));
    findings
}

/// The root files of libraries, programs and examples; those of tests and benches are test code.
fn roots(metadata: &Value) -> Vec<String> {
    let root = metadata["workspace_root"].as_str().unwrap_or_default();
    let targets = elements(&metadata["packages"]).flat_map(|package| elements(&package["targets"]));
    let code =
        targets.filter(|target| !elements(&target["kind"]).any(|kind| kind == "test" || kind == "bench"));
    let paths = code.filter_map(|target| target["src_path"].as_str()?.strip_prefix(root));
    paths.map(|path| path.trim_start_matches('/').to_owned()).collect()
}

/// The packages and all that they depend on, as Rust spells them.
fn crates(metadata: &Value) -> BTreeSet<String> {
    let packages = elements(&metadata["packages"]);
    let named = packages.flat_map(|package| elements(&package["dependencies"]).chain([package]));
    named.filter_map(|named| Some(named["name"].as_str()?.replace('-', "_"))).collect()
}

fn elements(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_rule_is_applied() {
        let metadata = json!({"workspace_root": "/w", "packages": [{
            "name": "limiter-core",
            "manifest_path": "/w/limiter-core/Cargo.toml",
            "dependencies": [{"name": "tokio", "kind": null}],
            "targets": [
                {"kind": ["lib"], "src_path": "/w/limiter-core/src/lib.rs"},
                {"kind": ["test"], "src_path": "/w/limiter-core/tests/t.rs"},
            ],
        }]});
        let long = "\n".repeat(401);
        let unfinished = concat!("// FIX", "ME");
        let tree = Tree::of(&[
            ("README.md", "`Gone`"),
            ("limiter-core/Cargo.toml", "tokio = 1"),
            ("limiter-core/src/lib.rs", "mod a; mod b;"),
            ("limiter-core/src/a.rs", "use crate::b::B;"),
            ("limiter-core/src/b.rs", "use crate::a::A;"),
            ("limiter-core/src/long.sql", &long),
            ("limiter-core/src/utils.rs", unfinished),
            ("limiter-core/tests/t.rs", "mod x; struct T; fn f() { x::g() }"),
            ("limiter-core/tests/x.rs", "use super::T; pub fn g() {}"),
        ]);
        let mut findings = findings(&tree, &metadata);
        findings.sort();
        let places: Vec<String> = findings.iter().map(ToString::to_string).collect();
        let expected = [
            "README.md:1: ",
            "limiter-core/Cargo.toml:1: ",
            "limiter-core/src/a.rs:1: ",
            "limiter-core/src/long.sql:401: ",
            "limiter-core/src/utils.rs:1: ",
            "limiter-core/src/utils.rs:1: ",
        ];
        assert_eq!(places.len(), expected.len(), "{places:?}");
        for (place, expected) in places.iter().zip(expected) {
            assert!(place.starts_with(expected), "{place}");
        }
    }
}
