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
    if programs::is_named() {
        return find();
    }
    found_or_installed(find, || install::install(&SERVER, say))
}

/// Like [`find_pgbouncer`], and installed where it is missing, as [`obtain`] does.
///
/// # Errors
/// There is none and none can be installed; the text says what to do.
pub fn obtain_pgbouncer(say: &mut dyn FnMut(&str)) -> Result<PathBuf, Unavailable> {
    found_or_installed(find_pgbouncer, || install::install(&BOUNCER, say))
}

fn found_or_installed<T>(
    find: impl Fn() -> Result<T, Unavailable>,
    install: impl FnOnce() -> Result<(), Unavailable>,
) -> Result<T, Unavailable> {
    let missing = match find() {
        Err(missing) => missing,
        found => return found,
    };
    install().map_err(|why| Unavailable::new(format!("{missing}. {why}")))?;
    find()
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    /// What comes of it, and whether anything was installed, where it is there or comes by installing.
    fn outcome(there: bool, comes: Result<bool, &str>) -> (Result<(), String>, bool) {
        let (there, installed) = (Cell::new(there), Cell::new(false));
        let find = || if there.get() { Ok(()) } else { Err(Unavailable::new("missing")) };
        let install = || {
            installed.set(true);
            there.set(comes.map_err(Unavailable::new)?);
            Ok(())
        };
        (found_or_installed(find, install).map_err(|why| why.to_string()), installed.get())
    }

    #[test]
    fn only_what_is_missing_is_installed_and_then_looked_for_again() {
        assert_eq!(outcome(true, Ok(true)), (Ok(()), false));
        assert_eq!(outcome(false, Ok(true)), (Ok(()), true));
        assert_eq!(outcome(false, Ok(false)), (Err("missing".to_owned()), true));
        assert_eq!(outcome(false, Err("may not")), (Err("missing. may not".to_owned()), true));
    }
}
