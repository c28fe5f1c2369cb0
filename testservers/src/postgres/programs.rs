//! Where the programs are.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::output;
use crate::unavailable::{OrUnavailable, Unavailable};

/// Names a folder with the programs that are to be used instead of those that are found.
const VARIABLE: &str = "TESTKIT_POSTGRES_BIN";
/// What a folder must hold.
const NEEDED: [&str; 4] = ["initdb", "postgres", "psql", "pg_basebackup"];
/// Where packages put them, and what a version's folder begins with; within that, the programs' folder.
const PLACES: [(&str, &str, &str); 7] = [
    ("/usr/lib/postgresql", "", "bin"),
    ("/usr", "pgsql-", "bin"),
    ("/usr/lib", "postgresql", "bin"),
    ("/usr/libexec", "postgresql", ""),
    ("/opt/homebrew/opt", "postgresql@", "bin"),
    ("/usr/local/opt", "postgresql@", "bin"),
    ("/home/linuxbrew/.linuxbrew/opt", "postgresql@", "bin"),
];
/// Where PgBouncer lies besides `PATH`, which for ordinary users doesn't hold what is for administrators.
const BOUNCER_PLACES: [&str; 4] = ["/usr/sbin", "/usr/local/sbin", "/usr/bin", "/opt/homebrew/bin"];
/// As long as a program may take to say its version.
const ANSWER: Duration = Duration::from_secs(10);
const OLDEST: u32 = 13;

/// The programs of one installation of PostgreSQL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Programs {
    folder: PathBuf,
}

impl Programs {
    /// `postgres`.
    pub fn server(&self) -> PathBuf {
        self.folder.join("postgres")
    }

    /// `psql`.
    pub fn psql(&self) -> PathBuf {
        self.folder.join("psql")
    }

    pub(super) fn initdb(&self) -> PathBuf {
        self.folder.join("initdb")
    }

    pub(super) fn basebackup(&self) -> PathBuf {
        self.folder.join("pg_basebackup")
    }

    /// What the server says of its version: `postgres (PostgreSQL) 15.18 …`.
    ///
    /// # Errors
    /// It can't be run, doesn't answer within 10 s, or is older than PostgreSQL 13.
    pub fn version(&self) -> Result<String, Unavailable> {
        let server = self.server();
        let doing = format!("asking `{} --version`", server.display());
        let answer = output::of(Command::new(&server).arg("--version"), ANSWER).or_unavailable(&doing)?;
        let said = String::from_utf8_lossy(&answer.stdout).trim().to_owned();
        if !answer.status.success() {
            return Err(Unavailable::new(format!("{doing}: it ended with {}", answer.status)));
        }
        match major(&said) {
            Some(OLDEST..) => Ok(said),
            _ => Err(Unavailable::new(format!("{doing}: {said:?}; wanted PostgreSQL {OLDEST} or newer"))),
        }
    }
}

/// Finds PostgreSQL's programs, `initdb`, `postgres`, `psql` and `pg_basebackup`, in one folder: the one that the
/// variable `TESTKIT_POSTGRES_BIN` names, else one in `PATH`, else the newest where packages put them.
///
/// # Errors
/// There is none, or the variable names something else; the text says what to do.
pub fn find() -> Result<Programs, Unavailable> {
    let named = named();
    let path = env::var_os("PATH").unwrap_or_default();
    search(named.as_deref().map(Path::new), &path, &installed())
}

/// Finds `pgbouncer`, in `PATH` or where packages put it.
///
/// # Errors
/// There is none; the text says what to do.
pub fn find_pgbouncer() -> Result<PathBuf, Unavailable> {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = env::split_paths(&path).chain(BOUNCER_PLACES.iter().map(PathBuf::from));
    folders.map(|folder| folder.join("pgbouncer")).find(|file| file.is_file()).ok_or_else(|| {
        let places = BOUNCER_PLACES.join(", ");
        Unavailable::new(format!(
            "pgbouncer is neither in PATH nor in {places}. `cargo xtask servers`, the first step of `cargo xtask \
             test`, installs it where it may; or install PgBouncer"
        ))
    })
}

/// Whether a folder is named, so that no other will do.
pub(super) fn is_named() -> bool {
    named().is_some()
}

fn named() -> Option<std::ffi::OsString> {
    env::var_os(VARIABLE).filter(|value| !value.is_empty())
}

fn search(named: Option<&Path>, path: &OsStr, installed: &[PathBuf]) -> Result<Programs, Unavailable> {
    if let Some(named) = named {
        return in_named(named);
    }
    let in_path = env::split_paths(path).filter_map(|folder| {
        // A link to it, when they don't all lie there themselves.
        let linked = fs::canonicalize(folder.join("postgres")).ok()?.parent()?.to_owned();
        [folder, linked].into_iter().find(|folder| is_whole(folder))
    });
    let folder = in_path.chain(installed.iter().filter(|folder| is_whole(folder)).cloned()).next();
    folder.map(|folder| Programs { folder }).ok_or_else(|| {
        let needed = NEEDED.join(", ");
        Unavailable::new(format!(
            "PostgreSQL's programs ({needed}) are neither in PATH nor where packages put them. `cargo xtask servers`, \
             the first step of `cargo xtask test`, installs them where it may; or install PostgreSQL {OLDEST} or \
             newer, or name their folder in {VARIABLE}"
        ))
    })
}

