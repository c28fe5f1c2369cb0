//! The modes of `sslmode`, as libpq has them.

use testservers::postgres::Postgres;
use testservers::tls::Certificates;

use crate::way::Way::{Encrypted, Plain, Refused};
use crate::way::{Way, told, way_or_refused};

const MODES: [&str; 6] = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"];

/// The way of each mode, trusting the authority where certificates are verified.
async fn ways(server: &Postgres, certificates: &Certificates) -> [Way; 6] {
    let mut ways = [Refused; 6];
    for (way, mode) in ways.iter_mut().zip(MODES) {
        let root = format!("&sslrootcert={}", certificates.authority().display());
        let root = if mode.starts_with("verify") { root.as_str() } else { "" };
        *way = way_or_refused(server, &format!("&sslmode={mode}{root}")).await;
    }
    ways
}

/// Whom it lets in, from now on.
fn admit(server: &Postgres, kind: &str) {
    let file = server.psql("postgres", &["-c", "show hba_file"]).unwrap();
    // The test's own questions may always come in.
    let lines = format!("{kind} all all 127.0.0.1/32 trust");
    let write = format!("copy (select '{lines}') to '{file}'; select pg_reload_conf()");
    server.psql("postgres", &["-c", &write]).unwrap();
}

#[tokio::test]
async fn a_server_without_tls() {
    let certificates = Certificates::new().unwrap();
    let server = Postgres::start().unwrap();
    let expected = [Plain, Plain, Plain, Refused, Refused, Refused];
    assert_eq!(ways(&server, &certificates).await, expected);
    let text = told(&server, "&sslmode=verify-full").await;
    assert!(text.contains("the server has no TLS"), "{text}");
    assert!(text.contains("`?sslmode=disable`"), "{text}");
}

#[tokio::test]
async fn a_server_that_takes_nothing_else() {
    let certificates = Certificates::new().unwrap();
    let server = Postgres::with_tls(&certificates).unwrap();
    let expected = [Refused, Encrypted, Encrypted, Encrypted, Encrypted, Encrypted];
    assert_eq!(ways(&server, &certificates).await, expected);
    for parameters in ["&sslmode=disable", ""] {
        let text = told(&server, parameters).await;
        assert!(text.contains("`?sslmode=verify-full`"), "{text}");
    }
}

#[tokio::test]
async fn a_server_that_takes_both() {
    let certificates = Certificates::new().unwrap();
    let server = Postgres::with_tls(&certificates).unwrap();
    admit(&server, "host");
    let expected = [Plain, Plain, Encrypted, Encrypted, Encrypted, Encrypted];
    assert_eq!(ways(&server, &certificates).await, expected);
}

/// It has TLS, and refuses whoever comes with it.
#[tokio::test]
async fn a_server_that_wants_no_encryption() {
    let certificates = Certificates::new().unwrap();
    let server = Postgres::with_tls(&certificates).unwrap();
    server.psql("postgres", &["-c", "create role watch superuser login"]).unwrap();
    let file = server.psql("postgres", &["-c", "show hba_file"]).unwrap();
    // The test's own questions come encrypted; they aren't sent to the database that the limiter uses.
    let lines = "hostnossl postgres all 127.0.0.1/32 trust\nhostssl template1 all 127.0.0.1/32 trust";
    let write = format!(
        "copy (select unnest(string_to_array('{lines}', e'\\n'))) to '{file}'; select pg_reload_conf()"
    );
    server.psql("template1", &["-c", &write]).unwrap();
    for (mode, expected) in [("prefer", true), ("allow", true), ("disable", true), ("require", false)] {
        let url = format!("postgres://postgres@{}/postgres?sslmode={mode}", server.address());
        let config = limiter_postgres::Config::new(&url).unwrap();
        let let_in = limiter_postgres::PostgresBackend::connect(config).await;
        assert_eq!(let_in.is_ok(), expected, "{mode}: {let_in:?}");
    }
}

/// Whoever sits in between and takes the TLS away gets nothing that isn't encrypted.
#[tokio::test]
async fn a_downgraded_connection_is_refused() {
    let certificates = Certificates::new().unwrap();
    let server = Postgres::with_tls(&certificates).unwrap();
    admit(&server, "host");
    let between = downgrading(server.address()).await;
    let root = format!("&sslrootcert={}", certificates.authority().display());
    for (mode, root) in
        [("require", ""), ("verify-ca", root.as_str()), ("verify-full", root.as_str()), ("prefer", "")]
    {
        let url = format!("postgres://postgres@{between}/postgres?sslmode={mode}{root}");
        let config = limiter_postgres::Config::new(&url).unwrap();
        let let_in = limiter_postgres::PostgresBackend::connect(config).await;
        assert_eq!(let_in.is_ok(), mode == "prefer", "{mode}: {let_in:?}");
    }
}

/// Somebody in between, who says that the server has no TLS and passes on all the rest.
async fn downgrading(server: std::net::SocketAddr) -> std::net::SocketAddr {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
    use tokio::net::{TcpListener, TcpStream};

    /// A length of 8 and the code of a request for TLS.
    const REQUEST: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut first = [0; 8];
                client.read_exact(&mut first).await?;
                let mut server = TcpStream::connect(server).await?;
                if first == REQUEST {
                    client.write_all(b"N").await?;
                } else {
                    server.write_all(&first).await?;
                }
                copy_bidirectional(&mut client, &mut server).await
            });
        }
    });
    address
}
