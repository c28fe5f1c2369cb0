//! Servers whose certificate isn't the right one.

use testservers::postgres::Postgres;
use testservers::tls::Certificates;

use crate::way::Way::{Encrypted, Refused};
use crate::way::{told, way_or_refused};

fn trusting(certificates: &Certificates, mode: &str) -> String {
    format!("&sslmode={mode}&sslrootcert={}", certificates.authority().display())
}

#[tokio::test]
async fn the_certificate_of_another_host_is_refused_where_names_are_verified() {
    let certificates = Certificates::new().unwrap();
    let server = Postgres::with_tls_of_another_host(&certificates).unwrap();
    assert_eq!(way_or_refused(&server, &trusting(&certificates, "verify-ca")).await, Encrypted);
    assert_eq!(way_or_refused(&server, &trusting(&certificates, "require")).await, Encrypted);
    assert_eq!(way_or_refused(&server, &trusting(&certificates, "verify-full")).await, Refused);
    // The mode that holds where a file is named and no mode.
    let root = format!("&sslrootcert={}", certificates.authority().display());
    let text = told(&server, &root).await;
    assert!(text.contains("certificate"), "{text}");
}

#[tokio::test]
async fn an_authority_that_is_not_trusted_is_refused_where_certificates_are_verified() {
    let (certificates, others) = (Certificates::new().unwrap(), Certificates::new().unwrap());
    let server = Postgres::with_tls(&certificates).unwrap();
    for mode in ["require", "verify-ca", "verify-full"] {
        let text = told(&server, &trusting(&others, mode)).await;
        assert!(text.contains("certificate"), "{mode}: {text}");
    }
    // Nobody whom the system trusts has signed it either.
    for parameters in ["&sslmode=verify-ca", "&sslmode=verify-full", "&sslrootcert=system"] {
        let text = told(&server, parameters).await;
        assert!(text.contains("certificate"), "{parameters}: {text}");
    }
    assert_eq!(way_or_refused(&server, "&sslmode=require").await, Encrypted);
}
