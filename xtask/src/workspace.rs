//! The workspace as cargo sees it: where it is, its packages, and the programs it builds.

use std::env;
use std::ffi::OsString;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::failure::{OrFail, Result, failed};
use crate::process::Process;

/// The directory that holds the workspace's Cargo.toml.
pub(crate) fn root() -> PathBuf {
    let package = env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    let package = PathBuf::from(package);
    package.parent().map_or_else(|| package.clone(), Path::to_path_buf)
}

/// The cargo that runs this program, at the root of the workspace.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let program = env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let mut command = Command::new(program);
    command.args(arguments).current_dir(root());
    command
}

/// What `cargo metadata` says of the workspace's own packages.
pub(crate) fn metadata() -> Result<Value> {
    let output = cargo(&["metadata", "--no-deps", "--format-version", "1"])
        .stderr(Stdio::inherit())
        .output()
        .or_fail("running `cargo metadata`")?;
    if !output.status.success() {
        return failed("`cargo metadata` failed; its own message stands above");
    }
    serde_json::from_slice(&output.stdout).or_fail("reading the answer of `cargo metadata`")
}

/// Where cargo puts what it builds: this program lies in one of its profiles' folders.
pub(crate) fn target_folder() -> Option<PathBuf> {
    let program = env::current_exe().ok()?;
    program.ancestors().nth(2).map(Path::to_path_buf)
}

/// Builds a package's program and tells where it lies, whatever the target directory is.
pub(crate) fn build_program(package: &str, features: &[&str]) -> Result<PathBuf> {
    let arguments = ["build", "--package", package, "--message-format", "json-render-diagnostics"];
    let mut build = Process::spawn(cargo(&arguments).args(features).stdout(Stdio::piped()))?;
    let Some(stdout) = build.pipes().stdout.take() else {
        return failed("cargo's output can't be read");
    };
    let messages: Vec<String> = BufReader::new(stdout).lines().map_while(std::result::Result::ok).collect();
    if !build.wait()?.success() {
        return failed(format!("`cargo build --package {package}` failed; its own message stands above"));
    }
    match messages.iter().find_map(|message| executable(message, package)) {
        Some(program) => Ok(program),
        None => failed(format!("package `{package}` builds no program of that name")),
    }
}

/// The path in a message of cargo's that says that the program was built.
fn executable(message: &str, program: &str) -> Option<PathBuf> {
    let message: Value = serde_json::from_str(message).ok()?;
    let target = &message["target"];
    let built = message["reason"] == "compiler-artifact" && target["name"] == program;
    let path = message["executable"].as_str().filter(|_| built)?;
    Some(PathBuf::from(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_program_among_cargos_messages() {
        let built =
            r#"{"reason":"compiler-artifact","target":{"name":"gateway"},"executable":"/t/debug/gateway"}"#;
        assert_eq!(executable(built, "gateway"), Some(PathBuf::from("/t/debug/gateway")));
        assert_eq!(executable(built, "other"), None);
        let library = r#"{"reason":"compiler-artifact","target":{"name":"gateway"},"executable":null}"#;
        assert_eq!(executable(library, "gateway"), None);
        assert_eq!(executable("not JSON", "gateway"), None);
    }

    #[test]
    fn the_root_holds_the_workspace() {
        let manifest = std::fs::read_to_string(root().join("Cargo.toml")).unwrap();
        assert!(manifest.contains("[workspace]"));
    }
}
