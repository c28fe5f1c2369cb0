//! The user that servers run as which refuse to work for root.

use std::io;
use std::path::Path;
use std::process::Command;

use crate::unavailable::Unavailable;

/// Users that a root process lends to its servers: the one that PostgreSQL's packages make, then the one that every
/// system has.
#[cfg(unix)]
const USERS: [&str; 2] = ["postgres", "nobody"];

/// Another user's numbers where this process is root; else nobody else's.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(not(unix), allow(dead_code, reason = "nobody is root there"))]
pub(crate) struct Account {
    other: Option<Numbers>,
}

#[derive(Clone, Copy, Debug)]
#[cfg_attr(not(unix), allow(dead_code, reason = "nobody is root there"))]
struct Numbers {
    user: u32,
    group: u32,
}

impl Account {
    /// For servers that refuse root.
    #[cfg(unix)]
    pub(crate) fn unprivileged() -> Result<Self, Unavailable> {
        use nix::unistd::{User, geteuid};

        if !geteuid().is_root() {
            return Ok(Self { other: None });
        }
        let found = USERS.iter().find_map(|name| User::from_name(name).ok().flatten());
        let numbers = found.map(|user| Numbers { user: user.uid.as_raw(), group: user.gid.as_raw() });
        let missing = || {
            let users = USERS.join(" nor ");
            Unavailable::new(format!(
                "PostgreSQL refuses to work for root, and there is neither a user {users}"
            ))
        };
        Ok(Self { other: Some(numbers.ok_or_else(missing)?) })
    }

    #[cfg(not(unix))]
    pub(crate) fn unprivileged() -> Result<Self, Unavailable> {
        Ok(Self { other: None })
    }

    /// Lets the command run as this user.
    pub(crate) fn run(self, command: &mut Command) {
        #[cfg(unix)]
        if let Some(numbers) = self.other {
            use std::os::unix::process::CommandExt;
            command.uid(numbers.user).gid(numbers.group);
        }
        #[cfg(not(unix))]
        let _ = command;
    }

    /// Makes the user the owner of a file or folder.
    pub(crate) fn give(self, path: &Path) -> io::Result<()> {
        #[cfg(unix)]
        if let Some(numbers) = self.other {
            std::os::unix::fs::chown(path, Some(numbers.user), Some(numbers.group))?;
        }
        #[cfg(not(unix))]
        let _ = path;
        Ok(())
    }
}
