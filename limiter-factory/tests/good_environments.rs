//! Environments that start, and what is chosen then.
#![cfg(feature = "memory")]
#![expect(clippy::unwrap_used, reason = "a test that can't go on ends")]

mod compiled_in;

use std::ffi::OsString;

use limiter_factory::{ConfigProblem, Factory, Key, Limiters, RateLimiterExt, from_vars, limit};

const MEMORY: (&str, &str) = ("RATE_LIMITER", "memory");

async fn start(vars: &[(&str, &str)]) -> Limiters {
    from_vars(vars.iter().copied()).await.unwrap()
}

#[tokio::test]
async fn memory_starts_by_its_name_alone() {
    let limiters = start(&[MEMORY]).await;
    assert_eq!(limiters.name(), "memory");
    assert!(limiters.describe().starts_with("memory (from RATE_LIMITER): "));
    limiters.ping().await.unwrap();
}

#[tokio::test]
async fn settings_reach_the_backend_trimmed() {
    let limiters = start(&[
        MEMORY,
        ("LIMITER_MEMORY_CAPACITY", " 1234 "),
        ("LIMITER_MEMORY_WHEN_FULL", "share"),
        ("LIMITER_MEMORY_LOG_ENTRIES", "55"),
        ("LIMITER_MEMORY_LEASES", "66\n"),
        ("LIMITER_MEMORY_QUOTA_ENTRIES", "77"),
    ])
    .await;
    let text = limiters.describe();
    for part in ["1234 rate counters", "share", "66 leases", "77 quota entries"] {
        assert!(text.contains(part), "{part} in {text}");
    }
}

#[tokio::test]
async fn a_capacity_from_the_environment_is_the_one_that_holds() {
    let limiters = start(&[MEMORY, ("LIMITER_MEMORY_LEASES", "1")]).await;
    let request = |subject: &str| {
        let scope = limiter_factory::Scope::new(Key::new("streams", subject).unwrap(), 5);
        limiter_factory::LeaseRequest::new([scope], std::time::Duration::from_secs(5)).unwrap()
    };
    let first = limiters.slots().acquire(&request("u1")).await.unwrap();
    assert!(first.is_acquired());
    let error = limiters.slots().acquire(&request("u2")).await.unwrap_err();
    assert_eq!(error.kind(), limiter_factory::ErrorKind::Capacity);
}

#[tokio::test]
async fn kubernetes_service_links_stop_nothing() {
    let limiters = start(&[
        MEMORY,
        ("LIMITER_PORT", "tcp://10.0.0.1:6379"),
        ("LIMITER_SERVICE_HOST", "10.0.0.1"),
        ("LIMITER_SERVICE_PORT", "6379"),
        ("LIMITER_SERVICE_PORT_REDIS", "6379"),
        ("LIMITER_PORT_6379_TCP", "tcp://10.0.0.1:6379"),
        ("LIMITER_PORT_6379_TCP_PROTO", "tcp"),
        ("LIMITER_PORT_6379_TCP_PORT", "6379"),
        ("LIMITER_PORT_6379_TCP_ADDR", "10.0.0.1"),
        // Of a Service called `limiter-redis`.
        ("LIMITER_REDIS_PORT", "tcp://10.0.0.2:6379"),
        ("LIMITER_REDIS_SERVICE_HOST", "10.0.0.2"),
        ("LIMITER_REDIS_SERVICE_PORT", "6379"),
        ("LIMITER_REDIS_PORT_6379_TCP_PROTO", "tcp"),
    ])
    .await;
    assert!(!limiters.describe().contains("PORT"));
}

#[tokio::test]
async fn other_peoples_variables_are_passed_by() {
    start(&[MEMORY, ("RATE_LIMIT", "100"), ("MY_LIMITER_X", "1"), ("GATEWAY_ADDR", "x")]).await;
}

