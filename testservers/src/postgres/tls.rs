//! Servers that speak TLS.

use std::fs;
use std::io;
use std::path::Path;

use super::server::{Plan, Postgres};
use crate::account::Account;
use crate::tls::{Certificates, Identity};
use crate::unavailable::{OrUnavailable, Unavailable};

const SETTINGS: [(&str, &str); 3] =
    [("ssl", "on"), ("ssl_cert_file", "server.pem"), ("ssl_key_file", "server.key")];
const ADMISSION: &str = "hostssl all all 127.0.0.1/32 trust\nhostssl replication all 127.0.0.1/32 trust\n";

impl Postgres {
    /// Starts a server that speaks TLS alone, with the certificate for `localhost` and 127.0.0.1.
    ///
    /// # Errors
    /// As [`start`](Self::start). A program that was built without TLS says so in its log.
    pub fn with_tls(certificates: &Certificates) -> Result<Self, Unavailable> {
        Self::with_identity(certificates, certificates.right())
    }

    /// Like [`with_tls`](Self::with_tls), with the certificate for another host: clients that check must refuse it.
    ///
    /// # Errors
    /// As [`with_tls`](Self::with_tls).
    pub fn with_tls_of_another_host(certificates: &Certificates) -> Result<Self, Unavailable> {
        Self::with_identity(certificates, certificates.of_another_host())
    }

    fn with_identity(certificates: &Certificates, identity: &Identity) -> Result<Self, Unavailable> {
        let plan = Plan { admission: Some(ADMISSION), ..Plan::new(&SETTINGS)? };
        let folder = plan.fresh()?;
        show(identity, &folder.path().join("data"), plan.account).or_unavailable("copying a certificate")?;
        Self::run(plan, folder, Some(certificates.authority().to_owned()))
    }
}

/// Certificate and key where the server finds them; the key may be read by its owner alone.
fn show(identity: &Identity, data: &Path, account: Account) -> io::Result<()> {
    for (from, to) in [(identity.certificate(), "server.pem"), (identity.key(), "server.key")] {
        let to = data.join(to);
        fs::copy(from, &to)?;
        #[cfg(unix)]
        fs::set_permissions(&to, std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
        account.give(&to)?;
    }
    Ok(())
}
