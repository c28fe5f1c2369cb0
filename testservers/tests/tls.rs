//! Servers that speak TLS.
#![allow(clippy::unwrap_used, reason = "a test stops when anything is off")]

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use testservers::redis::Redis;
use testservers::tls::Certificates;

/// PING by a client that trusts the authority and wants this host.
fn ping(server: &Redis, trusted: &Certificates, host: &'static str) -> std::io::Result<String> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(trusted.authority()).unwrap()).unwrap();
    let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    let host = ServerName::try_from(host).unwrap();
    let connection = ClientConnection::new(Arc::new(config), host).unwrap();
    let mut stream = StreamOwned::new(connection, TcpStream::connect(server.address())?);
    stream.write_all(b"PING\r\n")?;
    let mut answer = [0; 7];
    stream.read_exact(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer).trim().to_owned())
}

fn refused(answer: &std::io::Result<String>, why: &str) -> bool {
    answer.as_ref().is_err_and(|error| error.to_string().contains(why))
}

#[test]
fn a_tls_server_answers_over_tls_alone() {
    let certificates = Certificates::new().unwrap();
    let server = Redis::with_tls(&certificates).unwrap();
    assert_eq!(server.url(), format!("rediss://127.0.0.1:{}", server.port()));
    assert_eq!(server.cli(&["PING"]).unwrap(), "PONG");
    let programs = testservers::redis::find().unwrap();
    let plain =
        Command::new(programs.cli()).args(["-p", &server.port().to_string(), "PING"]).output().unwrap();
    assert!(!String::from_utf8_lossy(&plain.stdout).contains("PONG"), "{plain:?}");
    server.kill();
    server.start_again().unwrap();
    assert_eq!(server.cli(&["PING"]).unwrap(), "PONG");
}

#[test]
fn clients_that_check_accept_the_right_host_and_authority_alone() {
    let (certificates, foreign) = (Certificates::new().unwrap(), Certificates::new().unwrap());
    let server = Redis::with_tls(&certificates).unwrap();
    for host in ["localhost", "127.0.0.1"] {
        assert_eq!(ping(&server, &certificates, host).unwrap(), "+PONG");
    }
    let answer = ping(&server, &foreign, "localhost");
    assert!(refused(&answer, "UnknownIssuer") || refused(&answer, "BadSignature"), "{answer:?}");
    let elsewhere = Redis::with_tls_of_another_host(&certificates).unwrap();
    let answer = ping(&elsewhere, &certificates, "localhost");
    assert!(refused(&answer, "not valid for name"), "{answer:?}");
}
