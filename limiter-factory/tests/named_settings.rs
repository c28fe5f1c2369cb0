//! Settings with whole names of their own: some of them several backends have, some are other programs' as well.
#![cfg(feature = "memory")]
#![expect(clippy::unwrap_used, reason = "a test that can't go on ends")]

use std::ffi::OsString;

use limiter_factory::{
    Backend, ConfigProblem, Error, ErrorKind, Factory, Limiters, Registration, Result, Setting,
};
use serde::Deserialize;

#[derive(Deserialize)]
struct Dynamo {
    aws_region: String,
    #[serde(default)]
    limiter_zone: Option<u8>,
    #[serde(default)]
    pool: Option<u32>,
}

#[derive(Deserialize)]
struct Etcd {
    #[serde(default)]
    limiter_zone: Option<String>,
}

/// Starts with what it was given in the place of a name for the store.
fn backend(told: String) -> Result<Backend> {
    let mut backend = limiter_memory::backend(limiter_memory::Config::default())?;
    backend.name = told;
    Ok(backend)
}

fn region(value: &str) -> Result<()> {
    if value.starts_with("eu-") {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Config, "the region lies elsewhere; accepted: one that begins with eu-"))
}

/// What was read is told by an error: a started backend is called as it was registered.
fn factory() -> Factory {
    let dynamo = Registration::new("dynamo", |read: Dynamo| async move {
        let Dynamo { aws_region, limiter_zone, pool } = read;
        if aws_region == "eu-tell" {
            return Err(Error::new(ErrorKind::Config, format!("zone {limiter_zone:?}, pool {pool:?}")));
        }
        backend(aws_region)
    })
    .with_setting(Setting::named("AWS_REGION", "a region in Europe").checked(region).required())
    .with_setting(Setting::named("LIMITER_ZONE", "0 to 255"))
    .with_setting(Setting::new("POOL", "a number"));
    let etcd = Registration::new("etcd", |read: Etcd| async move {
        Err(Error::new(ErrorKind::Config, format!("zone {:?}", read.limiter_zone)))
    })
    .with_setting(Setting::named("LIMITER_ZONE", "any name"));
    Factory::new().register(dynamo).register(etcd)
}

async fn start(vars: &[(&str, &str)]) -> Limiters {
    factory().from_vars(vars.iter().copied()).await.unwrap()
}

async fn errors_of(vars: &[(&str, &str)]) -> String {
    factory().from_vars(vars.iter().copied()).await.unwrap_err().to_string()
}

const MEMORY: (&str, &str) = ("RATE_LIMITER", "memory");
const DYNAMO: (&str, &str) = ("RATE_LIMITER", "dynamo");
const ETCD: (&str, &str) = ("RATE_LIMITER", "etcd");
const REGION: (&str, &str) = ("AWS_REGION", "eu-central-1");

#[tokio::test]
async fn they_reach_the_fields_of_their_names() {
    let vars = [DYNAMO, ("AWS_REGION", " eu-tell\n"), ("LIMITER_ZONE", "7"), ("LIMITER_DYNAMO_POOL", "8")];
    assert_eq!(
        errors_of(&vars).await,
        "RATE_LIMITER is \"dynamo\", which didn't start: configuration: zone Some(7), pool Some(8); \
         its settings: AWS_REGION, LIMITER_DYNAMO_POOL, LIMITER_ZONE"
    );
}

#[tokio::test]
async fn a_missing_empty_or_misspelt_one_is_named() {
    let accepted = "accepted: a region in Europe";
    let unset = format!("AWS_REGION is not set, which RATE_LIMITER=dynamo needs; {accepted}");
    assert_eq!(errors_of(&[DYNAMO]).await, unset);
    assert_eq!(errors_of(&[DYNAMO, ("AWS_REGION", "")]).await, format!("AWS_REGION is empty; {accepted}"));
    assert_eq!(
        errors_of(&[DYNAMO, ("aws_region", "eu-1"), ("PATH", "/bin")]).await,
        format!("{unset}; nearest: aws_region, which is set")
    );
}

#[tokio::test]
async fn a_check_of_its_own_says_what_is_accepted() {
    assert_eq!(
        errors_of(&[DYNAMO, ("AWS_REGION", "us-east-1")]).await,
        "AWS_REGION is \"us-east-1\": the region lies elsewhere; accepted: one that begins with eu-"
    );
    let errors = factory().from_vars([DYNAMO, ("AWS_REGION", "us-east-1")]).await.unwrap_err();
    let error = errors.iter().next().unwrap();
    assert_eq!((error.problem(), error.variable()), (ConfigProblem::Malformed, "AWS_REGION"));
    assert_eq!((error.value(), error.accepted()), (Some("\"us-east-1\""), "a region in Europe"));
    assert!(error.settings().is_empty());
}

