//! Where the programs are.

use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::output;
use crate::unavailable::{OrUnavailable, Unavailable};

/// Names a server program that is to be used instead of one that is found.
const VARIABLE: &str = "TESTKIT_REDIS_SERVER";
/// Servers and the clients that belong to them, the better known first.
const PAIRS: [(&str, &str); 2] = [("redis-server", "redis-cli"), ("valkey-server", "valkey-cli")];
/// As long as a program may take to say its version.
const ANSWER: Duration = Duration::from_secs(10);

/// A server program, and the client program that comes with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Programs {
    server: PathBuf,
    cli: PathBuf,
}

impl Programs {
    /// `redis-server` or `valkey-server`.
    pub fn server(&self) -> &Path {
        &self.server
    }

    /// `redis-cli` or `valkey-cli`.
    pub fn cli(&self) -> &Path {
        &self.cli
    }

    /// What the server says of its version: `Redis server v=7.0.15 …`.
    ///
    /// # Errors
    /// It can't be run, or doesn't answer within 10 s.
    pub fn version(&self) -> Result<String, Unavailable> {
        let shown = self.server.display();
        let doing = format!("asking `{shown} --version`");
        let answer =
            output::of(Command::new(&self.server).arg("--version"), ANSWER).or_unavailable(&doing)?;
        if !answer.status.success() {
            return Err(Unavailable::new(format!("{doing}: it ended with {}", answer.status)));
        }
        Ok(String::from_utf8_lossy(&answer.stdout).trim().to_owned())
    }
}

/// Finds `redis-server` with `redis-cli`, or else `valkey-server` with `valkey-cli`: the server that the variable
/// `TESTKIT_REDIS_SERVER` names, else one in `PATH`.
///
/// # Errors
/// There is none, or the variable names something else; the text says what to do.
pub fn find() -> Result<Programs, Unavailable> {
    let named = env::var_os(VARIABLE).filter(|value| !value.is_empty());
    search(named.as_deref(), &env::var_os("PATH").unwrap_or_default())
}

/// Whether a server program is named, so that no other will do.
pub(super) fn is_named() -> bool {
    env::var_os(VARIABLE).is_some_and(|value| !value.is_empty())
}

fn search(named: Option<&OsStr>, path: &OsStr) -> Result<Programs, Unavailable> {
    if let Some(named) = named {
        return beside(Path::new(named), path);
    }
    let found = PAIRS.iter().find_map(|(server, cli)| {
        Some(Programs { server: in_path(server.as_ref(), path)?, cli: in_path(cli.as_ref(), path)? })
    });
    found.ok_or_else(|| {
        Unavailable::new(format!(
            "neither redis-server with redis-cli nor valkey-server with valkey-cli is in PATH. `cargo xtask servers`, \
             the first step of `cargo xtask test`, installs one where it may; or install Redis 6.2 or newer, or name \
             a server program in {VARIABLE}"
        ))
    })
}

/// The server that was named, and the client beside it, or else one in `PATH`.
fn beside(named: &Path, path: &OsStr) -> Result<Programs, Unavailable> {
    let refused = |why: &str| {
        let wanted = "a path to redis-server or valkey-server, whose client lies beside it or in PATH";
        Unavailable::new(format!("{VARIABLE}={}: {why}; wanted {wanted}", named.display()))
    };
    let server = match named.parent() {
        Some(parent) if parent != Path::new("") => {
            std::path::absolute(named).ok().filter(|file| file.is_file())
        }
        _ => in_path(named.as_os_str(), path),
    };
    let server = server.ok_or_else(|| refused("there is no such program"))?;
    let clis = PAIRS.iter().map(|(_, cli)| *cli);
    let same_folder = clis.clone().map(|cli| server.with_file_name(cli)).find(|cli| cli.is_file());
    let cli = same_folder.or_else(|| clis.clone().find_map(|cli| in_path(cli.as_ref(), path)));
    let cli = cli.ok_or_else(|| refused("neither redis-cli nor valkey-cli was found"))?;
    Ok(Programs { server, cli })
}

fn in_path(program: &OsStr, path: &OsStr) -> Option<PathBuf> {
    env::split_paths(path).map(|folder| folder.join(program)).find(|file| file.is_file())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tempfile::TempDir;

    use super::*;

    fn folder(programs: &[&str]) -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        for program in programs {
            fs::write(folder.path().join(program), "").unwrap();
        }
        folder
    }

    fn names(found: &Programs) -> [&str; 2] {
        [&found.server, &found.cli].map(|path| path.file_name().unwrap().to_str().unwrap())
    }

    #[test]
    fn a_server_without_its_client_is_passed_over() {
        let both = folder(&["redis-server", "valkey-server", "valkey-cli"]);
        let found = search(None, both.path().as_os_str()).unwrap();
        assert_eq!(names(&found), ["valkey-server", "valkey-cli"]);
        fs::write(both.path().join("redis-cli"), "").unwrap();
        let found = search(None, both.path().as_os_str()).unwrap();
        assert_eq!(names(&found), ["redis-server", "redis-cli"]);
    }

    #[test]
    fn without_programs_the_text_says_what_to_do() {
        let why = search(None, folder(&["redis-cli"]).path().as_os_str()).unwrap_err().to_string();
        assert!(why.contains("cargo xtask servers") && why.contains(VARIABLE), "{why}");
    }

    #[test]
    fn a_named_server_is_taken_with_the_client_beside_it_or_in_path() {
        let (own, path) = (folder(&["valkey-server"]), folder(&["redis-server", "redis-cli"]));
        let named = own.path().join("valkey-server");
        let find = |named: &Path| search(Some(named.as_os_str()), path.path().as_os_str());
        assert_eq!(names(&find(&named).unwrap()), ["valkey-server", "redis-cli"]);
        fs::write(own.path().join("valkey-cli"), "").unwrap();
        assert_eq!(names(&find(&named).unwrap()), ["valkey-server", "valkey-cli"]);
        assert_eq!(find(Path::new("redis-server")).unwrap().server, path.path().join("redis-server"));
    }

    #[test]
    fn a_named_server_that_is_not_there_is_told_with_its_variable() {
        let path = folder(&["redis-server", "redis-cli"]);
        let named = path.path().join("no-such-server");
        let why = search(Some(named.as_os_str()), path.path().as_os_str()).unwrap_err().to_string();
        assert!(why.starts_with(VARIABLE) && why.contains("no-such-server"), "{why}");
    }
}
