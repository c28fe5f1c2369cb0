//! The backend redis by its variables, on real servers.
#![cfg(feature = "redis")]
#![expect(clippy::unwrap_used, reason = "a test that can't go on ends")]

use std::error::Error as _;
use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use limiter_factory::{
    ConfigErrors, ConfigProblem, ErrorKind, Key, Limiters, RateLimiterExt, from_vars, limit,
};
use testservers::redis::{Cluster, Redis, Sentinels};

const PASSWORD: &str = "hunter2";

async fn try_start(url: &str, others: &[(&str, &str)]) -> Result<Limiters, ConfigErrors> {
    let vars = [("RATE_LIMITER", "redis"), ("REDIS_URL", url)];
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
    assert!(errors.to_string().contains("REDIS_URL"), "{errors}");
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
    limiters.rates().hit_one(&key, &limit!("1/hour")).await.unwrap().is_allowed()
}

#[tokio::test]
async fn a_server_is_chosen_by_its_url() {
    let server = Redis::start().unwrap();
    let limiters = start(&format!(" {}\n", server.url()), &[("LIMITER_STRICT", "true")]).await;
    assert_eq!(limiters.name(), "redis");
    let text = limiters.describe();
    assert!(text.starts_with("redis (from RATE_LIMITER): "), "{text}");
    assert!(text.contains(&server.address().to_string()), "{text}");
    limiters.ping().await.unwrap();
    assert!(first(&limiters).await);
    // Whoever has the same variables shares the counts.
    assert!(!first(&start(&server.url(), &[]).await).await);
    limiters.shutdown().await.unwrap();
}

#[tokio::test]
async fn all_keys_start_with_the_prefix() {
    let server = Redis::start().unwrap();
    assert!(first(&start(&server.url(), &[("LIMITER_PREFIX", "shop:a")]).await).await);
    assert!(first(&start(&server.url(), &[("LIMITER_PREFIX", "shop:b")]).await).await);
    assert!(first(&start(&server.url(), &[]).await).await);
    let keys = server.cli(&["KEYS", "*"]).unwrap();
    let starting = |prefix: &str| keys.lines().filter(|key| key.starts_with(prefix)).count();
    assert_eq!((starting("shop:a"), starting("shop:b"), starting("limiter")), (1, 1, 1), "{keys}");
    assert_eq!(keys.lines().count(), 3, "{keys}");
}

#[tokio::test]
async fn the_urls_database_and_login_are_used() {
    let server = Redis::start().unwrap();
    server.cli(&["ACL", "SETUSER", "a@b", "on", "allkeys", "+@all", &format!(">{PASSWORD}%/")]).unwrap();
    let port = server.address().port();
    let limiters = start(&format!("redis://a%40b:{PASSWORD}%25%2F@127.0.0.1:{port}/3"), &[]).await;
    assert!(first(&limiters).await);
    assert!(!limiters.describe().contains(PASSWORD), "{}", limiters.describe());
    assert!(!format!("{limiters:?}{:?}", limiters.backend()).contains(PASSWORD));
    assert_eq!(server.cli(&["-n", "3", "DBSIZE"]).unwrap().trim(), "1");
    assert_eq!(server.cli(&["-n", "0", "DBSIZE"]).unwrap().trim(), "0");
}

#[tokio::test]
async fn a_login_that_is_missing_or_wrong_stops_the_start() {
    let server = Redis::with(&["--requirepass", "another"]).unwrap();
    let port = server.address().port();
    let without = refused(&server.url(), &[]).await;
    assert!(without.contains("REDIS_URL") && without.contains("configuration"), "{without}");
    let wrong = refused(&format!("redis://:{PASSWORD}@127.0.0.1:{port}"), &[]).await;
    assert!(wrong.contains("user or the password"), "{wrong}");
    let stranger = refused(&format!("redis://nobody:{PASSWORD}@127.0.0.1:{port}"), &[]).await;
    assert!(stranger.contains("user or the password"), "{stranger}");
    start(&format!("redis://:another@127.0.0.1:{port}"), &[]).await;
    start(&format!("redis://default:another@127.0.0.1:{port}"), &[]).await;
}

