//! Splices what the functions share into each of them, and the functions into the migrations, so that the arithmetic of
//! an algorithm is written once.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// `-- @include lib/take.sql table=rate`: that file, with `rate` for each `@table@`.
const INCLUDE: &str = "-- @include ";

fn main() -> io::Result<()> {
    let sources = Path::new("sql");
    println!("cargo::rerun-if-changed=sql");
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or(io::ErrorKind::NotFound)?);
    let mut names = Vec::new();
    for entry in fs::read_dir(sources.join("migrations"))? {
        let path = entry?.path();
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        fs::write(out.join(format!("{name}.sql")), composed(sources, &path)?)?;
        names.push(name);
    }
    names.sort();
    fs::write(out.join("migrations.rs"), list(&names)?)
}

/// Each migration's version, name and text, as an expression in Rust. A file is called `0001_counts.sql`.
fn list(names: &[String]) -> io::Result<String> {
    let migrations: io::Result<String> = names.iter().map(|name| migration(name)).collect();
    Ok(format!("&[\n{}]\n", migrations?))
}

fn migration(name: &str) -> io::Result<String> {
    let (version, title) = name.split_once('_').ok_or(io::ErrorKind::InvalidInput)?;
    let version: u32 = version.parse().map_err(io::Error::other)?;
    Ok(format!("Migration {{ version: {version}, name: {title:?}, text: include_str!(\"{name}.sql\") }},\n"))
}

/// A file with its includes in place. Comments stay behind: the text is kept on the server, and read there by nobody.
fn composed(sources: &Path, path: &Path) -> io::Result<String> {
    let mut text = String::new();
    for line in fs::read_to_string(path)?.lines().map(str::trim) {
        if let Some(included) = line.strip_prefix(INCLUDE) {
            let mut words = included.split_whitespace();
            let file = words.next().ok_or(io::ErrorKind::InvalidInput)?;
            let mut spliced = composed(sources, &sources.join(file))?;
            for word in words {
                let (name, value) = word.split_once('=').ok_or(io::ErrorKind::InvalidInput)?;
                spliced = spliced.replace(&format!("@{name}@"), value);
            }
            text += &spliced;
        } else if !line.is_empty() && !line.starts_with("--") {
            text += line;
            text.push('\n');
        }
    }
    Ok(text)
}
