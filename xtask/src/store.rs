//! Where a backend's counts live while a verb runs: in the process, or in a server that is given or started.

use std::net::SocketAddr;

use testservers::postgres::Postgres;
use testservers::redis::Redis;

use crate::environment::{DATABASE_URL, REDIS_URL, is_set};
use crate::failure::{OrFail, Result};
use crate::servers;

/// The backend that needs no server.
pub(crate) const IN_PROCESS: &str = "memory";

/// Where the counts live. A server that was started for it ends with this value.
#[derive(Debug)]
pub(crate) struct Store {
    place: Place,
}

#[derive(Debug)]
enum Place {
    /// Nothing is known of it but what the environment says anyway.
    Unmanaged,
    /// The variable names it.
    Given(&'static str),
    /// The variable has to name it.
    Private { variable: &'static str, url: String, server: Box<Server> },
}

#[derive(Debug)]
enum Server {
    Redis(Redis),
    Postgres(Postgres),
}

impl Store {
    /// The store of a backend: for `redis` and `postgres` the server that `REDIS_URL` or `DATABASE_URL` names, or else a
    /// private one, whose programs are found or installed.
    pub(crate) fn of(backend: &str) -> Result<Self> {
        let place = match variable(backend) {
            None => Place::Unmanaged,
            Some(variable) if is_set(variable) => Place::Given(variable),
            Some(variable) => {
                let server = Box::new(Server::start(variable)?);
                Place::Private { variable, url: server.url(), server }
            }
        };
        Ok(Self { place })
    }

    /// The variables that a program needs to find it, besides those of the caller.
    pub(crate) fn variables(&self) -> Vec<(&'static str, &str)> {
        match &self.place {
            Place::Private { variable, url, .. } => vec![(variable, url)],
            Place::Unmanaged | Place::Given(_) => Vec::new(),
        }
    }

    /// In a few words, without what may be secret.
    pub(crate) fn in_words(&self, backend: &str) -> String {
        match &self.place {
            Place::Unmanaged => format!("`{backend}`"),
            Place::Given(variable) => format!("`{backend}`, the server that {variable} names"),
            Place::Private { server, .. } => format!("`{backend}`, a private server on {}", server.address()),
        }
    }
}

impl Server {
    /// The one that this variable is about.
    fn start(variable: &str) -> Result<Self> {
        if variable == DATABASE_URL {
            servers::postgres()?;
            return Ok(Self::Postgres(Postgres::start().or_fail("starting a private PostgreSQL server")?));
        }
        servers::redis()?;
        Ok(Self::Redis(Redis::start().or_fail("starting a private Redis server")?))
    }

    fn url(&self) -> String {
        match self {
            Self::Redis(server) => server.url(),
            Self::Postgres(server) => server.url(),
        }
    }

    fn address(&self) -> SocketAddr {
        match self {
            Self::Redis(server) => server.address(),
            Self::Postgres(server) => server.address(),
        }
    }
}

/// What cargo is told besides when it builds what is to find the store: a server that is given may want TLS.
pub(crate) fn features(backend: &str) -> &'static [&'static str] {
    if variable(backend).is_some_and(is_set) { &["--all-features"] } else { &[] }
}

/// The variable that names a backend's server, when it has one.
fn variable(backend: &str) -> Option<&'static str> {
    match backend {
        "redis" => Some(REDIS_URL),
        "postgres" => Some(DATABASE_URL),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backend_in_the_process_needs_nothing() {
        let store = Store::of(IN_PROCESS).unwrap();
        assert!(store.variables().is_empty());
        assert_eq!(store.in_words(IN_PROCESS), "`memory`");
        assert!(features(IN_PROCESS).is_empty());
    }

    #[test]
    fn a_given_server_is_found_in_the_environment_and_its_url_is_not_shown() {
        let given = Store { place: Place::Given(REDIS_URL) };
        assert!(given.variables().is_empty());
        assert_eq!(given.in_words("redis"), "`redis`, the server that REDIS_URL names");
    }

    #[test]
    fn a_private_server_is_handed_on_and_ends_with_its_store() {
        for (backend, expected) in [("redis", REDIS_URL), ("postgres", DATABASE_URL)] {
            let server = Box::new(Server::start(variable(backend).unwrap()).unwrap());
            let (url, address) = (server.url(), server.address());
            let store = Store { place: Place::Private { variable: expected, url: url.clone(), server } };
            assert!(url.starts_with(backend) && url.contains(&address.to_string()), "{url}");
            assert_eq!(store.variables(), [(expected, &*url)]);
            assert!(store.in_words(backend).contains(&address.to_string()));
            assert!(std::net::TcpStream::connect(address).is_ok());
            drop(store);
            assert!(std::net::TcpStream::connect(address).is_err());
        }
    }
}
