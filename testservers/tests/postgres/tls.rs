//! Servers that speak TLS.

use testservers::postgres::Postgres;
use testservers::tls::Certificates;

use crate::{ask, by_url};

const ENCRYPTED: &str = "select ssl from pg_stat_ssl where pid = pg_backend_pid()";

#[test]
fn a_tls_server_answers_over_tls_alone() {
    let certificates = Certificates::new().unwrap();
    let server = Postgres::with_tls(&certificates).unwrap();
    let expected = format!("sslmode=verify-full&sslrootcert={}", certificates.authority().display());
    assert!(server.url().ends_with(&expected), "{}", server.url());
    assert_eq!(ask(&server, ENCRYPTED), "t");
    let plain = format!("postgres://postgres@{}/postgres?sslmode=disable", server.address());
    assert!(by_url(&plain, "select 1").unwrap_err().contains("no encryption"));
    server.kill();
    server.start_again().unwrap();
    assert_eq!(ask(&server, ENCRYPTED), "t");
    let standby = server.standby().unwrap();
    assert_eq!(ask(&standby, ENCRYPTED), "t");
}

#[test]
fn clients_that_check_accept_the_right_host_and_authority_alone() {
    let (certificates, foreign) = (Certificates::new().unwrap(), Certificates::new().unwrap());
    let server = Postgres::with_tls(&certificates).unwrap();
    let url = |server: &Postgres, mode: &str, trusted: &Certificates| {
        let (port, authority) = (server.port(), trusted.authority().display());
        format!("postgres://postgres@localhost:{port}/postgres?sslmode={mode}&sslrootcert={authority}")
    };
    assert_eq!(by_url(&url(&server, "verify-full", &certificates), ENCRYPTED).unwrap(), "t");
    let refused = by_url(&url(&server, "verify-full", &foreign), ENCRYPTED).unwrap_err();
    assert!(refused.contains("SSL error"), "{refused}");
    let elsewhere = Postgres::with_tls_of_another_host(&certificates).unwrap();
    assert_eq!(by_url(&url(&elsewhere, "verify-ca", &certificates), ENCRYPTED).unwrap(), "t");
    let refused = by_url(&url(&elsewhere, "verify-full", &certificates), ENCRYPTED).unwrap_err();
    assert!(refused.contains("does not match host name"), "{refused}");
}
