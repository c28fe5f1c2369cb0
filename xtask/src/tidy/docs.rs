//! What the Markdown pages speak of must exist: the paths, the links, and the names of Rust items.

use std::collections::BTreeSet;

use super::finding::Finding;
use super::items;
use super::markdown::{Piece, code_spans, links};
use super::tree::{Tree, extension};

/// It tells of what is gone.
const HISTORY: &str = "CHANGELOG.md";
const FILES: [&str; 10] = ["rs", "md", "toml", "lua", "sql", "jsonl", "sh", "yml", "yaml", "lock"];
/// Looks like a file, but is a site.
const SITES: [&str; 1] = ["docs.rs"];

/// Names that documentation may use though no file of the workspace declares or imports them.
#[rustfmt::skip]
const STANDARD: &[&str] = &[
    "Arc", "AsRef", "Box", "Cell", "Clone", "Copy", "Debug", "Default", "Deref", "Display", "Drop", "Duration", "Eq",
    "Err", "Error", "Fn", "FnMut", "FnOnce", "From", "FromStr", "Future", "Hash", "HashMap", "Instant", "Into",
    "IntoIterator", "Iterator", "Mutex", "None", "Ok", "Option", "Ord", "OnceLock", "PartialEq", "Path", "PathBuf",
    "Pin", "Poll", "Rc", "RefCell", "Result", "RwLock", "Self", "Send", "Sized", "Some", "String", "Sync",
    "SystemTime", "ToString", "TryFrom", "Unpin", "Vec", "Waker", "Weak",
    "as_str", "clone", "default", "drop", "from", "from_str", "into", "new", "parse", "poll", "to_string", "try_from",
];

/// Everything that Markdown pages name and that isn't there. `packages` are the names of all crates that the
/// workspace may speak of.
pub(crate) fn dangling(tree: &Tree, packages: &BTreeSet<String>) -> Vec<Finding> {
    let known = known_names(tree);
    let pages = tree.texts(&["md"]).filter(|(path, _)| !path.ends_with(HISTORY));
    pages
        .flat_map(|(page, text)| {
            let mut findings: Vec<Finding> =
                links(text).iter().filter_map(|link| dead_link(tree, page, link)).collect();
            for span in code_spans(text) {
                findings.extend(missing_path(tree, page, &span));
                findings.extend(missing_names(&known, packages, page, &span));
            }
            findings
        })
        .collect()
}

fn known_names(tree: &Tree) -> BTreeSet<String> {
    let parsed = tree.texts(&["rs"]).filter_map(|(_, text)| syn::parse_file(text).ok());
    let declared = parsed.flat_map(|file| items::all_names(&file));
    declared.chain(STANDARD.iter().map(|name| (*name).to_owned())).collect()
}

fn dead_link(tree: &Tree, page: &str, link: &Piece<'_>) -> Option<Finding> {
    let target = link.text.split('#').next()?.trim_end_matches('/');
    if target.is_empty() || target.contains("://") || target.starts_with("mailto:") {
        return None;
    }
    let dead = beside(page, target).is_none_or(|path| !path.is_empty() && !tree.holds(&path));
    dead.then(|| Finding::new(page, link.line, format!("the link to `{target}` leads nowhere")))
}

fn missing_path(tree: &Tree, page: &str, span: &Piece<'_>) -> Option<Finding> {
    let path = span.text.trim_end_matches('/').trim_start_matches("./");
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
    if !path.chars().all(plain) || path.starts_with('/') || SITES.contains(&path) {
        return None;
    }
    let within = path.split_once('/').map(|(folder, _)| folder);
    let from_root = within.is_some_and(|folder| tree.holds(folder));
    let is_file = path.rsplit('/').next().is_some_and(is_file_name);
    let is_there = match (from_root, is_file) {
        (true, _) => tree.holds(path) || beside(page, path).is_some_and(|path| tree.holds(&path)),
        (false, true) => tree.holds_end(path) || beside(page, path).is_some_and(|path| tree.holds(&path)),
        (false, false) => true,
    };
    (!is_there).then(|| Finding::new(page, span.line, format!("there is no `{path}`")))
}

fn is_file_name(name: &str) -> bool {
    !name.starts_with('.') && extension(name).is_some_and(|found| FILES.contains(&found))
}

