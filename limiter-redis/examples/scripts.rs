//! Writes every script to a file of its own in a folder, for programs in other languages: see docs/redis-protocol.md.

use std::path::PathBuf;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let usage = "name a folder: cargo run -p limiter-redis --example scripts -- scripts/";
    let folder = env::args_os().nth(1).map(PathBuf::from);
    let folder = folder.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, usage))?;
    fs::create_dir_all(&folder)?;
    for (name, text) in limiter_redis::scripts() {
        fs::write(folder.join(name).with_extension("lua"), text)?;
    }
    Ok(())
}