#[tokio::test]
async fn the_default_counts_only_while_the_variable_is_unset() {
    let factory = || Factory::new().default_backend("memory");
    let nothing: [(&str, &str); 0] = [];
    let limiters = factory().from_vars(nothing).await.unwrap();
    assert!(limiters.describe().starts_with("memory (the program's default, for RATE_LIMITER isn't set): "));

    for (value, problem) in [
        ("", ConfigProblem::Empty),
        ("memroy", ConfigProblem::UnknownBackend),
        #[cfg(not(feature = "postgres"))]
        ("postgres", ConfigProblem::NotCompiledIn),
    ] {
        let errors = factory().from_vars([("RATE_LIMITER", value)]).await.unwrap_err();
        assert_eq!(errors.iter().next().unwrap().problem(), problem, "{value:?}");
    }
    let errors = factory().from_vars([("Rate_Limiter", "postgres")]).await.unwrap_err();
    assert_eq!(errors.iter().next().unwrap().problem(), ConfigProblem::Unset);
    for (slip, value) in
        [("RATE_LIMTER", "redis"), ("RATE_LIMITERS", "redis://cache"), ("RATELIMITER", "memory")]
    {
        let errors = factory().from_vars([(slip, value), ("RATE_LIMIT", "100")]).await.unwrap_err();
        let error = errors.iter().next().unwrap();
        let nearest = format!("{slip}, which is set");
        assert_eq!((error.problem(), error.nearest()), (ConfigProblem::Unset, Some(&*nearest)));
    }
    factory().from_vars([("RATE_LIMIT", "100")]).await.unwrap();
}

#[tokio::test]
async fn a_default_that_is_no_backend_is_an_error_whoever_chooses() {
    let line = concat!(
        r#"Factory::default_backend is "memroy", which is no backend's name; accepted: {choices}; nearest: "#,
        "memory"
    );
    for vars in [vec![], vec![MEMORY]] {
        let errors = Factory::new().default_backend("memroy").from_vars(vars).await.unwrap_err();
        assert_eq!(errors.to_string(), line.replace("{choices}", &compiled_in::choices(&[])));
    }
}

#[cfg(not(feature = "postgres"))]
#[tokio::test]
async fn a_default_that_is_not_compiled_in_is_an_error_whoever_chooses() {
    let errors = Factory::new().default_backend("postgres").from_vars([MEMORY]).await.unwrap_err();
    assert_eq!(errors.iter().next().unwrap().problem(), ConfigProblem::NotCompiledIn);
}

#[tokio::test]
async fn clones_are_the_same_limiters() {
    let limiters = start(&[MEMORY]).await;
    let key = Key::new("chat", "u1").unwrap();
    let hit = limiters.rates().hit_one(&key, &limit!("1/min")).await.unwrap();
    assert!(hit.is_allowed());
    let again = limiters.clone().rates().hit_one(&key, &limit!("1/min")).await.unwrap();
    assert!(!again.is_allowed());
}

#[test]
fn without_a_runtime_it_errs_and_does_not_panic() {
    let mut future = Box::pin(from_vars([MEMORY]));
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    let std::task::Poll::Ready(Err(errors)) = future.as_mut().poll(&mut cx) else {
        panic!("it has nothing to wait for");
    };
    assert!(errors.to_string().contains("within a tokio runtime"), "{errors}");
}

#[cfg(unix)]
mod bytes_that_are_no_utf8 {
    use super::*;
    use std::os::unix::ffi::OsStringExt;

    fn bytes(start: &str) -> OsString {
        let mut bytes = start.as_bytes().to_vec();
        bytes.extend([0xff, 0xfe]);
        OsString::from_vec(bytes)
    }

    #[tokio::test]
    async fn matter_to_nobody_elsewhere() {
        let vars = [
            (OsString::from("RATE_LIMITER"), OsString::from("memory")),
            (OsString::from("PATH"), bytes("/bin")),
            (bytes("NAME"), OsString::from("value")),
            (OsString::from("LIMITER_PORT"), bytes("tcp")),
        ];
        from_vars(vars).await.unwrap();
    }

    #[tokio::test]
    async fn are_an_error_in_our_own() {
        let vars = [
            (OsString::from("RATE_LIMITER"), bytes("memory")),
            (OsString::from("LIMITER_MEMORY_LEASES"), bytes("5")),
            (bytes("LIMITER_MEMORY_LEASES"), OsString::from("5")),
        ];
        let errors = from_vars(vars).await.unwrap_err();
        let problems: Vec<_> = errors.iter().map(|error| (error.variable(), error.problem())).collect();
        assert_eq!(
            problems,
            [
                ("RATE_LIMITER", ConfigProblem::NotUnicode),
                ("LIMITER_MEMORY_LEASES", ConfigProblem::NotUnicode),
                ("LIMITER_MEMORY_LEASES\u{fffd}\u{fffd}", ConfigProblem::UnknownVariable),
            ]
        );
        let first = errors.to_string();
        assert!(
            first.starts_with(&format!(
                "RATE_LIMITER is not UTF-8; accepted: {}\n",
                compiled_in::choices(&[])
            )),
            "{first}"
        );
    }
}
