//! Encrypted connections.

#[cfg(not(feature = "tls"))]
pub(super) use absent::Tls;
#[cfg(feature = "tls")]
pub(super) use present::Tls;

#[cfg(feature = "tls")]
mod present {
    use std::fmt;
    use std::io;
    use std::path::Path;
    use std::sync::Arc;

    use limiter_core::{Error, ErrorKind, Result};
    use tokio::net::TcpStream;
    use tokio_rustls::TlsConnector;
    use tokio_rustls::client::TlsStream;
    use tokio_rustls::rustls::crypto::ring::default_provider;
    use tokio_rustls::rustls::pki_types::pem::PemObject;
    use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
    use tokio_rustls::rustls::{ClientConfig, RootCertStore};

    use crate::error::Refusal;
    use crate::target;

    /// How connections are encrypted: the server's name and certificate are verified.
    #[derive(Clone)]
    pub(in crate::connection) struct Tls(TlsConnector);

    impl Tls {
        /// Reads the certificates.
        pub(in crate::connection) fn new(tls: &target::Tls) -> Result<Self> {
            // The application may use another provider, or none: this one is for these connections alone.
            let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
                .with_safe_default_protocol_versions()
                .map_err(|error| Error::new(ErrorKind::Config, format!("TLS can't be set up: {error}")))?
                .with_root_certificates(roots(tls)?);
            let config = match &tls.client {
                None => config.with_no_client_auth(),
                Some((certificate, key)) => {
                    let chain = certificates(certificate)?;
                    let secret = PrivateKeyDer::from_pem_file(key).map_err(|error| unusable(key, &error))?;
                    let both = config.with_client_auth_cert(chain, secret);
                    both.map_err(|error| unusable(key, &error))?
                }
            };
            Ok(Self(TlsConnector::from(Arc::new(config))))
        }

        /// Encrypts a connection to the host of that name.
        pub(in crate::connection) async fn connect(
            &self,
            host: &str,
            stream: TcpStream,
        ) -> Result<TlsStream<TcpStream>, Refusal> {
            let name = ServerName::try_from(host.to_owned()).map_err(|_| {
                Refusal::new(ErrorKind::Config, "its host is no name that a certificate can hold")
            })?;
            self.0.connect(name, stream).await.map_err(|error| untrusted(&error))
        }
    }

    impl fmt::Debug for Tls {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("Tls")
        }
    }

    fn roots(tls: &target::Tls) -> Result<RootCertStore> {
        let mut roots = RootCertStore::empty();
        if let Some(ca) = &tls.ca {
            for certificate in certificates(ca)? {
                roots.add(certificate).map_err(|error| unusable(ca, &error))?;
            }
        } else {
            // Some of a system's certificates may be broken; those that aren't will do.
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
        if roots.is_empty() {
            return Err(Error::new(
                ErrorKind::Config,
                "TLS has no root certificates to trust: the system has none, or the CA file is empty; name a CA file",
            ));
        }
        Ok(roots)
    }

    fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>> {
        let read = CertificateDer::pem_file_iter(file).and_then(Iterator::collect::<Result<Vec<_>, _>>);
        read.map_err(|error| unusable(file, &error))
    }

    fn unusable(file: &Path, error: &dyn fmt::Display) -> Error {
        Error::new(
            ErrorKind::Config,
            format!("the PEM file {} can't be used for TLS: {error}", file.display()),
        )
    }

    /// A server that isn't trusted stays so until somebody changes something; one that hangs up may be restarting.
    fn untrusted(error: &io::Error) -> Refusal {
        let kind = match error.kind() {
            io::ErrorKind::InvalidData => ErrorKind::Config,
            _ => ErrorKind::Unavailable,
        };
        Refusal::new(kind, format!("no TLS connection: {error}"))
    }
}

#[cfg(not(feature = "tls"))]
mod absent {
    use limiter_core::{Error, ErrorKind, Result};
    use tokio::net::TcpStream;

    use crate::error::Refusal;
    use crate::target;

    /// There is none without the feature.
    #[derive(Clone, Debug)]
    pub(in crate::connection) enum Tls {}

    impl Tls {
        pub(in crate::connection) fn new(_: &target::Tls) -> Result<Self> {
            let text = "an encrypted connection is asked for, and this program was built without the feature `tls` of \
                        limiter-redis; build it with that feature, or use a scheme without TLS";
            Err(Error::new(ErrorKind::Config, text))
        }

        #[allow(clippy::unused_async, reason = "the same signature as with TLS")]
        pub(in crate::connection) async fn connect(
            &self,
            _: &str,
            _: TcpStream,
        ) -> Result<TcpStream, Refusal> {
            match *self {}
        }
    }
}
