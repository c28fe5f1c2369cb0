//! Slots and quotas that are sent elsewhere than the rates.
#![cfg(feature = "memory")]
#![expect(clippy::unwrap_used, reason = "a test that can't go on ends")]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use limiter_factory::{
    Backend, Capabilities, Charge, ConfigProblem, Control, Error, ErrorKind, Factory, Key, LeaseRequest,
    Limiters, Quota, QuotaTrackerExt, RateLimiterExt, Registration, Result, Scope, Setting, limit,
};
use serde::Deserialize;

#[derive(Deserialize)]
struct Config {
    url: String,
    #[serde(default)]
    zone: String,
}

/// What became of a store that was built.
#[derive(Debug, Default)]
struct Life {
    url: String,
    zone: String,
    answers: bool,
    ends: AtomicUsize,
}

#[async_trait]
impl Control for Life {
    async fn ping(&self) -> Result<()> {
        if self.answers { Ok(()) } else { Err(Error::new(ErrorKind::Unavailable, "nobody is there")) }
    }

    async fn shutdown(&self) -> Result<()> {
        self.ends.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }

    fn describe(&self) -> String {
        format!("store {}", self.url.trim_start_matches("dynamo://"))
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::NONE.with_shared().with_immediate()
    }
}

/// The stores of one test.
#[derive(Clone, Default)]
struct Stores(Arc<Mutex<Vec<Arc<Life>>>>);

impl Stores {
    /// Each counts in this process, under a control that remembers. One whose URL says `down` doesn't answer.
    fn registration(&self, name: &str) -> Registration {
        let stores = self.clone();
        Registration::new(name, move |config: Config| {
            let life = Arc::new(Life {
                answers: !config.url.contains("down"),
                url: config.url,
                zone: config.zone,
                ends: AtomicUsize::new(0),
            });
            stores.0.lock().unwrap().push(Arc::clone(&life));
            async {
                let mut backend = limiter_memory::backend(limiter_memory::Config::default())?;
                backend.control = life;
                Ok::<Backend, Error>(backend)
            }
        })
        .with_setting(Setting::new("URL", "dynamo://host").required().with_schemes(["dynamo"]))
        .with_setting(Setting::new("ZONE", "a zone"))
    }

    async fn start(&self, vars: &[(&str, &str)]) -> Limiters {
        let factory = Factory::new().register(self.registration("dynamo"));
        factory.from_vars(vars.iter().copied()).await.unwrap()
    }

    async fn errors_of(&self, vars: &[(&str, &str)]) -> Vec<String> {
        let factory = Factory::new().register(self.registration("dynamo"));
        let errors = factory.from_vars(vars.iter().copied()).await.unwrap_err();
        errors.iter().map(ToString::to_string).collect()
    }

    fn urls(&self) -> Vec<String> {
        self.0.lock().unwrap().iter().map(|life| life.url.clone()).collect()
    }

    fn ends(&self) -> Vec<usize> {
        self.0.lock().unwrap().iter().map(|life| life.ends.load(Ordering::SeqCst)).collect()
    }
}

const MEMORY: (&str, &str) = ("RATE_LIMITER", "memory");
const A: &str = "dynamo://a";
const B: &str = "dynamo://b";

fn key() -> Key {
    Key::new("chat", "u1").unwrap()
}

/// Uses up a little of all three parts.
async fn use_up(limiters: &Limiters) {
    assert!(limiters.rates().hit_one(&key(), &limit!("1/day")).await.unwrap().is_allowed());
    let request = LeaseRequest::new([Scope::new(key(), 5)], Duration::from_secs(600)).unwrap();
    std::mem::forget(limiters.slots().acquire(&request).await.unwrap());
    let day: Quota = "10/day".parse().unwrap();
    assert_eq!(limiters.quotas().record(&key(), &day, 3).await.unwrap().used, 3);
}

/// What each part of a backend has counted: hits left of 1, permits in use, units used.
async fn counted(backend: &Backend) -> (bool, u64, u64) {
    let hit = backend.rates.peek(&[Charge::new(&key(), &limit!("1/day"))]).await.unwrap().is_allowed();
    let in_use = backend.slots.in_use(&key()).await.unwrap();
    let day: Quota = "10/day".parse().unwrap();
    (!hit, in_use, backend.quotas.used(&key(), &day).await.unwrap())
}

