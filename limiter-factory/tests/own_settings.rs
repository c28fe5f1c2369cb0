//! What a backend of one's own may say of its settings: that several belong together, and that one is a secret.
#![cfg(feature = "memory")]

use limiter_factory::{Backend, Factory, Registration, Result, Setting};
use serde::Deserialize;

#[derive(Deserialize)]
struct Raw {
    #[serde(default)]
    cert: Option<String>,
    #[serde(default)]
    chain: Option<String>,
}

/// Both or neither.
#[derive(Deserialize)]
#[serde(try_from = "Raw")]
struct Pair;

impl TryFrom<Raw> for Pair {
    type Error = &'static str;

    fn try_from(raw: Raw) -> Result<Self, Self::Error> {
        if raw.cert.is_some() == raw.chain.is_some() { Ok(Self) } else { Err("both or neither") }
    }
}

fn memory() -> Result<Backend> {
    limiter_memory::backend(limiter_memory::Config::default())
}

fn paired() -> Factory {
    let own = Registration::new("own", |_: Pair| async { memory() })
        .with_setting(Setting::new("CERT", "a file"))
        .with_setting(Setting::new("CHAIN", "a file").with_schemes(["chain"]));
    Factory::new().register(own)
}

const CERT: (&str, &str) = ("LIMITER_OWN_CERT", "/c");
const CHAIN: (&str, &str) = ("LIMITER_OWN_CHAIN", "chain:///k");

#[tokio::test]
async fn settings_that_are_right_together_are_accepted() {
    for chosen in ["own", "memory"] {
        paired().from_vars([("RATE_LIMITER", chosen), CERT, CHAIN]).await.unwrap();
        paired().from_vars([("RATE_LIMITER", chosen)]).await.unwrap();
        let errors = paired().from_vars([("RATE_LIMITER", chosen), CERT]).await.unwrap_err();
        assert_eq!(errors.to_string(), "LIMITER_OWN_CERT is \"/c\"; accepted: a file");
    }
    paired().from_vars([("RATE_LIMITER", CHAIN.1), CERT]).await.unwrap();
}

#[tokio::test]
async fn a_setting_whose_url_is_in_the_choice_is_no_other_backends() {
    let vars = [("RATE_LIMITER", CHAIN.1), CERT, CHAIN];
    let limiters = paired().from_vars(vars).await.unwrap();
    assert!(!limiters.describe().contains("set, but"), "{}", limiters.describe());
}

#[derive(Deserialize)]
struct Safe {
    #[serde(default)]
    pin: Option<u32>,
}

#[tokio::test]
async fn a_secret_is_not_shown_be_its_name_what_it_may() {
    let safe = Registration::new("safe", |read: Safe| async move {
        let _ = read.pin;
        memory()
    });
    let factory = Factory::new().register(safe.with_setting(Setting::new("PIN", "a number").secret()));
    for variable in ["LIMITER_SAFE_PIN", "LIMITER_SAFE_PINN", "LIMTER_SAFE_PIN"] {
        for chosen in ["safe", "memory"] {
            let vars = [("RATE_LIMITER", chosen), (variable, "hunter2")];
            let text = factory.clone().from_vars(vars).await.unwrap_err().to_string();
            assert!(text.starts_with(&format!("{variable} is [redacted]")), "{text}");
            assert!(text.contains("LIMITER_SAFE_PIN") || text.ends_with("accepted: a number"), "{text}");
        }
    }
}
