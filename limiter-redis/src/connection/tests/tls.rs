//! Encrypted connections.

use std::path::{Path, PathBuf};

use limiter_core::ErrorKind;
use testservers::tls::Certificates;

use super::*;
use crate::target::Tls;

fn encrypted(at: SocketAddr, ca: Option<&Path>) -> Target {
    let tls = Tls { ca: ca.map(Path::to_owned), client: None };
    Target { tls: Some(tls), ..single(at) }
}

async fn refused(target: &Target, says: &str) {
    let error = connect(target).await.unwrap_err();
    assert!(error.to_string().contains(says), "{error}");
    assert!(matches!(error.kind(), ErrorKind::Config | ErrorKind::Unavailable), "{error}");
}

#[tokio::test]
async fn a_server_whose_authority_is_trusted_is_used() {
    let certificates = Certificates::new().unwrap();
    let server = Redis::with_tls(&certificates).unwrap();
    for host in ["127.0.0.1", "localhost"] {
        let mut target = encrypted(server.address(), Some(certificates.authority()));
        target.place = Place::Single(Address { host: host.to_owned(), port: server.port() });
        let connection = connect(&target).await.unwrap();
        count(&connection, "k").await.unwrap();
    }
    assert_eq!(counted(&server, "k"), 2);
}

#[tokio::test]
async fn the_certificate_of_another_host_is_refused() {
    let certificates = Certificates::new().unwrap();
    let server = Redis::with_tls_of_another_host(&certificates).unwrap();
    refused(&encrypted(server.address(), Some(certificates.authority())), "certificate").await;
}

#[tokio::test]
async fn an_authority_that_is_not_trusted_is_refused() {
    let (certificates, others) = (Certificates::new().unwrap(), Certificates::new().unwrap());
    let server = Redis::with_tls(&certificates).unwrap();
    refused(&encrypted(server.address(), Some(others.authority())), "certificate").await;
}

#[tokio::test]
async fn without_an_authority_of_its_own_the_systems_are_trusted() {
    let certificates = Certificates::new().unwrap();
    let server = Redis::with_tls(&certificates).unwrap();
    // Either the system has authorities, and this isn't one of them, or it has none.
    refused(&encrypted(server.address(), None), "certificate").await;
}

#[tokio::test]
async fn a_server_without_tls_is_refused() {
    let certificates = Certificates::new().unwrap();
    let server = Redis::start().unwrap();
    refused(&encrypted(server.address(), Some(certificates.authority())), "TLS").await;
}

#[tokio::test]
async fn an_encrypted_server_is_no_plain_one() {
    let certificates = Certificates::new().unwrap();
    let server = Redis::with_tls(&certificates).unwrap();
    let error = connect(&single(server.address())).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
}

#[tokio::test]
async fn files_that_cannot_be_used_are_named() {
    let certificates = Certificates::new().unwrap();
    let server = Redis::start().unwrap();
    let of = |ca: PathBuf| encrypted(server.address(), Some(&ca));
    refused(&of("/nowhere/ca.pem".into()), "/nowhere/ca.pem").await;
    let key = certificates.right().key().to_owned();
    let mut target = encrypted(server.address(), Some(certificates.authority()));
    let pair = |certificate: &Path, key: &Path| Some((certificate.to_owned(), key.to_owned()));
    target.tls.as_mut().unwrap().client =
        pair(certificates.right().certificate(), Path::new("/nowhere/key.pem"));
    refused(&target, "/nowhere/key.pem").await;
    target.tls.as_mut().unwrap().client = pair(certificates.right().certificate(), &key);
    refused(&target, "TLS").await;
    refused(&of(key), "root certificates").await;
}