/// The path from the root of what a page names relative to itself; `None` when it leads out of the tree.
fn beside(page: &str, target: &str) -> Option<String> {
    let mut parts: Vec<&str> = page.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "." | "" => {}
            ".." => drop(parts.pop()?),
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

fn missing_names(
    known: &BTreeSet<String>,
    packages: &BTreeSet<String>,
    page: &str,
    span: &Piece<'_>,
) -> Vec<Finding> {
    let missing =
        rust_paths(span.text).into_iter().filter(|path| !is_abroad(path, packages)).flat_map(|path| {
            let judged = path.len() > 1;
            path.into_iter().filter(move |name| is_type_name(name) || judged && is_lower_name(name))
        });
    let missing = missing.filter(|name| !known.contains(*name) && !packages.contains(*name));
    missing.map(|name| Finding::new(page, span.line, format!("no Rust file knows `{name}`"))).collect()
}

/// The paths in a span that is Rust by its looks; none otherwise.
fn rust_paths(span: &str) -> Vec<Vec<&str>> {
    let looks = |c: char| c.is_ascii_alphanumeric() || "_:<>&(), !'|[]?;".contains(c);
    if !span.chars().all(looks) || span.replace("::", "").contains(':') {
        return Vec::new();
    }
    let words = span.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == ':'));
    let paths = words.map(|word| word.split("::").filter(|name| !name.is_empty()).collect::<Vec<_>>());
    paths.filter(|path| !path.is_empty()).collect()
}

/// Whether the path begins in the standard library or in a crate that the workspace only uses.
fn is_abroad(path: &[&str], packages: &BTreeSet<String>) -> bool {
    let foreign = |first: &&str| {
        ["std", "core", "alloc"].contains(first)
            || packages.contains(*first) && !first.starts_with("limiter_")
    };
    path.len() > 1 && path.first().is_some_and(foreign)
}

/// `CamelCase`, of one hump or more.
fn is_type_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_uppercase())
        && name.contains(|c: char| c.is_ascii_lowercase())
        && !name.contains('_')
}

fn is_lower_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase()) && !["crate", "self", "super"].contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(page: &str, text: &str) -> Vec<String> {
        let tree = Tree::of(&[
            (page, text),
            ("limiter-core/src/key.rs", "pub struct Key; impl Key { pub fn subject(&self) {} }"),
            ("limiter-core/src/lua/hit.lua", ""),
            ("docs/other.md", ""),
            ("limiter-core/docs/deep.md", ""),
            ("Cargo.toml", ""),
        ]);
        let packages = ["limiter_core", "redis"].map(str::to_owned).into();
        dangling(&tree, &packages).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn paths_that_exist_pass_and_others_are_found() {
        let good = "`limiter-core/src/key.rs` `limiter-core/src/` `key.rs` `lua/hit.lua` `Cargo.toml` `application/json` \
                    `/chat/message` `docs.rs` `limiter-*/src` `0.5/min` `.rs`";
        assert_eq!(found("README.md", good), [""; 0]);
        let bad = "`limiter-core/src/gone.rs`\n`gone.rs`\n`limiter-core/lua` `docs/deep.md`";
        assert_eq!(
            found("README.md", bad),
            [
                "README.md:1: there is no `limiter-core/src/gone.rs`",
                "README.md:2: there is no `gone.rs`",
                "README.md:3: there is no `limiter-core/lua`",
                "README.md:3: there is no `docs/deep.md`",
            ]
        );
    }

    #[test]
    fn names_that_exist_pass_and_others_are_found() {
        let good = "`Key` `Key::subject` `limiter_core::Key` `Arc<Key>` `redis::Client` `std::net::IpAddr` `GET` `snake_case` \
                    `X-Forwarded-For` `Retry-After: 5` `RATE_LIMITER=memory` `Key::new()`";
        assert_eq!(found("README.md", good), [""; 0]);
        let bad = "`Keys` `Key::subjects`\n`limiter_core::Lock` `Arc<Wheel>`";
        assert_eq!(
            found("README.md", bad),
            [
                "README.md:1: no Rust file knows `Keys`",
                "README.md:1: no Rust file knows `subjects`",
                "README.md:2: no Rust file knows `Lock`",
                "README.md:2: no Rust file knows `Wheel`",
            ]
        );
    }

    #[test]
    fn links_that_lead_somewhere_pass_and_others_are_found() {
        let good = "[a](other.md) [b](../limiter-core/src/key.rs#L1) [c](https://docs.rs/x) [d](#here) [e](../docs/) [f](..)";
        assert_eq!(found("docs/page.md", good), [""; 0]);
        let bad = "[a](gone.md) [b](../../Cargo.toml)";
        assert_eq!(
            found("docs/page.md", bad),
            [
                "docs/page.md:1: the link to `gone.md` leads nowhere",
                "docs/page.md:1: the link to `../../Cargo.toml` leads nowhere"
            ]
        );
    }
}