#[tokio::test]
async fn each_part_counts_where_its_variable_says() {
    let built: Arc<Mutex<Vec<Backend>>> = Arc::default();
    let kept = |name: &str| {
        let built = Arc::clone(&built);
        Registration::new(name, move |_: Nothing| {
            let backend = limiter_memory::backend(limiter_memory::Config::default()).unwrap();
            built.lock().unwrap().push(backend.clone());
            async { Ok(backend) }
        })
    };
    let factory = Factory::new().register(kept("one")).register(kept("two")).register(kept("three"));
    let vars = [("RATE_LIMITER", "one"), ("SLOT_LIMITER", "two"), ("QUOTA_TRACKER", "three")];
    let limiters = factory.from_vars(vars).await.unwrap();
    use_up(&limiters).await;
    let built = built.lock().unwrap().clone();
    let mut seen = Vec::new();
    for backend in &built {
        seen.push(counted(backend).await);
    }
    assert_eq!(seen, [(true, 0, 0), (false, 1, 0), (false, 0, 3)]);
    assert_eq!(limiters.name(), "one");
}

#[tokio::test]
async fn what_has_no_variable_goes_where_the_rates_are() {
    let stores = Stores::default();
    let limiters = stores.start(&[("RATE_LIMITER", A), ("SLOT_LIMITER", "memory")]).await;
    assert_eq!(stores.urls(), [A]);
    let text = limiters.describe();
    let head = "rates and quotas in dynamo (from RATE_LIMITER), slots in memory (from SLOT_LIMITER): \
                rates and quotas: store a; slots: in this process, ";
    assert!(text.starts_with(head), "{text}");
    assert_eq!(text.lines().count(), 1);
}

#[tokio::test]
async fn a_store_that_is_chosen_twice_is_built_once() {
    let own = ("LIMITER_DYNAMO_URL", A);
    let same: &[&[(&str, &str)]] = &[
        &[("RATE_LIMITER", "dynamo"), ("SLOT_LIMITER", "dynamo"), ("QUOTA_TRACKER", "dynamo"), own],
        &[("RATE_LIMITER", A), ("SLOT_LIMITER", A)],
        &[("RATE_LIMITER", A), ("QUOTA_TRACKER", "dynamo"), own],
    ];
    for vars in same {
        let stores = Stores::default();
        let limiters = stores.start(vars).await;
        assert_eq!(stores.urls(), [A], "{vars:?}");
        limiters.shutdown().await.unwrap();
        assert_eq!(stores.ends(), [1]);
    }
    let stores = Stores::default();
    let limiters = stores.start(same[2]).await;
    let head = "dynamo (from RATE_LIMITER and from QUOTA_TRACKER): store a";
    assert!(limiters.describe().starts_with(head), "{}", limiters.describe());
}

#[tokio::test]
async fn two_urls_are_two_stores_with_the_same_other_settings() {
    let stores = Stores::default();
    let vars =
        [("RATE_LIMITER", A), ("SLOT_LIMITER", B), ("QUOTA_TRACKER", A), ("LIMITER_DYNAMO_ZONE", "eu")];
    let limiters = stores.start(&vars).await;
    assert_eq!(stores.urls(), [A, B]);
    assert!(stores.0.lock().unwrap().iter().all(|life| life.zone == "eu"));
    let head = "rates and quotas in dynamo (from RATE_LIMITER and from QUOTA_TRACKER), slots in dynamo (from \
                SLOT_LIMITER): rates and quotas: store a; slots: store b";
    assert!(limiters.describe().starts_with(head), "{}", limiters.describe());
    limiters.ping().await.unwrap();
    limiters.shutdown().await.unwrap();
    assert_eq!(stores.ends(), [1, 1]);
}

#[tokio::test]
async fn every_store_that_does_not_start_is_told_and_the_others_are_ended() {
    let stores = Stores::default();
    let vars = [("RATE_LIMITER", A), ("SLOT_LIMITER", "dynamo://down"), ("QUOTA_TRACKER", "dynamo://down2")];
    assert_eq!(
        stores.errors_of(&vars).await,
        [
            "SLOT_LIMITER is \"dynamo://[redacted]\", which didn't start: store unavailable: nobody is there",
            "QUOTA_TRACKER is \"dynamo://[redacted]\", which didn't start: store unavailable: nobody is there",
        ]
    );
    assert_eq!(stores.ends(), [1, 1, 1], "what doesn't answer is ended too");
}

#[tokio::test]
async fn capabilities_are_those_of_all_stores() {
    let stores = Stores::default();
    let can = |limiters: &Limiters| limiters.backend().control.capabilities();
    let both = can(&stores.start(&[MEMORY, ("SLOT_LIMITER", A)]).await);
    // Memory isn't shared, and the other isn't atomic.
    assert!(!both.shared && !both.atomic_keys && both.immediate);
    let one = can(&stores.start(&[("RATE_LIMITER", A), ("SLOT_LIMITER", B)]).await);
    assert!(one.shared && !one.atomic_keys);
}

