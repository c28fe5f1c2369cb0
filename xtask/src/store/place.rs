//! The place of one backend's counts.

use testservers::postgres::Postgres;
use testservers::redis::Redis;

use tempfile::TempDir;

use crate::environment::{DATABASE_URL, LIMITER_SQLITE_PATH, REDIS_URL, is_set};
use crate::failure::{OrFail, Result, failed};
use crate::servers;

/// Where the counts of one backend are.
#[derive(Debug)]
pub(crate) enum Place {
    /// Nothing is known of it but what the environment says anyway.
    Unmanaged,
    /// The variable names it.
    Given(&'static str),
    /// The variable has to name it.
    Private { variable: &'static str, value: String, made: Box<Made> },
}

/// What was started or made, and ends when it is dropped.
#[derive(Debug)]
pub(crate) enum Made {
    Redis(Redis),
    Postgres(Postgres),
    Folder(TempDir),
}

impl Place {
    /// What the variable of the backend names, or else a private place.
    pub(super) fn of(backend: &str) -> Result<Self> {
        match variable(backend) {
            None => Ok(Self::Unmanaged),
            Some(variable) if is_set(variable) => Ok(Self::Given(variable)),
            Some(variable) => Self::private(variable),
        }
    }

    /// Whether the backend's variable names a place.
    pub(super) fn is_given(backend: &str) -> bool {
        variable(backend).is_some_and(is_set)
    }

    /// The variable that has to be set besides those of the caller, and to what.
    pub(super) fn variable(&self) -> Option<(&'static str, &str)> {
        match self {
            Self::Private { variable, value, .. } => Some((variable, value)),
            Self::Unmanaged | Self::Given(_) => None,
        }
    }

    /// What stands behind the backend's name, without what may be secret.
    pub(super) fn in_words(&self) -> String {
        match self {
            Self::Unmanaged => String::new(),
            Self::Given(LIMITER_SQLITE_PATH) => format!(", the file that {LIMITER_SQLITE_PATH} names"),
            Self::Given(variable) => format!(", the server that {variable} names"),
            Self::Private { made, .. } => format!(", {}", made.in_words()),
        }
    }

    fn private(variable: &'static str) -> Result<Self> {
        let made = Made::of(variable)?;
        let value = made.value()?;
        Ok(Self::Private { variable, value, made: Box::new(made) })
    }
}

impl Made {
    /// What this variable is about.
    fn of(variable: &str) -> Result<Self> {
        match variable {
            DATABASE_URL => {
                servers::postgres()?;
                Postgres::start().or_fail("starting a private PostgreSQL server").map(Self::Postgres)
            }
            REDIS_URL => {
                servers::redis()?;
                Redis::start().or_fail("starting a private Redis server").map(Self::Redis)
            }
            _ => tempfile::tempdir().or_fail("making a folder for a private file").map(Self::Folder),
        }
    }

    /// What the variable has to hold.
    fn value(&self) -> Result<String> {
        match self {
            Self::Redis(server) => Ok(server.url()),
            Self::Postgres(server) => Ok(server.url()),
            Self::Folder(folder) => match folder.path().join("limits.db").to_str() {
                Some(path) => Ok(path.to_owned()),
                None => failed(format!("{} isn't UTF-8", folder.path().display())),
            },
        }
    }

    fn in_words(&self) -> String {
        match self {
            Self::Redis(server) => format!("a private server on {}", server.address()),
            Self::Postgres(server) => format!("a private server on {}", server.address()),
            Self::Folder(folder) => format!("a private file in {}", folder.path().display()),
        }
    }
}

/// The variable that names where a backend's counts are, when it has one.
fn variable(backend: &str) -> Option<&'static str> {
    match backend {
        "redis" => Some(REDIS_URL),
        "postgres" => Some(DATABASE_URL),
        "sqlite" => Some(LIMITER_SQLITE_PATH),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpStream;
    use std::path::Path;

    use super::*;

    #[test]
    fn a_given_place_is_found_in_the_environment_and_not_shown() {
        for (variable, words) in [
            (REDIS_URL, ", the server that REDIS_URL names"),
            (LIMITER_SQLITE_PATH, ", the file that LIMITER_SQLITE_PATH names"),
        ] {
            let given = Place::Given(variable);
            assert_eq!(given.variable(), None);
            assert_eq!(given.in_words(), words);
        }
    }

    #[test]
    fn a_private_server_is_handed_on_and_ends_with_its_place() {
        for (backend, expected) in [("redis", REDIS_URL), ("postgres", DATABASE_URL)] {
            let place = Place::private(variable(backend).unwrap()).unwrap();
            let (named, url) = place.variable().map(|(named, url)| (named, url.to_owned())).unwrap();
            let words = place.in_words();
            let address = words.strip_prefix(", a private server on ").unwrap();
            assert_eq!(named, expected);
            assert!(url.starts_with(backend) && url.contains(address), "{url}");
            assert!(TcpStream::connect(address).is_ok());
            drop(place);
            assert!(TcpStream::connect(address).is_err());
        }
    }

    #[test]
    fn a_private_file_is_handed_on_and_goes_with_its_place() {
        let place = Place::private(LIMITER_SQLITE_PATH).unwrap();
        let (named, path) = place.variable().map(|(named, path)| (named, path.to_owned())).unwrap();
        let folder = Path::new(&path).parent().unwrap();
        assert_eq!(named, LIMITER_SQLITE_PATH);
        assert_eq!(place.in_words(), format!(", a private file in {}", folder.display()));
        std::fs::write(&path, "counts").unwrap();
        drop(place);
        assert!(!folder.exists());
    }
}
