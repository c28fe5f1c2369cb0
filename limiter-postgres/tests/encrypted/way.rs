//! How a server is reached in the end.

use std::sync::atomic::{AtomicU32, Ordering};

use limiter_core::{Error, ErrorKind, Key, RateLimiterExt, limit};
use limiter_postgres::{Config, PostgresBackend};
use testservers::postgres::Postgres;

/// How a server is reached in the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Plain,
    Encrypted,
    Refused,
}

/// The ways of the pool's connections, which must all be the same, and that of the one which made the schema.
pub(crate) async fn way(server: &Postgres, parameters: &str) -> Result<Way, Error> {
    static CLIENTS: AtomicU32 = AtomicU32::new(0);
    let name = format!("client-{}", CLIENTS.fetch_add(1, Ordering::Relaxed));
    let address = server.address();
    let url = format!("postgres://postgres@{address}/postgres?application_name={name}{parameters}");
    let backend = PostgresBackend::connect(Config::new(&url)?).await?;
    let key = Key::new("encrypted", &name)?;
    assert!(backend.hit_one(&key, &limit!("1/day")).await?.is_allowed());
    let question = format!(
        "select distinct s.ssl from pg_stat_ssl s join pg_stat_activity a using (pid) where a.application_name = '{name}'"
    );
    Ok(match server.psql("postgres", &["-c", &question]).unwrap().as_str() {
        "t" => Way::Encrypted,
        "f" => Way::Plain,
        other => unreachable!("{other:?}"),
    })
}

/// The same; a refusal is one that a person has to do something about.
pub(crate) async fn way_or_refused(server: &Postgres, parameters: &str) -> Way {
    way(server, parameters).await.unwrap_or_else(|error| {
        assert_eq!(error.kind(), ErrorKind::Config, "{parameters}: {error}");
        Way::Refused
    })
}

/// What a person is told who is refused.
#[cfg_attr(not(feature = "tls"), expect(dead_code, reason = "only with TLS"))]
pub(crate) async fn told(server: &Postgres, parameters: &str) -> String {
    let error = way(server, parameters).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config, "{parameters}: {error}");
    error.to_string()
}
