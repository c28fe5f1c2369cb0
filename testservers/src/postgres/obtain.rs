//! Programs that are installed where they are missing.

use std::path::PathBuf;

use super::programs::{self, Programs, find, find_pgbouncer};
use crate::install::{self, Manager, Wanted};
use crate::unavailable::Unavailable;

const SERVER: Wanted = Wanted {
    what: "a PostgreSQL server",
    packages: &[
        (Manager::Apt, &[&["postgresql", "postgresql-client"]]),
        (Manager::Dnf, &[&["postgresql-server", "postgresql"]]),
        (Manager::Apk, &[&["postgresql", "postgresql-client"], &["postgresql17", "postgresql17-client"]]),
        (Manager::Pacman, &[&["postgresql"]]),
        (Manager::Zypper, &[&["postgresql-server", "postgresql"]]),
        (Manager::Brew, &[&["postgresql@17"], &["postgresql"]]),
    ],
};

const BOUNCER: Wanted = Wanted {
    what: "PgBouncer",
    packages: &[
        (Manager::Apt, &[&["pgbouncer"]]),
        (Manager::Dnf, &[&["pgbouncer"]]),
        (Manager::Apk, &[&["pgbouncer"]]),
        (Manager::Pacman, &[&["pgbouncer"]]),
        (Manager::Zypper, &[&["pgbouncer"]]),
        (Manager::Brew, &[&["pgbouncer"]]),
    ],
};

/// Like [`find`], and where there is none, it is installed through the system's package manager, provided that this
/// process may: as root, with a `sudo` that asks for no password, or with brew. `say` hears each command before it is
/// run; what the commands print goes to the terminal.
///
/// # Errors
/// There is none and none can be installed, or the variable `TESTKIT_POSTGRES_BIN` names something else; the text
/// says what to do.
pub fn obtain(say: &mut dyn FnMut(&str)) -> Result<Programs, Unavailable> {
    let missing = match find() {
        Err(missing) if !programs::is_named() => missing,
        found => return found,
    };
    install::install(&SERVER, say).map_err(|why| Unavailable::new(format!("{missing}. {why}")))?;
    find()
}

/// Like [`find_pgbouncer`], and installed where it is missing, as [`obtain`] does.
///
/// # Errors
/// There is none and none can be installed; the text says what to do.
pub fn obtain_pgbouncer(say: &mut dyn FnMut(&str)) -> Result<PathBuf, Unavailable> {
    let Err(missing) = find_pgbouncer() else { return find_pgbouncer() };
    install::install(&BOUNCER, say).map_err(|why| Unavailable::new(format!("{missing}. {why}")))?;
    find_pgbouncer()
}
