//! Who may depend on whom. The rooms of the house and their doors stand in one table.

use serde_json::Value;

use super::finding::Finding;
use super::tree::Tree;

/// A package, and the packages of the workspace that it may know.
struct Room {
    package: &'static str,
    knows: &'static [&'static str],
    /// Besides those, in tests, benches and examples.
    tests_know: &'static [&'static str],
    /// From outside the workspace, what it must not know.
    shuns: &'static [&'static str],
}

const CORE: &str = "limiter-core";
const MEMORY: &str = "limiter-memory";
const REMOTE: &str = "limiter-remote";
const REDIS: &str = "limiter-redis";
const POSTGRES: &str = "limiter-postgres";
const LAYERS: &str = "limiter-layers";
const TOWER: &str = "limiter-tower";
const TESTKIT: &str = "limiter-testkit";
const SERVERS: &str = "testservers";

/// Whatever does I/O, or runs what does.
const STORES: &[&str] = &["redis", "sqlx", "tokio-postgres"];
const RUNTIMES: &[&str] =
    &["tokio", "async-std", "smol", "futures", "hyper", "axum", "tower", "envy", "redis", "sqlx"];

/// The backends don't know each other; core knows nobody; only the factory sees them all.
#[rustfmt::skip]
const ROOMS: &[Room] = &[
    Room { package: CORE, knows: &[], tests_know: &[TESTKIT], shuns: RUNTIMES },
    Room { package: MEMORY, knows: &[CORE], tests_know: &[TESTKIT], shuns: STORES },
    Room { package: REMOTE, knows: &[CORE], tests_know: &[], shuns: STORES },
    Room { package: REDIS, knows: &[CORE, REMOTE], tests_know: &[TESTKIT, SERVERS], shuns: &["sqlx", "tokio-postgres"] },
    Room { package: POSTGRES, knows: &[CORE, REMOTE], tests_know: &[TESTKIT, SERVERS], shuns: &["redis"] },
    Room { package: LAYERS, knows: &[CORE], tests_know: &[TESTKIT, MEMORY], shuns: STORES },
    Room { package: TESTKIT, knows: &[CORE], tests_know: &[MEMORY], shuns: STORES },
    Room { package: TOWER, knows: &[CORE, LAYERS], tests_know: &[TESTKIT, MEMORY], shuns: STORES },
    Room { package: "limiter-factory", knows: &[CORE, MEMORY, REDIS, POSTGRES, LAYERS], tests_know: &[TESTKIT, SERVERS], shuns: STORES },
    Room { package: SERVERS, knows: &[], tests_know: &[], shuns: RUNTIMES },
    Room { package: "xtask", knows: &[SERVERS], tests_know: &[], shuns: &["tokio"] },
];

/// Where programs live that may know everything public.
const EXAMPLES: &str = "examples/";

/// Judges what `cargo metadata --no-deps` says of the workspace's packages.
pub(crate) fn wrong_doors(metadata: &Value, tree: &Tree) -> Vec<Finding> {
    let packages: Vec<Package<'_>> =
        array(&metadata["packages"]).map(|package| read(package, metadata)).collect();
    let names: Vec<&str> = packages.iter().map(|package| package.name).collect();
    packages.iter().flat_map(|package| package.findings(&names, tree)).collect()
}

struct Package<'a> {
    name: &'a str,
    /// Relative to the root.
    manifest: &'a str,
    dependencies: Vec<(&'a str, bool)>,
}

impl Package<'_> {
    fn findings(&self, workspace: &[&str], tree: &Tree) -> Vec<Finding> {
        if self.manifest.starts_with(EXAMPLES) {
            return Vec::new();
        }
        let Some(room) = ROOMS.iter().find(|room| room.package == self.name) else {
            let what = format!("`{}` has no room yet: say in {} what it may know", self.name, file!());
            return vec![Finding::new(self.manifest, 1, what)];
        };
        let wrong = self.dependencies.iter().filter_map(|&(name, for_tests)| {
            let why = objection(room, name, for_tests, workspace.contains(&name))?;
            let line = line_of(tree.text(self.manifest).unwrap_or_default(), name);
            Some(Finding::new(self.manifest, line, format!("`{}` must not know `{name}`{why}", self.name)))
        });
        wrong.collect()
    }
}

/// Why the room has no door there, if it has none.
fn objection(room: &Room, name: &str, for_tests: bool, of_workspace: bool) -> Option<String> {
    let known = room.knows.contains(&name);
    let known_to_tests = known || room.tests_know.contains(&name);
    match (of_workspace, for_tests) {
        (true, false) if !known => Some(format!(": it may know {}", list(room.knows))),
        (true, true) if !known_to_tests => Some(format!(
            ", not even in tests: those may know {}",
            list(&[room.knows, room.tests_know].concat())
        )),
        (false, false) if room.shuns.contains(&name) => Some(", which isn't its business".to_owned()),
        _ => None,
    }
}