fn in_named(folder: &Path) -> Result<Programs, Unavailable> {
    let missing = NEEDED.iter().find(|program| !folder.join(program).is_file());
    let Some(missing) = missing else {
        let folder = std::path::absolute(folder).or_unavailable(format!("reading {VARIABLE}"))?;
        return Ok(Programs { folder });
    };
    let (shown, needed) = (folder.display(), NEEDED.join(", "));
    Err(Unavailable::new(format!("{VARIABLE}={shown}: there is no {missing}; wanted a folder with {needed}")))
}

fn is_whole(folder: &Path) -> bool {
    NEEDED.iter().all(|program| folder.join(program).is_file())
}

/// The folders of installed versions, the newest first.
fn installed() -> Vec<PathBuf> {
    let mut found: Vec<(u32, PathBuf)> = PLACES.iter().flat_map(|place| versions(*place)).collect();
    found.sort_by_key(|(version, _)| std::cmp::Reverse(*version));
    found.into_iter().map(|(_, folder)| folder).collect()
}

fn versions((place, prefix, within): (&str, &str, &str)) -> Vec<(u32, PathBuf)> {
    let Ok(entries) = fs::read_dir(place) else { return Vec::new() };
    let version = |entry: fs::DirEntry| {
        let name = entry.file_name();
        let version = name.to_str()?.strip_prefix(prefix)?.parse().ok()?;
        Some((version, entry.path().join(within)))
    };
    entries.filter_map(|entry| version(entry.ok()?)).collect()
}

/// The first number of `postgres (PostgreSQL) 15.18 (Debian …)`, `… 18beta1`.
fn major(said: &str) -> Option<u32> {
    let version = said.split(' ').nth(2)?;
    let digits = version.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(version.len());
    version[..digits].parse().ok()
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    fn folder(programs: &[&str]) -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        for program in programs {
            fs::write(folder.path().join(program), "").unwrap();
        }
        folder
    }

    #[test]
    fn one_folder_holds_all_programs_or_is_passed_over() {
        let (part, whole, other) = (folder(&NEEDED[1..]), folder(&NEEDED), folder(&NEEDED));
        let path = env::join_paths([part.path(), whole.path()]).unwrap();
        let installed = [part.path().to_owned(), other.path().to_owned()];
        assert_eq!(search(None, &path, &installed).unwrap().folder, whole.path());
        let found = search(None, part.path().as_os_str(), &installed).unwrap();
        assert_eq!(found.folder, other.path());
    }

    #[cfg(unix)]
    #[test]
    fn a_link_in_path_leads_to_the_folder_of_all() {
        let (links, whole) = (folder(&[]), folder(&NEEDED));
        std::os::unix::fs::symlink(whole.path().join("postgres"), links.path().join("postgres")).unwrap();
        let found = search(None, links.path().as_os_str(), &[]).unwrap();
        assert_eq!(found.folder, fs::canonicalize(whole.path()).unwrap());
    }

    #[test]
    fn without_programs_the_text_says_what_to_do() {
        let why = search(None, folder(&["postgres"]).path().as_os_str(), &[]).unwrap_err().to_string();
        assert!(why.contains("cargo xtask servers") && why.contains(VARIABLE) && why.contains("13"), "{why}");
    }

    #[test]
    fn a_named_folder_is_taken_alone() {
        let (named, path) = (folder(&NEEDED[..3]), folder(&NEEDED));
        let search = || search(Some(named.path()), path.path().as_os_str(), &[]);
        let why = search().unwrap_err().to_string();
        assert!(why.contains(VARIABLE) && why.contains("there is no pg_basebackup"), "{why}");
        fs::write(named.path().join(NEEDED[3]), "").unwrap();
        assert_eq!(search().unwrap().folder, named.path());
    }

    #[test]
    fn the_newest_version_comes_first() {
        let place = folder(&["notes"]);
        for version in ["9", "15", "13"] {
            fs::create_dir(place.path().join(version)).unwrap();
        }
        let mut found = versions((place.path().to_str().unwrap(), "", "bin"));
        found.sort_unstable();
        assert_eq!(found.iter().map(|(version, _)| *version).collect::<Vec<_>>(), [9, 13, 15]);
        assert_eq!(found[2].1, place.path().join("15/bin"));
    }

    #[test]
    fn versions_are_read() {
        let cases = [
            ("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)", Some(15)),
            ("postgres (PostgreSQL) 18beta1", Some(18)),
            ("postgres (PostgreSQL) 9.6.24", Some(9)),
            ("postgres", None),
        ];
        for (said, expected) in cases {
            assert_eq!(major(said), expected, "{said}");
        }
    }
}
