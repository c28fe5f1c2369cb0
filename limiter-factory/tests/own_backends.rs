//! Backends of one's own, under the same rules as those of the SDK.
#![cfg(feature = "memory")]
#![expect(clippy::unwrap_used, reason = "a test that can't go on ends")]

mod compiled_in;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use limiter_factory::{
    Backend, Capabilities, ConfigProblem, Control, Error, ErrorKind, Factory, Key, LeaseRequest, Limiters,
    Registration, Result, Scope, Setting, Slot, from_vars,
};
use serde::Deserialize;

#[derive(Deserialize)]
struct Config {
    url: String,
    #[serde(default)]
    pool: Option<u32>,
}

#[derive(Deserialize)]
struct NoSettings {}

fn memory() -> Backend {
    limiter_memory::backend(limiter_memory::Config::default()).unwrap()
}

async fn connect(config: Config) -> Result<Backend> {
    if config.url == "dynamo://down" {
        return Err(Error::new(ErrorKind::Unavailable, format!("no answer from pool {:?}", config.pool)));
    }
    Ok(memory())
}

fn dynamo() -> Registration {
    Registration::new("dynamo-db", connect)
        .with_setting(Setting::new("URL", "dynamo://host").required())
        .with_setting(Setting::number("POOL", "connections", 1..=64))
}

async fn errors_of(vars: &[(&str, &str)]) -> String {
    let factory = Factory::new().register(dynamo());
    factory.from_vars(vars.iter().copied()).await.unwrap_err().to_string()
}

const DYNAMO: (&str, &str) = ("RATE_LIMITER", "dynamo-db");
const URL: (&str, &str) = ("LIMITER_DYNAMO_DB_URL", "dynamo://host");

#[tokio::test]
async fn it_is_chosen_and_read_like_any_other() {
    let factory = Factory::new().register(dynamo());
    let vars = [DYNAMO, URL, ("LIMITER_DYNAMO_DB_POOL", "8"), ("LIMITER_MEMORY_LEASES", "5")];
    let limiters = factory.from_vars(vars).await.unwrap();
    assert_eq!(limiters.name(), "dynamo-db");
    let text = limiters.describe();
    assert!(text.starts_with("dynamo-db (from RATE_LIMITER): "), "{text}");
    assert!(text.ends_with("; set, but for another backend: LIMITER_MEMORY_LEASES"), "{text}");
}

#[tokio::test]
async fn its_variables_are_held_to_the_same_rules() {
    let accepted = "accepted: a whole number of connections, 1 to 64";
    let unset =
        "LIMITER_DYNAMO_DB_URL is not set, which RATE_LIMITER=dynamo-db needs; accepted: dynamo://host";
    assert_eq!(errors_of(&[DYNAMO]).await, unset);
    assert_eq!(
        errors_of(&[DYNAMO, ("LIMITER_DYNAMO_DB_POOL", "65")]).await,
        format!("LIMITER_DYNAMO_DB_POOL is \"65\"; {accepted}\n{unset}")
    );
    assert_eq!(
        errors_of(&[("RATE_LIMITER", "dynamodb")]).await,
        format!(
            "RATE_LIMITER is \"dynamodb\", which is no backend's name; accepted: {}; nearest: dynamo-db",
            compiled_in::choices(&[("dynamo-db", "dynamo-db://")])
        )
    );
    // Also where another backend is chosen.
    assert_eq!(
        errors_of(&[("RATE_LIMITER", "memory"), ("LIMITER_DYNAMO_DB_POOL", "x")]).await,
        format!("LIMITER_DYNAMO_DB_POOL is \"x\"; {accepted}")
    );
}

#[tokio::test]
async fn a_store_that_is_down_stops_the_start_without_its_password() {
    assert_eq!(
        errors_of(&[DYNAMO, ("LIMITER_DYNAMO_DB_URL", "dynamo://down")]).await,
        "RATE_LIMITER is \"dynamo-db\", which didn't start: store unavailable: no answer from pool None; \
         its settings: LIMITER_DYNAMO_DB_URL"
    );
}

#[tokio::test]
async fn names_that_can_not_be_are_refused() {
    for name in ["", "Dynamo", "9lives", "a b", "memory", "redis", "postgres", &"x".repeat(33)] {
        let factory = Factory::new().register(Registration::new(name, connect));
        let errors = factory.from_vars([("RATE_LIMITER", "memory")]).await.unwrap_err();
        let problems: Vec<_> = errors.iter().map(limiter_factory::ConfigError::problem).collect();
        assert_eq!(problems, [ConfigProblem::BadRegistration], "{name:?}");
    }
    let twice = Factory::new().register(dynamo()).register(dynamo());
    let errors = twice.from_vars([DYNAMO, URL]).await.unwrap_err();
    assert_eq!(errors.iter().next().unwrap().problem(), ConfigProblem::BadRegistration);
}

/// A store that never answers a ping, and remembers that it was shut down.
#[derive(Debug, Default)]
struct Silent {
    ended: AtomicBool,
}

#[async_trait]
impl Control for Silent {
    async fn ping(&self) -> Result<()> {
        std::future::pending().await
    }

    async fn shutdown(&self) -> Result<()> {
        self.ended.store(true, Ordering::SeqCst);
        Ok(())
    }

    fn describe(&self) -> String {
        "silent".to_owned()
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::NONE
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_that_does_not_answer_is_not_waited_for_without_end() {
    let silent = Registration::new("silent", |_: NoSettings| async {
        let mut backend = memory();
        backend.control = Arc::new(Silent::default());
        Ok(backend)
    });
    let factory = Factory::new().register(silent);
    let errors = factory.from_vars([("RATE_LIMITER", "silent")]).await.unwrap_err();
    assert_eq!(
        errors.to_string(),
        "RATE_LIMITER is \"silent\", which didn't start: timed out: it doesn't answer within 10s"
    );
}

#[tokio::test]
async fn shutdown_releases_the_leases_and_ends_the_backend() {
    let control = Arc::new(Silent::default());
    let mut backend = memory();
    backend.control = control.clone();
    let limiters = Limiters::from_backend(backend);
    assert!(limiters.describe().ends_with("(given by the program): silent"), "{}", limiters.describe());

    let key = Key::new("streams", "u1").unwrap();
    let request = LeaseRequest::new([Scope::new(key.clone(), 1)], Duration::from_secs(60)).unwrap();
    let Slot::Acquired(guard) = limiters.slots().acquire(&request).await.unwrap() else {
        panic!("nobody holds it");
    };
    limiters.shutdown().await.unwrap();
    assert_eq!(limiters.backend().slots.in_use(&key).await.unwrap(), 0);
    assert!(control.ended.load(Ordering::SeqCst));
    guard.lost().await;
    limiters.shutdown().await.unwrap();
}

#[tokio::test]
async fn without_registration_its_name_is_unknown() {
    let errors = from_vars([DYNAMO]).await.unwrap_err();
    assert_eq!(errors.iter().next().unwrap().problem(), ConfigProblem::UnknownBackend);
}
