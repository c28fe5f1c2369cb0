//! Where a store is and how to get in, as a URL says it.

use std::path::PathBuf;

/// Where a store is and how to get in.
#[derive(Clone)]
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

/// A user and a password. `Debug` is to be written by hand: it never shows the password.
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
