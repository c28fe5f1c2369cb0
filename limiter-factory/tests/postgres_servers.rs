//! The backend postgres by its variables, on real servers.
#![cfg(feature = "postgres")]
#![expect(clippy::unwrap_used, reason = "a test that can't go on ends")]

use std::error::Error as _;
use std::io::Write;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::{Duration, Instant};

use limiter_factory::{
    ConfigErrors, ConfigProblem, ErrorKind, Key, Limiters, RateLimiterExt, from_vars, limit,
};
use testservers::postgres::{PgBouncer, Postgres};

const PASSWORD: &str = "hunter2";

/// For what needs no server of its own. Everybody but `postgres` gives a password.
static SERVER: LazyLock<Postgres> = LazyLock::new(|| Postgres::with_passwords().unwrap());

async fn try_start(url: &str, others: &[(&str, &str)]) -> Result<Limiters, ConfigErrors> {
    let vars = [("RATE_LIMITER", "postgres"), ("DATABASE_URL", url)];
    from_vars(vars.into_iter().chain(others.iter().copied())).await
}

async fn start(url: &str, others: &[(&str, &str)]) -> Limiters {
    try_start(url, others).await.unwrap()
}

/// The start that must fail, within what a person is told; all that the error shows anywhere.
async fn refused(url: &str, others: &[(&str, &str)]) -> String {
    let begun = Instant::now();
    let errors = try_start(url, others).await.unwrap_err();
    assert!(begun.elapsed() < Duration::from_secs(11), "{:?}", begun.elapsed());
    let problems: Vec<_> = errors.iter().map(|error| (error.variable(), error.problem())).collect();
    assert_eq!(problems, [("RATE_LIMITER", ConfigProblem::StartFailed)]);
    assert!(errors.to_string().contains("; its settings: "), "{errors}");
    assert!(errors.to_string().contains("DATABASE_URL"), "{errors}");
    let mut shown = format!("{errors}\n{errors:?}\n{:?}", errors.iter().next().unwrap());
    let mut cause = errors.source();
    while let Some(error) = cause {
        shown.extend(["\n".to_owned(), error.to_string(), format!("{error:?}")]);
        cause = error.source();
    }
    assert!(!shown.contains(PASSWORD), "{shown}");
    shown
}

/// Hits a limit of one; tells whether it was allowed.
async fn first(limiters: &Limiters) -> bool {
    let key = Key::new("chat", "u1").unwrap();
    limiters.rates().hit_one(&key, &limit!("1/day")).await.unwrap().is_allowed()
}

/// An empty database's name, and the superuser's URL for it.
fn database() -> (String, String) {
    let url = SERVER.new_database().unwrap();
    let name = url.rsplit('/').next().and_then(|rest| rest.split('?').next()).unwrap().to_owned();
    (name, url)
}

#[tokio::test]
async fn a_server_is_chosen_by_its_url() {
    let (_, url) = database();
    let limiters = start(&format!(" {url}\n"), &[("LIMITER_STRICT", "true")]).await;
    assert_eq!(limiters.name(), "postgres");
    let text = limiters.describe();
    assert!(text.starts_with("postgres (from RATE_LIMITER): "), "{text}");
    assert!(text.contains(&SERVER.address().to_string()), "{text}");
    limiters.ping().await.unwrap();
    assert!(first(&limiters).await);
    // Whoever has the same variables shares the counts.
    assert!(!first(&start(&url, &[]).await).await);
    limiters.shutdown().await.unwrap();
}

#[tokio::test]
async fn prefixes_and_schemas_keep_counts_apart() {
    let (name, url) = database();
    assert!(first(&start(&url, &[("LIMITER_PREFIX", "shop:a")]).await).await);
    assert!(first(&start(&url, &[("LIMITER_PREFIX", "shop:b")]).await).await);
    assert!(first(&start(&url, &[]).await).await);
    let shop = [("LIMITER_SCHEMA", "shop")];
    assert!(first(&start(&url, &shop).await).await);
    assert!(!first(&start(&url, &shop).await).await);
    let rows =
        |schema: &str| SERVER.psql(&name, &["-c", &format!("select count(*) from {schema}.rate")]).unwrap();
    assert_eq!((rows("limiter"), rows("shop")), ("3".to_owned(), "1".to_owned()));
}

