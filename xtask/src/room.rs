//! Whether the disk has room for all that `cargo xtask test` builds and runs: better to hear it now than from the test
//! that found none.

use std::path::{Path, PathBuf};

use crate::failure::{Result, failed};
use crate::workspace;

const MIB: u64 = 1024 * 1024;
/// What a build from nothing fills, and then some.
const BUILD: u64 = 6 * 1024 * MIB;
/// What the test servers that run at a time fill, and then some.
const SERVERS: u64 = 1024 * MIB;

/// A folder, what is still to come into it, and how to have it elsewhere.
struct Place {
    folder: PathBuf,
    needed: u64,
    variable: &'static str,
}

/// Fails where there isn't enough. What can't be found out stops nobody.
pub(crate) fn check() -> Result {
    let mut places = vec![Place { folder: std::env::temp_dir(), needed: SERVERS, variable: "TMPDIR" }];
    if let Some(folder) = workspace::target_folder() {
        let needed = BUILD.saturating_sub(size(&folder));
        places.push(Place { folder, needed, variable: "CARGO_TARGET_DIR" });
    }
    let lacking: Vec<String> = places.iter().filter_map(|place| lack(place, free(&place.folder))).collect();
    if lacking.is_empty() { Ok(()) } else { failed(lacking.join(".\n")) }
}

/// What to tell of a place that has too little room.
fn lack(place: &Place, free: Option<u64>) -> Option<String> {
    let free = free.filter(|free| *free < place.needed)?;
    let Place { folder, needed, variable } = place;
    let (free, needed, folder) = (free / MIB, needed / MIB, folder.display());
    Some(format!(
        "{folder} has room for {free} MiB; tests need {needed} MiB there. Make room, or name another folder in {variable}"
    ))
}

/// Bytes of all files below a folder; none where there is no such folder.
fn size(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let sizes = entries.map(|entry| match entry.metadata() {
        Ok(about) if about.is_dir() => size(&entry.path()),
        Ok(about) => about.len(),
        Err(_) => 0,
    });
    sizes.sum()
}

/// Bytes that this user may still write at a path, or where it is going to be.
fn free(path: &Path) -> Option<u64> {
    let there = path.ancestors().find(|path| path.exists())?;
    fs4::available_space(there).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(needed: u64) -> Place {
        Place { folder: PathBuf::from("/somewhere"), needed, variable: "TMPDIR" }
    }

    #[test]
    fn too_little_room_is_told_with_what_to_do() {
        let told = lack(&place(2048 * MIB), Some(7 * MIB)).unwrap();
        let all = ["/somewhere has room for 7 MiB", "need 2048 MiB", "another folder in TMPDIR"];
        assert!(all.iter().all(|words| told.contains(words)), "{told}");
        assert_eq!(lack(&place(2048 * MIB), Some(2048 * MIB)), None);
        assert_eq!(lack(&place(2048 * MIB), None), None);
    }

    #[test]
    fn a_folder_is_as_large_as_its_files() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("a")).unwrap();
        std::fs::write(folder.path().join("a/b"), "four").unwrap();
        std::fs::write(folder.path().join("c"), "two").unwrap();
        assert_eq!(size(folder.path()), 7);
        assert_eq!(size(&folder.path().join("absent")), 0);
    }

    #[test]
    fn a_folder_that_is_still_to_be_made_has_the_room_of_the_one_above() {
        let above = tempfile::tempdir().unwrap();
        assert!(free(&above.path().join("a/b")).is_some());
    }
}
