//! Whether connections are encrypted, and who is trusted: the modes of `sslmode`.

use std::path::{Path, PathBuf};

use limiter_core::{Error, ErrorKind, Result};
use sqlx::postgres::{PgConnectOptions, PgSslMode};

/// Whether connections are encrypted, and who is trusted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Encryption {
    pub(crate) mode: Mode,
    /// A file of root certificates in PEM to trust besides the system's.
    pub(crate) root: Option<PathBuf>,
    /// A client certificate and its key, files in PEM.
    pub(crate) client: Option<(PathBuf, PathBuf)>,
}

/// A mode of `sslmode`, as libpq knows them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Mode {
    /// Never encrypted.
    Disable,
    /// Encrypted where the server refuses what isn't.
    Allow,
    /// Encrypted where the server can.
    Prefer,
    /// Encrypted, whoever the server is; one that the root certificates vouch for, where those are named.
    Require,
    /// Encrypted, with a server whom a root certificate vouches for, whatever its name.
    VerifyCa,
    /// Encrypted, with the server of that name.
    #[default]
    VerifyFull,
}

impl Mode {
    /// All of them, by their names.
    pub(crate) const NAMED: [(&str, Self); 6] = [
        ("disable", Self::Disable),
        ("allow", Self::Allow),
        ("prefer", Self::Prefer),
        ("require", Self::Require),
        ("verify-ca", Self::VerifyCa),
        ("verify-full", Self::VerifyFull),
    ];

    pub(crate) fn name(self) -> &'static str {
        Self::NAMED.iter().find(|(_, mode)| *mode == self).map_or("", |(name, _)| name)
    }
}

impl Encryption {
    /// Whether nothing is sent that isn't encrypted.
    pub(crate) fn is_certain(&self) -> bool {
        self.mode >= Mode::Require
    }

    /// The ways in, to be tried in order: the next one where the server, or its TLS, refused the one before.
    ///
    /// # Errors
    /// `Config`: encryption is needed and this program has none, or a file can't be used.
    pub(crate) fn ways(&self, target: &PgConnectOptions) -> Result<Vec<PgConnectOptions>> {
        let modes = self.modes()?;
        // Otherwise the library looks for them in the environment.
        let target = match &self.root {
            Some(root) => target.clone().ssl_root_cert(usable(root, "CERTIFICATE-----")?),
            None => target.clone().ssl_root_cert_from_pem(Vec::new()),
        };
        let target = match &self.client {
            Some((certificate, key)) => target
                .ssl_client_cert(usable(certificate, "CERTIFICATE-----")?)
                .ssl_client_key(usable(key, "PRIVATE KEY-----")?),
            None => target,
        };
        Ok(modes.iter().map(|mode| target.clone().ssl_mode(*mode)).collect())
    }

    fn modes(&self) -> Result<&'static [PgSslMode]> {
        const HAS_TLS: bool = cfg!(feature = "tls");
        Ok(match self.mode {
            Mode::Disable => &[PgSslMode::Disable],
            Mode::Allow | Mode::Prefer if !HAS_TLS => &[PgSslMode::Disable],
            Mode::Allow => &[PgSslMode::Disable, PgSslMode::Require],
            Mode::Prefer => &[PgSslMode::Prefer, PgSslMode::Disable],
            mode if !HAS_TLS => return Err(without_tls(mode)),
            // The library would trust anybody with `require`, and libpq doesn't.
            Mode::Require if self.root.is_none() => &[PgSslMode::Require],
            Mode::Require | Mode::VerifyCa => &[PgSslMode::VerifyCa],
            Mode::VerifyFull => &[PgSslMode::VerifyFull],
        })
    }
}

fn without_tls(mode: Mode) -> Error {
    let default = if mode == Mode::default() { ", the default for other hosts" } else { "" };
    let text = format!(
        "an encrypted connection is asked for (sslmode={}{default}), and this program was built without the feature `tls` \
         of limiter-postgres; build it with that feature, or write `?sslmode=disable` into the URL where its network is \
         trusted",
        mode.name()
    );
    Error::new(ErrorKind::Config, text)
}

/// A file that can be read and holds such a thing in PEM.
fn usable<'a>(file: &'a Path, holding: &str) -> Result<&'a Path> {
    let refuse = |why: &str| {
        let text = format!("the PEM file {} can't be used for TLS: {why}", file.display());
        Err(Error::new(ErrorKind::Config, text))
    };
    match std::fs::read(file) {
        Err(error) => refuse(&error.to_string()),
        Ok(bytes) if bytes.windows(holding.len()).any(|piece| piece == holding.as_bytes()) => Ok(file),
        Ok(_) => refuse(&format!("there is no {} in it", holding.trim_end_matches('-').to_lowercase())),
    }
}
