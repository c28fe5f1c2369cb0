//! Splices what the scripts share into each of them, so that the arithmetic of an algorithm is written once.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

const INCLUDE: &str = "-- @include ";

fn main() -> io::Result<()> {
    let sources = Path::new("lua");
    println!("cargo::rerun-if-changed=lua");
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or(io::ErrorKind::NotFound)?);
    let mut names = Vec::new();
    for entry in fs::read_dir(sources)? {
        let path = entry?.path();
        if let Some(name) = path.file_stem().filter(|_| path.extension().is_some_and(|kind| kind == "lua")) {
            let name = name.to_string_lossy().into_owned();
            fs::write(out.join(format!("{name}.lua")), composed(sources, &path)?)?;
            names.push(name);
        }
    }
    names.sort();
    fs::write(out.join("scripts.rs"), list(&names))
}

/// Each script's name and text, as an expression in Rust.
fn list(names: &[String]) -> String {
    let pair = |name: &String| format!("({name:?}, include_str!(\"{name}.lua\")),\n");
    format!("&[\n{}]\n", names.iter().map(pair).collect::<String>())
}

/// A script with its includes in place. Comments and indentation stay behind: a server that doesn't know the script
/// yet is sent all of it.
fn composed(sources: &Path, path: &Path) -> io::Result<String> {
    let mut text = String::new();
    for line in fs::read_to_string(path)?.lines().map(str::trim) {
        if let Some(included) = line.strip_prefix(INCLUDE) {
            text += &composed(sources, &sources.join(included))?;
        } else if !line.is_empty() && !line.starts_with("--") {
            text += line;
            text.push('\n');
        }
    }
    Ok(text)
}
