//! Where a store is and how to get in, as a URL says it.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;

use crate::encryption::Encryption;

/// What stands in the place of a password.
pub(crate) const REDACTED: &str = "***";

/// Where a store is and how to get in.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) place: Place,
    pub(crate) port: u16,
    pub(crate) user: String,
    pub(crate) password: Option<String>,
    pub(crate) database: String,
    /// By what name the server shows its connections.
    pub(crate) application_name: String,
    pub(crate) encryption: Encryption,
}

/// How a server is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// A name, an IPv4 or an IPv6 address without brackets.
    Host(String),
    /// The folder of a unix socket.
    Socket(PathBuf),
}

impl Place {
    /// Whether what is sent there stays on this machine.
    pub(crate) fn is_local(&self) -> bool {
        match self {
            Self::Socket(_) => true,
            Self::Host(host) => {
                host.eq_ignore_ascii_case("localhost")
                    || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
            }
        }
    }
}

/// The place and the port: `db:5432`, `[::1]:5432`, `/run/postgresql:5432`.
impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Place::Host(host) if host.contains(':') => write!(f, "[{host}]:{}", self.port),
            Place::Host(host) => write!(f, "{host}:{}", self.port),
            Place::Socket(folder) => write!(f, "{}:{}", folder.display(), self.port),
        }
    }
}

/// Never the password.
impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Target")
            .field("place", &self.place)
            .field("port", &self.port)
            .field("user", &self.user)
            .field("password", &self.password.as_ref().map(|_| REDACTED))
            .field("database", &self.database)
            .field("application_name", &self.application_name)
            .field("encryption", &self.encryption)
            .finish()
    }
}
