//! Certificates for servers that speak TLS.

use std::fs;
use std::path::{Path, PathBuf};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose,
};
use tempfile::TempDir;

use crate::base;
use crate::unavailable::{OrUnavailable, Unavailable};

/// A host that no server of this package is reached by.
const ANOTHER_HOST: &str = "elsewhere.invalid";

/// An authority of its own and two certificates that come from it, as PEM files in a folder that goes with this.
///
/// Two values have nothing in common: who trusts the authority of one refuses the certificates of the other.
#[derive(Debug)]
pub struct Certificates {
    authority: PathBuf,
    right: Identity,
    of_another_host: Identity,
    _folder: TempDir,
}

/// A certificate and the key that belongs to it.
#[derive(Debug)]
pub struct Identity {
    certificate: PathBuf,
    key: PathBuf,
}

impl Certificates {
    /// Makes new ones.
    ///
    /// # Errors
    /// They can't be made, or not be written.
    pub fn new() -> Result<Self, Unavailable> {
        let folder = base::folder().or_unavailable("making a folder for certificates")?;
        let made = "making certificates";
        let issuer = CertifiedIssuer::self_signed(authority(), KeyPair::generate().or_unavailable(made)?);
        let issuer = issuer.or_unavailable(made)?;
        let authority = folder.path().join("authority.pem");
        fs::write(&authority, issuer.pem()).or_unavailable("writing a certificate")?;
        let identity = |name: &str, hosts: &[&str]| Identity::new(folder.path(), name, hosts, &issuer);
        let right = identity("right", &["localhost", "127.0.0.1"])?;
        let of_another_host = identity("another-host", &[ANOTHER_HOST])?;
        Ok(Self { authority, right, of_another_host, _folder: folder })
    }

    /// The authority's certificate, for clients to trust.
    pub fn authority(&self) -> &Path {
        &self.authority
    }

    /// For `localhost` and 127.0.0.1.
    pub const fn right(&self) -> &Identity {
        &self.right
    }

    /// For a host that isn't this one.
    pub const fn of_another_host(&self) -> &Identity {
        &self.of_another_host
    }
}

impl Identity {
    fn new(
        folder: &Path,
        name: &str,
        hosts: &[&str],
        issuer: &CertifiedIssuer<'_, KeyPair>,
    ) -> Result<Self, Unavailable> {
        let made = "making a certificate";
        let hosts: Vec<String> = hosts.iter().map(|host| (*host).to_owned()).collect();
        let mut params = CertificateParams::new(hosts).or_unavailable(made)?;
        params.distinguished_name.push(DnType::CommonName, name);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let pair = KeyPair::generate().or_unavailable(made)?;
        let signed = params.signed_by(&pair, issuer).or_unavailable(made)?;
        let identity =
            Self { certificate: folder.join(format!("{name}.pem")), key: folder.join(format!("{name}.key")) };
        fs::write(&identity.certificate, signed.pem()).or_unavailable("writing a certificate")?;
        fs::write(&identity.key, pair.serialize_pem()).or_unavailable("writing a key")?;
        Ok(identity)
    }

    /// The certificate's file.
    pub fn certificate(&self) -> &Path {
        &self.certificate
    }

    /// The key's file.
    pub fn key(&self) -> &Path {
        &self.key
    }
}

fn authority() -> CertificateParams {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.distinguished_name.push(DnType::CommonName, "testservers");
    params
}