#[tokio::test]
async fn a_login_that_the_server_does_not_ask_for_stops_the_start() {
    let server = Redis::start().unwrap();
    let needless = refused(&format!("redis://:{PASSWORD}@{}", server.address()), &[]).await;
    assert!(needless.contains("it asks for no password"), "{needless}");
    let stranger = refused(&format!("redis://nobody:{PASSWORD}@{}", server.address()), &[]).await;
    assert!(stranger.contains("user or the password"), "{stranger}");
}

#[tokio::test]
async fn a_server_that_is_down_stops_the_start() {
    let server = Redis::start().unwrap();
    server.stop();
    let shown = refused(&format!("redis://:{PASSWORD}@{}", server.address()), &[]).await;
    assert!(shown.contains("store unavailable"), "{shown}");
    assert!(shown.contains(&server.address().to_string()), "{shown}");
}

#[tokio::test]
async fn a_server_that_stands_still_stops_the_start_in_time() {
    let server = Redis::start().unwrap();
    server.pause();
    let short = format!("redis://:{PASSWORD}@{}?connect_timeout=300ms", server.address());
    let begun = Instant::now();
    refused(&short, &[]).await;
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    // A timeout that is longer than anybody waits for a start.
    let shown = refused(&format!("redis://:{PASSWORD}@{}?connect_timeout=60s", server.address()), &[]).await;
    assert!(shown.contains("it doesn't answer within 10s"), "{shown}");
    server.resume();
}

#[tokio::test]
async fn what_is_no_redis_stops_the_start() {
    use tokio::io::AsyncWriteExt;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        }
    });
    refused(&format!("redis://:{PASSWORD}@{address}"), &[]).await;
}

#[tokio::test]
async fn a_server_that_may_forget_counts_is_refused_only_where_that_is_asked_for() {
    let server = Redis::with(&["--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru"]).unwrap();
    let shown = refused(&server.url(), &[("LIMITER_STRICT", "true")]).await;
    assert!(shown.contains("LIMITER_STRICT"), "{shown}");
    assert!(shown.contains("maxmemory-policy"), "{shown}");
    start(&server.url(), &[("LIMITER_STRICT", "false")]).await;
    start(&server.url(), &[]).await;
}

#[tokio::test]
async fn clusters_and_sentinels_are_chosen_by_their_urls() {
    let cluster = Cluster::start(3, 0).unwrap();
    let limiters = start(&cluster.url(), &[]).await;
    assert!(first(&limiters).await && !first(&limiters).await);
    assert!(!limiters.backend().control.capabilities().atomic_keys);
    let sentinels = Sentinels::start().unwrap();
    let limiters = start(&sentinels.url(), &[]).await;
    assert!(first(&limiters).await && !first(&limiters).await);
    let wrong = sentinels.url().replace("/limits", "/others");
    refused(&wrong, &[]).await;
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
async fn a_password_shows_in_no_log() {
    let server = Redis::with(&["--requirepass", PASSWORD, "--maxmemory-policy", "allkeys-lru"]).unwrap();
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    let _logging = tracing_subscriber::util::SubscriberInitExt::set_default(subscriber);
    let limiters = start(&format!("redis://:{PASSWORD}@{}", server.address()), &[]).await;
    assert!(first(&limiters).await);
    server.stop();
    let key = Key::new("chat", "u2").unwrap();
    let error = limiters.rates().hit_one(&key, &limit!("1/hour")).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::Timeout), "{error}");
    assert!(!format!("{error}{error:?}").contains(PASSWORD), "{error:?}");
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("allkeys-lru"), "the policy that evicts is warned of: {log}");
    assert!(!log.contains(PASSWORD), "{log}");
}

#[cfg(feature = "redis-tls")]
#[tokio::test]
async fn an_encrypted_server_is_verified() {
    let certificates = testservers::tls::Certificates::new().unwrap();
    let server = Redis::with_tls(&certificates).unwrap();
    let url = server.url();
    let ca = certificates.authority().display();
    let limiters = start(&format!("{url}/0?ca={ca}"), &[]).await;
    assert!(first(&limiters).await);
    // Nobody whom the system trusts has signed it.
    refused(&url, &[]).await;
    // It doesn't understand what isn't encrypted.
    refused(&url.replacen("rediss", "redis", 1), &[]).await;
}
