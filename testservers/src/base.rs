//! The folder in which the servers of this process keep theirs, and the guard that clears up after the process.
//!
//! The guard is a shell that waits for the end of its input, which it gets when this process ends, whichever way.
//! It then kills what is left: servers that no `setpriv` binds to this process, and what works in their folders, as do
//! processes of a server that was held. It gives back shared memory and removes the folder.

use std::io;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use tempfile::TempDir;

/// In each server's folder, where it isn't bound to this process: its process number.
pub(crate) const PID_FILE: &str = "testservers.pid";

/// A server that is dying may still write, so the folder is removed until it is gone.
const CLEAR_UP: &str = r#"
cat >/dev/null
for file in "$1"/*/testservers.pid; do
    [ -f "$file" ] && kill -KILL "$(cat "$file")"
done
base=$(cd -P "$1" && pwd -P) && for process in /proc/[0-9]*; do
    case $(cd -P "$process/cwd" && pwd -P) in "$base"/*) kill -KILL "${process#/proc/}" ;; esac
done
for file in "$1"/*/data/postmaster.pid; do
    [ -f "$file" ] || continue
    number=0 line=
    while [ $number -lt 7 ] && read -r line; do number=$((number + 1)); done <"$file"
    [ $number = 7 ] && ipcrm -m "${line##* }"
done
for attempt in 1 2 3 4 5 6 7 8 9 10; do
    rm -rf "$1"
    [ -e "$1" ] || exit 0
    sleep 0.1
done
"#;

static BASE: OnceLock<Base> = OnceLock::new();
static REMOVED: AtomicBool = AtomicBool::new(false);
static MAKING: Mutex<()> = Mutex::new(());

#[derive(Debug)]
struct Base {
    folder: TempDir,
    /// Held for its input, which is open as long as this process lives.
    _guard: Child,
}

/// A fresh folder for one server.
pub(crate) fn folder() -> io::Result<TempDir> {
    if REMOVED.load(Ordering::SeqCst) {
        return Err(io::Error::other("this program is ending"));
    }
    // A name that the guard's shell finds: by itself, `*` leaves out what begins with a dot.
    tempfile::Builder::new().prefix("server-").tempdir_in(base()?.folder.path())
}

/// Removes what the servers of this process have kept, once they are dead. From then on there is no folder any more.
pub(crate) fn remove() {
    REMOVED.store(true, Ordering::SeqCst);
    if let Some(base) = BASE.get() {
        std::fs::remove_dir_all(base.folder.path()).ok();
    }
}

fn base() -> io::Result<&'static Base> {
    let _one_at_a_time = MAKING.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(base) = BASE.get() {
        return Ok(base);
    }
    let folder = tempfile::Builder::new().prefix("testservers-").tempdir()?;
    // Passed through, not listed, by the user that servers run as which refuse root.
    #[cfg(unix)]
    std::fs::set_permissions(folder.path(), std::os::unix::fs::PermissionsExt::from_mode(0o711))?;
    let guard = guard(folder.path())?;
    Ok(BASE.get_or_init(|| Base { folder, _guard: guard }))
}

/// In a process group of its own, so that an interrupt from the keyboard doesn't end it before its time.
fn guard(folder: &Path) -> io::Result<Child> {
    let mut shell = Command::new("sh");
    shell.args(["-c", CLEAR_UP, "testservers"]).arg(folder).current_dir("/");
    shell.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut shell, 0);
    shell.spawn()
}

#[cfg(all(test, unix))]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::patience::until;

    #[test]
    fn the_guard_kills_and_removes_when_its_input_ends() {
        let folder = tempfile::tempdir().unwrap().keep();
        let mut sleep = Command::new("sleep").arg("60").spawn().unwrap();
        std::fs::create_dir(folder.join("server")).unwrap();
        std::fs::write(folder.join("server").join(PID_FILE), sleep.id().to_string()).unwrap();
        let mut guard = guard(&folder).unwrap();
        assert!(sleep.try_wait().unwrap().is_none() && folder.exists());

        drop(guard.stdin.take());
        assert!(guard.wait().unwrap().success());
        assert!(!folder.exists());
        let every = Duration::from_millis(5);
        let killed =
            until(Duration::from_secs(10), every, || sleep.try_wait().unwrap().ok_or("it still runs"));
        assert!(!killed.unwrap().success());
    }
}
