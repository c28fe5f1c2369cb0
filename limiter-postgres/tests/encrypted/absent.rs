//! A program that was built without TLS.

use testservers::postgres::Postgres;

use crate::way::Way::Plain;
use crate::way::{way, way_or_refused};

#[tokio::test]
async fn what_must_be_encrypted_is_refused_and_the_rest_is_plain() {
    let server = Postgres::start().unwrap();
    for mode in ["require", "verify-ca", "verify-full"] {
        let error = way(&server, &format!("&sslmode={mode}")).await.unwrap_err();
        assert_eq!(error.kind(), limiter_core::ErrorKind::Config, "{error}");
        let text = error.to_string();
        assert!(text.contains("without the feature `tls` of limiter-postgres"), "{text}");
        assert!(text.contains(&format!("sslmode={mode}")) && text.contains("`?sslmode=disable`"), "{text}");
    }
    for mode in ["disable", "allow", "prefer"] {
        assert_eq!(way_or_refused(&server, &format!("&sslmode={mode}")).await, Plain, "{mode}");
    }
}