#[tokio::test]
async fn every_setting_is_heeded() {
    let (_, url) = database();
    let others = [
        ("LIMITER_DURABILITY", "strict"),
        ("LIMITER_POSTGRES_POOL_SIZE", "2"),
        ("LIMITER_POSTGRES_SWEEP_SECONDS", "0"),
        ("LIMITER_MIGRATE", "auto"),
    ];
    let limiters = start(&url, &others).await;
    assert!(first(&limiters).await);
    let shown = format!("{:?}", limiters.backend());
    for part in ["durability: Some(Strict)", "pool_size: 2", "sweep_every: None", "migrate: Auto"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    assert!(limiters.backend().control.capabilities().durable);
    let relaxed =
        start(&url, &[("LIMITER_DURABILITY", "relaxed"), ("LIMITER_POSTGRES_SWEEP_SECONDS", "7")]).await;
    assert!(!relaxed.backend().control.capabilities().durable);
    assert!(format!("{:?}", relaxed.backend()).contains("sweep_every: Some(7s)"));
}

#[tokio::test]
async fn a_bouncer_is_asked_for_by_name() {
    let (name, _) = database();
    let bouncer = PgBouncer::before(&SERVER, 2).unwrap();
    let url = bouncer.url_as("postgres", "", &name);
    let limiters = start(&url, &[("LIMITER_PGBOUNCER", "true")]).await;
    assert!(first(&limiters).await && !first(&limiters).await);
}

#[tokio::test]
async fn the_urls_login_and_database_are_used() {
    let (name, url) = database();
    drop(start(&url, &[]).await);
    let role = format!("{name}@app");
    let grants = format!(
        "create role \"{role}\" login password '{PASSWORD}%/'; grant usage on schema limiter to \"{role}\";
         grant execute on all functions in schema limiter to \"{role}\""
    );
    SERVER.psql(&name, &["-c", &grants]).unwrap();
    let (user, address) = (role.replace('@', "%40"), SERVER.address());
    let url = format!("postgres://{user}:{PASSWORD}%25%2F@{address}/{name}");
    let limiters = start(&url, &[]).await;
    assert!(first(&limiters).await && !first(&limiters).await);
    let shown = format!("{limiters:?}{:?}{}", limiters.backend(), limiters.describe());
    assert!(!shown.contains(PASSWORD), "{shown}");
}

#[tokio::test]
async fn a_login_that_is_missing_or_wrong_stops_the_start() {
    let (name, _) = database();
    let role = format!("{name}_app");
    SERVER.psql(&name, &["-c", &format!("create role {role} login password 'another'")]).unwrap();
    for url in [
        SERVER.url_as(&role, "", &name),
        SERVER.url_as(&role, PASSWORD, &name),
        SERVER.url_as("nobody", PASSWORD, &name),
    ] {
        let shown = refused(&url, &[]).await;
        assert!(shown.contains("user or the password"), "{shown}");
        assert!(shown.contains("configuration"), "{shown}");
    }
}

#[tokio::test]
async fn a_database_that_is_missing_stops_the_start() {
    let shown = refused(&SERVER.url_as("postgres", "", "nowhere"), &[]).await;
    assert!(shown.contains("configuration") && shown.contains("database"), "{shown}");
}

#[tokio::test]
async fn a_role_without_rights_stops_the_start() {
    let (name, url) = database();
    let role = format!("{name}_app");
    SERVER.psql(&name, &["-c", &format!("create role {role} login password '{PASSWORD}'")]).unwrap();
    let app = SERVER.url_as(&role, PASSWORD, &name);
    let shown = refused(&app, &[]).await;
    assert!(shown.contains("may not make or change the schema"), "{shown}");
    drop(start(&url, &[]).await);
    let shown = refused(&app, &[]).await;
    assert!(shown.contains("grant usage on schema"), "{shown}");
}

#[tokio::test]
async fn a_schema_that_is_only_to_be_checked_is_not_made() {
    let (name, url) = database();
    let shown = refused(&url, &[("LIMITER_MIGRATE", "check")]).await;
    assert!(shown.contains("migrate is `check`") && shown.contains("LIMITER_MIGRATE"), "{shown}");
    let made = "select count(*) from pg_namespace where nspname = 'limiter'";
    assert_eq!(SERVER.psql(&name, &["-c", made]).unwrap(), "0");
    drop(start(&url, &[("LIMITER_MIGRATE", "auto")]).await);
    assert!(first(&start(&url, &[("LIMITER_MIGRATE", "check")]).await).await);
}

#[tokio::test]
async fn a_server_that_is_down_stops_the_start() {
    let server = Postgres::start().unwrap();
    server.stop();
    let shown = refused(&server.url_as("app", PASSWORD, "limits"), &[]).await;
    assert!(shown.contains("store unavailable"), "{shown}");
    assert!(shown.contains(&server.address().to_string()), "{shown}");
}

#[tokio::test]
async fn a_server_that_stands_still_stops_the_start_in_time() {
    let server = Postgres::start().unwrap();
    server.freeze();
    let url = server.url_as("app", PASSWORD, "limits");
    let begun = Instant::now();
    refused(&format!("{url}&connect_timeout=300ms"), &[]).await;
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    // A timeout that is longer than anybody waits for a start.
    let shown = refused(&format!("{url}&connect_timeout=60s"), &[]).await;
    assert!(shown.contains("it doesn't answer within 10s"), "{shown}");
    server.thaw();
}

#[tokio::test]
async fn what_is_no_postgres_stops_the_start() {
    use tokio::io::AsyncWriteExt;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        }
    });
    refused(&format!("postgres://app:{PASSWORD}@{address}"), &[]).await;
}