#[tokio::test]
async fn one_that_others_use_too_is_passed_by_where_its_backend_is_not_chosen() {
    for value in ["us-east-1", "", "eu-central-1"] {
        let limiters = start(&[MEMORY, ("AWS_REGION", value)]).await;
        assert!(!limiters.describe().contains("AWS_REGION"), "{}", limiters.describe());
    }
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStringExt;
        let bytes = OsString::from_vec(vec![0xff]);
        let vars = |backend: &str| {
            [("RATE_LIMITER".into(), backend.into()), (OsString::from("AWS_REGION"), bytes.clone())]
        };
        factory().from_vars(vars("memory")).await.unwrap();
        let errors = factory().from_vars(vars("dynamo")).await.unwrap_err();
        assert_eq!(errors.to_string(), "AWS_REGION is not UTF-8; accepted: a region in Europe");
    }
}

#[tokio::test]
async fn one_that_several_backends_have_obeys_the_chosen_one() {
    let zone = ("LIMITER_ZONE", "north");
    assert_eq!(errors_of(&[DYNAMO, REGION, zone]).await, "LIMITER_ZONE is \"north\"; accepted: 0 to 255");
    assert_eq!(
        errors_of(&[ETCD, zone]).await,
        "RATE_LIMITER is \"etcd\", which didn't start: configuration: zone Some(\"north\"); its settings: LIMITER_ZONE"
    );
    // Where neither is chosen, either may accept it; nothing at all is no value for any.
    let limiters = start(&[MEMORY, zone]).await;
    assert!(limiters.describe().ends_with("; set, but for another backend: LIMITER_ZONE"));
    assert_eq!(
        errors_of(&[MEMORY, ("LIMITER_ZONE", " ")]).await,
        "LIMITER_ZONE is empty; accepted: 0 to 255"
    );
}

#[tokio::test]
async fn they_are_suggested_to_who_looks_for_them_elsewhere() {
    let slips = [
        ("LIMITER_AWS_REGION", Some("AWS_REGION")),
        ("LIMITER_AWS_REGON", Some("AWS_REGION")),
        ("LIMITER_DYNAMO_ZONE", Some("LIMITER_ZONE")),
        ("LIMITER_ZNOE", Some("LIMITER_ZONE")),
        ("LIMITER_COLOUR", None),
    ];
    for (slip, meant) in slips {
        let errors = factory().from_vars([MEMORY, (slip, "x")]).await.unwrap_err();
        let error = errors.iter().next().unwrap();
        assert_eq!((error.variable(), error.nearest()), (slip, meant));
        assert!(error.accepted().contains("AWS_REGION") && error.accepted().contains("LIMITER_ZONE"));
        assert_eq!(error.accepted().matches("LIMITER_ZONE").count(), 1, "{}", error.accepted());
    }
}

#[tokio::test]
async fn names_that_can_not_be_are_refused() {
    let long = "X".repeat(65);
    for name in [
        "",
        "aws",
        "AWS REGION",
        "1AWS",
        "AWS-REGION",
        "RATE_LIMITER",
        "LIMITER_",
        "LIMITER_TIMEOUT_MS",
        &long,
    ] {
        let own = Registration::new("own", |_: Etcd| async { backend("own".to_owned()) });
        let factory = Factory::new().register(own.with_setting(Setting::named(name, "anything")));
        let errors = factory.from_vars([MEMORY]).await.unwrap_err();
        let problems: Vec<_> = errors.iter().map(limiter_factory::ConfigError::problem).collect();
        assert_eq!(problems, [ConfigProblem::BadRegistration], "{name:?}");
    }
    for (owner, name) in [("own", "pool size"), ("own", ""), ("own", "pool"), ("timeout", "MS")] {
        let own = Registration::new(owner, |_: Etcd| async { backend("own".to_owned()) });
        let factory = Factory::new().register(own.with_setting(Setting::new(name, "anything")));
        let errors = factory.from_vars([MEMORY]).await.unwrap_err();
        let problems: Vec<_> = errors.iter().map(limiter_factory::ConfigError::problem).collect();
        assert_eq!(problems, [ConfigProblem::BadRegistration], "{name:?} of {owner}");
    }
    let twice = Registration::new("own", |_: Etcd| async { backend("own".to_owned()) })
        .with_setting(Setting::named("ZONE", "anything"))
        .with_setting(Setting::new("ZONE", "anything"));
    let errors = Factory::new().register(twice).from_vars([MEMORY]).await.unwrap_err();
    assert_eq!(
        errors.to_string(),
        "Registration::with_setting is \"LIMITER_OWN_ZONE\"; accepted: 1 to 64 of A-Z 0-9 _, a whole name from a letter on and not \
         RATE_LIMITER, SLOT_LIMITER, QUOTA_TRACKER or a layer's, each once in a backend"
    );
}