#[tokio::test]
async fn a_url_that_a_setting_of_ours_contradicts_is_refused() {
    let stores = Stores::default();
    let other = ("LIMITER_DYNAMO_URL", "dynamo://hunter2");
    assert_eq!(
        stores.errors_of(&[("RATE_LIMITER", A), other]).await,
        [
            "RATE_LIMITER is \"dynamo://[redacted]\": LIMITER_DYNAMO_URL is set to another; accepted: one of the two, or \
          the same URL in both"
        ]
    );
    // The same, or one that another part is to have.
    stores.start(&[("RATE_LIMITER", A), ("LIMITER_DYNAMO_URL", A)]).await;
    stores.start(&[("RATE_LIMITER", A), ("SLOT_LIMITER", "dynamo"), other]).await;
    assert_eq!(stores.urls(), [A, A, "dynamo://hunter2"]);
}

#[tokio::test]
async fn a_url_that_may_be_somebody_elses_is_passed_by_and_told() {
    let stores = Stores::default();
    let store = stores.clone();
    let shared = Registration::new("aurora", move |config: Url| {
        store.0.lock().unwrap().push(Arc::new(Life { url: config.aurora_url, ..Life::default() }));
        std::future::ready(limiter_memory::backend(limiter_memory::Config::default()))
    })
    .with_setting(Setting::named("AURORA_URL", "aurora://host").required().with_schemes(["aurora"]));
    let factory = Factory::new().register(shared);
    for other in ["nonsense", "", "aurora://other"] {
        let vars = [("RATE_LIMITER", "aurora://own"), ("AURORA_URL", other)];
        let text = factory.clone().from_vars(vars).await.unwrap().describe();
        assert!(text.ends_with("; AURORA_URL is passed by, for RATE_LIMITER holds a URL"), "{text}");
    }
    assert_eq!(stores.urls(), ["aurora://own"; 3]);
    let vars = [("RATE_LIMITER", "aurora"), ("AURORA_URL", "aurora://named")];
    factory.from_vars(vars).await.unwrap();
    assert_eq!(stores.urls()[3], "aurora://named");
}

#[derive(Deserialize)]
struct Nothing {}

#[derive(Deserialize)]
struct Url {
    aurora_url: String,
}

#[tokio::test]
async fn a_default_may_be_a_url_and_leaves_the_other_choices_alone() {
    let stores = Stores::default();
    let factory = Factory::new().register(stores.registration("dynamo")).default_backend(A);
    let limiters = factory.from_vars([("SLOT_LIMITER", "memory")]).await.unwrap();
    let head = "rates and quotas in dynamo (the program's default, for RATE_LIMITER isn't set), slots in memory (from \
                SLOT_LIMITER): ";
    assert!(limiters.describe().starts_with(head), "{}", limiters.describe());
    assert_eq!(stores.urls(), [A]);
}

#[tokio::test]
async fn names_that_are_nearly_the_variables_and_hold_something_else_are_passed_by() {
    let others =
        [("SLOT_LIMIT", "10"), ("QUOTA_LIMITS", "50 GiB/day"), ("SLOTLIMITER", "off"), ("RATE_LIMITE", "5")];
    for other in others {
        Stores::default().start(&[MEMORY, other]).await;
    }
}

#[tokio::test]
async fn schemes_that_can_not_be_are_refused() {
    let long = "x".repeat(33);
    for scheme in [
        "",
        "Dynamo",
        "9p",
        "a b",
        "dynamo://",
        "redis",
        "rediss",
        "redis+own",
        "postgresql",
        "memory",
        &long,
    ] {
        let own = Registration::new("own", |_: Config| async { Err(Error::new(ErrorKind::Config, "never")) });
        let own = own.with_setting(Setting::new("URL", "a URL").with_schemes([scheme]));
        let errors = Factory::new().register(own).from_vars([MEMORY]).await.unwrap_err();
        let problems: Vec<_> = errors.iter().map(|error| (error.variable(), error.problem())).collect();
        assert_eq!(problems, [("Setting::with_schemes", ConfigProblem::BadRegistration)], "{scheme:?}");
    }
    let stores = Stores::default();
    let twice = Factory::new().register(stores.registration("one")).register(stores.registration("two"));
    let errors = twice.from_vars([MEMORY]).await.unwrap_err();
    assert!(errors.to_string().starts_with("Setting::with_schemes is \"dynamo\"; accepted: "), "{errors}");
}