#[tokio::test]
async fn a_server_that_may_lose_counts_is_refused_only_where_that_is_asked_for() {
    let server = Postgres::with(&[("fsync", "off")]).unwrap();
    let shown = refused(&server.url(), &[("LIMITER_STRICT", "true")]).await;
    assert!(shown.contains("LIMITER_STRICT") && shown.contains("fsync"), "{shown}");
    start(&server.url(), &[("LIMITER_STRICT", "false")]).await;
    start(&server.url(), &[]).await;
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test(flavor = "current_thread")]
async fn neither_password_nor_subject_shows_in_a_log() {
    let server = Postgres::with(&[("fsync", "off")]).unwrap();
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    let _logging = tracing_subscriber::util::SubscriberInitExt::set_default(subscriber);
    let limiters = start(&server.url_as("postgres", PASSWORD, "postgres"), &[]).await;
    let key = Key::new("chat", "sub918273ject").unwrap();
    assert!(limiters.rates().hit_one(&key, &limit!("1/day")).await.unwrap().is_allowed());
    server.stop();
    let error = limiters.rates().hit_one(&key, &limit!("1/day")).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::Timeout), "{error}");
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("fsync"), "what may lose counts is warned of: {log}");
    for text in [log, format!("{error}{error:?}")] {
        assert!(!text.contains(PASSWORD), "{text}");
        assert!(!text.contains("918273"), "{text}");
    }
}

#[cfg(feature = "postgres-tls")]
#[tokio::test]
async fn an_encrypted_server_is_verified() {
    let certificates = testservers::tls::Certificates::new().unwrap();
    let server = Postgres::with_tls(&certificates).unwrap();
    let url = server.url();
    let limiters = start(&url, &[]).await;
    assert!(first(&limiters).await);
    // Nobody whom the system trusts has signed it.
    let before = url.split_once("&sslrootcert").unwrap().0;
    let shown = refused(before, &[]).await;
    assert!(shown.contains("certificate"), "{shown}");
    // It takes nothing that isn't encrypted.
    let shown = refused(&before.replace("verify-full", "disable"), &[]).await;
    assert!(shown.contains("sslmode=verify-full"), "{shown}");
    // One that has no TLS isn't asked without.
    let plain = SERVER.url().replace("sslmode=disable", "sslmode=verify-full");
    let shown = refused(&plain, &[]).await;
    assert!(shown.contains("?sslmode=disable"), "{shown}");
}