fn list(names: &[&str]) -> String {
    if names.is_empty() { "no other package of the workspace".to_owned() } else { names.join(", ") }
}

fn read<'a>(package: &'a Value, metadata: &'a Value) -> Package<'a> {
    let root = metadata["workspace_root"].as_str().unwrap_or_default();
    let manifest = package["manifest_path"].as_str().unwrap_or_default();
    let dependencies = array(&package["dependencies"]).map(|dependency| {
        let name = dependency["name"].as_str().unwrap_or_default();
        (name, dependency["kind"] == "dev")
    });
    Package {
        name: package["name"].as_str().unwrap_or_default(),
        manifest: manifest.strip_prefix(root).unwrap_or(manifest).trim_start_matches('/'),
        dependencies: dependencies.collect(),
    }
}

fn array(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// Where a manifest names the dependency; its first line where it is named in another way.
fn line_of(manifest: &str, dependency: &str) -> usize {
    let names_it = |line: &str| {
        let rest = line.trim_start().trim_start_matches('"').strip_prefix(dependency);
        rest.is_some_and(|rest| rest.starts_with(['.', ' ', '=', '"']))
    };
    manifest.lines().position(names_it).map_or(1, |index| index + 1)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// What is found in a workspace of this package and all the others.
    fn findings(package: &str, manifest: &str, dependencies: &Value) -> Vec<String> {
        let mut packages: Vec<Value> = [CORE, MEMORY, TESTKIT, "xtask"]
            .iter()
            .filter(|name| **name != package)
            .map(|name| json!({"name": name, "manifest_path": format!("/w/{name}/Cargo.toml"), "dependencies": []}))
            .collect();
        packages.push(json!({
            "name": package, "manifest_path": format!("/w/{manifest}"), "dependencies": dependencies,
        }));
        let metadata = json!({"workspace_root": "/w", "packages": packages});
        let tree = Tree::of(&[(
            manifest,
            "[dependencies]\nlimiter-memory-x = 1\nlimiter-memory.workspace = true\n",
        )]);
        wrong_doors(&metadata, &tree).iter().map(ToString::to_string).collect()
    }

    fn normal(name: &str) -> Value {
        json!([{"name": name, "kind": null}])
    }

    fn dev(name: &str) -> Value {
        json!([{"name": name, "kind": "dev"}])
    }

    #[test]
    fn a_dependency_against_the_direction_is_found_where_it_stands() {
        let found = findings(CORE, "limiter-core/Cargo.toml", &normal(MEMORY));
        assert_eq!(found.len(), 1);
        assert!(
            found[0].starts_with("limiter-core/Cargo.toml:3: `limiter-core` must not know `limiter-memory`"),
            "{found:?}"
        );
        assert_eq!(findings(REDIS, "limiter-redis/Cargo.toml", &normal(MEMORY)).len(), 1);
        assert_eq!(findings("limiter-factory", "limiter-factory/Cargo.toml", &normal(TESTKIT)).len(), 1);
        assert_eq!(findings("xtask", "xtask/Cargo.toml", &dev(TESTKIT)).len(), 1);
        let build = json!([{"name": MEMORY, "kind": "build"}]);
        assert_eq!(findings(LAYERS, "limiter-layers/Cargo.toml", &build).len(), 1);
    }

    #[test]
    fn the_right_direction_passes_and_tests_may_use_the_testkit() {
        assert!(findings(MEMORY, "limiter-memory/Cargo.toml", &normal(CORE)).is_empty());
        assert!(findings("limiter-factory", "limiter-factory/Cargo.toml", &normal(MEMORY)).is_empty());
        assert!(findings(MEMORY, "limiter-memory/Cargo.toml", &dev(TESTKIT)).is_empty());
        assert!(findings(LAYERS, "limiter-layers/Cargo.toml", &dev(MEMORY)).is_empty());
        assert_eq!(findings(REDIS, "limiter-redis/Cargo.toml", &dev(MEMORY)).len(), 1);
        assert!(findings("gateway", "examples/gateway/Cargo.toml", &normal(TESTKIT)).is_empty());
    }

    #[test]
    fn core_shuns_runtimes_except_in_its_tests() {
        assert_eq!(findings(CORE, "limiter-core/Cargo.toml", &normal("tokio")).len(), 1);
        assert!(findings(CORE, "limiter-core/Cargo.toml", &dev("tokio")).is_empty());
        assert!(findings(LAYERS, "limiter-layers/Cargo.toml", &normal("tokio")).is_empty());
        assert_eq!(findings(LAYERS, "limiter-layers/Cargo.toml", &normal("redis")).len(), 1);
    }

    #[test]
    fn a_package_without_a_room_is_found() {
        let found = findings("limiter-shed", "limiter-shed/Cargo.toml", &json!([]));
        assert!(found.len() == 1 && found[0].contains("has no room"), "{found:?}");
    }
}
