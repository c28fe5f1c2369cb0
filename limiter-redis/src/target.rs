//! Where a store is and how to get in, as a URL says it.

use std::fmt;
use std::path::PathBuf;

/// What stands in the place of a password.
pub(crate) const REDACTED: &str = "***";

/// Where a store is and how to get in.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) place: Place,
    pub(crate) login: Login,
    /// The database number. A cluster has only 0.
    pub(crate) database: i64,
    pub(crate) tls: Option<Tls>,
}

/// Which kind of store it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// One server.
    Single(Address),
    /// Sentinels that know the primary of a service, and how to log in to them where that is asked for.
    Sentinel { sentinels: Vec<Address>, service: String, login: Login },
    /// Some nodes of a cluster.
    Cluster(Vec<Address>),
}

/// A host (a name, an IPv4 or an IPv6 address without brackets) and a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) host: String,
    pub(crate) port: u16,
}

/// A user and a password: both, only a password, or neither.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Login {
    pub(crate) user: Option<String>,
    pub(crate) password: Option<String>,
}

/// Encrypted, the server's name verified. `None` of all: the system's root certificates.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tls {
    /// A file of root certificates in PEM to trust instead of the system's.
    pub(crate) ca: Option<PathBuf>,
    /// A client certificate and its key, files in PEM.
    pub(crate) client: Option<(PathBuf, PathBuf)>,
}

/// `host:port`, an IPv6 address in brackets.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, port } = self;
        if host.contains(':') { write!(f, "[{host}]:{port}") } else { write!(f, "{host}:{port}") }
    }
}

/// Never the password.
impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let password = self.password.as_ref().map(|_| REDACTED);
        f.debug_struct("Login").field("user", &self.user).field("password", &password).finish()
    }
}

/// Never a password.
impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { place, login, database, tls } = self;
        f.debug_struct("Target")
            .field("place", place)
            .field("login", login)
            .field("database", database)
            .field("tls", tls)
            .finish()
    }
}
