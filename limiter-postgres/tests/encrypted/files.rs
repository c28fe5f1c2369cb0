//! Files that can't be used for TLS.

use std::path::Path;

use testservers::postgres::Postgres;
use testservers::tls::Certificates;

use crate::way::Way::Encrypted;
use crate::way::{told, way_or_refused};

fn parameters(root: &Path, certificate: &Path, key: &Path) -> String {
    let [root, certificate, key] = [root, certificate, key].map(Path::display);
    format!("&sslrootcert={root}&sslcert={certificate}&sslkey={key}")
}

#[tokio::test]
async fn files_that_cannot_be_used_are_named() {
    let certificates = Certificates::new().unwrap();
    let server = Postgres::with_tls(&certificates).unwrap();
    let (root, certificate, key) =
        (certificates.authority(), certificates.right().certificate(), certificates.right().key());
    assert_eq!(way_or_refused(&server, &parameters(root, certificate, key)).await, Encrypted);
    let nowhere = Path::new("/nowhere/x.pem");
    for (parameters, file, why) in [
        (parameters(nowhere, certificate, key), nowhere, "No such file"),
        (parameters(root, nowhere, key), nowhere, "No such file"),
        (parameters(root, certificate, nowhere), nowhere, "No such file"),
        (parameters(key, certificate, key), key, "there is no certificate in it"),
        (parameters(root, key, key), key, "there is no certificate in it"),
        (parameters(root, certificate, certificate), certificate, "there is no private key in it"),
        (parameters(root.parent().unwrap(), certificate, key), root.parent().unwrap(), "directory"),
    ] {
        let text = told(&server, &parameters).await;
        let expected = format!("the PEM file {} can't be used for TLS: ", file.display());
        assert!(text.contains(&expected) && text.contains(why), "{text}");
    }
}
