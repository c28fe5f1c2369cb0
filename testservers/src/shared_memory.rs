//! What a PostgreSQL server that was killed leaves in the system's shared memory: of such segments a system has room
//! for few.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

/// Within a server's folder: there while it runs, and after it was killed.
const NOTE: &str = "data/postmaster.pid";
/// The line with the key and the number of its segment.
const LINE: usize = 6;

/// Removes what the server in this folder has left there, once all its processes are gone, and the note that says that
/// it runs.
pub(crate) fn release(folder: &Path) {
    let note = folder.join(NOTE);
    let Ok(text) = fs::read_to_string(&note) else { return };
    if let Some(number) = text.lines().nth(LINE).and_then(|line| line.split_whitespace().nth(1)) {
        let mut remove = Command::new("ipcrm");
        remove.args(["-m", number]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        remove.status().ok();
    }
    fs::remove_file(note).ok();
}
