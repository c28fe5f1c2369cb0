//! Where a backend's counts live while a verb runs: in the process, or in a server that is given or started.

use testservers::redis::Redis;

use crate::environment::{REDIS_URL, is_set};
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
    Given,
    Private {
        server: Redis,
        url: String,
    },
}

impl Store {
    /// The store of a backend: for `redis` the server that `REDIS_URL` names, or else a private one, whose program is
    /// found or installed.
    pub(crate) fn of(backend: &str) -> Result<Self> {
        let place = match backend {
            "redis" if is_set(REDIS_URL) => Place::Given,
            "redis" => {
                servers::find_or_install()?;
                let server = Redis::start().or_fail("starting a private Redis server")?;
                let url = server.url();
                Place::Private { server, url }
            }
            _ => Place::Unmanaged,
        };
        Ok(Self { place })
    }

    /// The variables that a program needs to find it, besides those of the caller.
    pub(crate) fn variables(&self) -> Vec<(&'static str, &str)> {
        match &self.place {
            Place::Private { url, .. } => vec![(REDIS_URL, url)],
            Place::Unmanaged | Place::Given => Vec::new(),
        }
    }

    /// In a few words, without what may be secret.
    pub(crate) fn in_words(&self, backend: &str) -> String {
        match &self.place {
            Place::Unmanaged => format!("`{backend}`"),
            Place::Given => format!("`{backend}`, the server that {REDIS_URL} names"),
            Place::Private { server, .. } => format!("`{backend}`, a private server on {}", server.address()),
        }
    }
}

/// What cargo is told besides when it builds what is to find the store: a server that is given may want TLS.
pub(crate) fn features(backend: &str) -> &'static [&'static str] {
    if backend != IN_PROCESS && is_set(REDIS_URL) { &["--all-features"] } else { &[] }
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
        let given = Store { place: Place::Given };
        assert!(given.variables().is_empty());
        assert_eq!(given.in_words("redis"), "`redis`, the server that REDIS_URL names");
    }

    #[test]
    fn a_private_server_is_handed_on_and_ends_with_its_store() {
        let server = Redis::start().unwrap();
        let (url, address) = (server.url(), server.address());
        let store = Store { place: Place::Private { server, url: url.clone() } };
        assert_eq!(store.variables(), [("REDIS_URL", &*url)]);
        assert!(store.in_words("redis").contains(&address.to_string()));
        assert!(std::net::TcpStream::connect(address).is_ok());
        drop(store);
        assert!(std::net::TcpStream::connect(address).is_err());
    }
}
