//! Programs that are installed where they are missing.

use super::programs::{self, Programs, find};
use crate::install::{self, Manager, Wanted};
use crate::unavailable::Unavailable;

const WANTED: Wanted = Wanted {
    what: "a Redis server",
    packages: &[
        (Manager::Apt, &[&["redis-server", "redis-tools"], &["valkey-server", "valkey-tools"]]),
        (Manager::Dnf, &[&["redis"], &["valkey"]]),
        (Manager::Apk, &[&["redis"], &["valkey", "valkey-cli"]]),
        (Manager::Pacman, &[&["valkey"], &["redis"]]),
        (Manager::Zypper, &[&["redis"], &["valkey"]]),
        (Manager::Brew, &[&["redis"], &["valkey"]]),
    ],
};

/// Like [`find`], and where there is none, it is installed through the system's package manager, provided that this
/// process may: as root, with a `sudo` that asks for no password, or with brew. `say` hears each command before it is
/// run; what the commands print goes to the terminal.
///
/// # Errors
/// There is none and none can be installed, or the variable `TESTKIT_REDIS_SERVER` names something else; the text
/// says what to do.
pub fn obtain(say: &mut dyn FnMut(&str)) -> Result<Programs, Unavailable> {
    let missing = match find() {
        Err(missing) if !programs::is_named() => missing,
        found => return found,
    };
    install::install(&WANTED, say).map_err(|why| Unavailable::new(format!("{missing}. {why}")))?;
    find()
}
