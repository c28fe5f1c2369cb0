//! Options that can be, and those that can't.

use std::time::Duration;

use limiter_core::ErrorKind;
use limiter_postgres::{Config, Durability, Migrate, Options};

#[test]
fn the_defaults_are_the_documented_ones() {
    let options = Options::default();
    assert_eq!((options.schema(), options.prefix()), ("limiter", ""));
    assert_eq!((options.migrate(), options.durability()), (Migrate::Auto, None));
    assert_eq!((options.pgbouncer(), options.strict(), options.pool_size()), (false, false, 10));
    assert_eq!(options.connect_timeout(), Duration::from_secs(2));
    assert_eq!(options.response_timeout(), Duration::from_secs(1));
    assert_eq!(options.sweep_every(), Some(Duration::from_mins(1)));
    assert_eq!(Config::new("postgres://app@db").unwrap().options(), &options);
}

#[test]
fn each_option_is_the_one_that_was_set() {
    let options = Options::default()
        .with_schema("_shop2")
        .and_then(|options| options.with_prefix("a.B_c:9-"))
        .and_then(|options| options.with_pool_size(2))
        .and_then(|options| options.with_connect_timeout(Duration::from_mins(1)))
        .and_then(|options| options.with_response_timeout(Duration::from_millis(1)))
        .and_then(|options| options.with_sweep_every(None))
        .unwrap()
        .with_migrate(Migrate::Check)
        .with_durability(Durability::Relaxed)
        .with_pgbouncer(true)
        .with_strict(true);
    assert_eq!((options.schema(), options.prefix()), ("_shop2", "a.B_c:9-"));
    assert_eq!((options.migrate(), options.durability()), (Migrate::Check, Some(Durability::Relaxed)));
    assert_eq!((options.pgbouncer(), options.strict(), options.pool_size()), (true, true, 2));
    assert_eq!(options.connect_timeout(), Duration::from_mins(1));
    assert_eq!(options.response_timeout(), Duration::from_millis(1));
    assert_eq!(options.sweep_every(), None);
    let config = Config::new("postgres://app@db?connect_timeout=7s&response_timeout=8s").unwrap();
    assert_eq!(config.options().connect_timeout(), Duration::from_secs(7));
    assert_eq!(config.options().response_timeout(), Duration::from_secs(8));
    assert_eq!(config.with_options(options.clone()).options(), &options);
}

#[test]
fn a_schema_is_short_plain_and_nobody_elses() {
    let longest = "s".repeat(40);
    for schema in ["limiter", "_", "a_9", "pgx", longest.as_str()] {
        assert_eq!(Options::default().with_schema(schema).unwrap().schema(), schema);
    }
    let too_long = "s".repeat(41);
    let others = ["pg_limiter", "pg_temp", "public", "information_schema"];
    let odd = ["", "Limiter", "9a", "a-b", "a b", "a.b", "a\"b", "a'b", "ä", "a\n", "a\\", too_long.as_str()];
    for schema in others.into_iter().chain(odd) {
        let error = Options::default().with_schema(schema).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config, "{schema:?}");
    }
    assert_eq!(
        Options::default().with_schema("public").unwrap_err().to_string(),
        r#"configuration: the schema is "public"; accepted: 1 to 40 of a-z 0-9 _ from a letter or _ on, not pg_…, public or information_schema"#
    );
}

#[test]
fn a_prefix_is_short_and_plain() {
    let longest = "p".repeat(40);
    for prefix in ["", "shop:a", longest.as_str()] {
        assert_eq!(Options::default().with_prefix(prefix).unwrap().prefix(), prefix);
    }
    for prefix in ["{a}", "a b", "ä", "a/b", "a\n", "a\0", &"p".repeat(41)] {
        let error = Options::default().with_prefix(prefix).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config, "{prefix:?}");
    }
    assert_eq!(
        Options::default().with_prefix("{a}").unwrap_err().to_string(),
        r#"configuration: the prefix is "{a}"; accepted: up to 40 of A-Z a-z 0-9 _ . : -"#
    );
}

#[test]
fn a_pool_has_room_and_an_end() {
    for size in [2, 10, 1000] {
        assert_eq!(Options::default().with_pool_size(size).unwrap().pool_size(), size);
    }
    for size in [0, 1, 1001, u32::MAX] {
        let error = Options::default().with_pool_size(size).unwrap_err();
        let expected = format!("configuration: the pool size is {size}; accepted: 2 to 1000 connections");
        assert_eq!(error.to_string(), expected);
    }
}

#[test]
fn timeouts_are_neither_nothing_nor_endless() {
    for timeout in [Duration::ZERO, Duration::from_micros(999), Duration::from_millis(60_001), Duration::MAX]
    {
        let connect = Options::default().with_connect_timeout(timeout).unwrap_err();
        let response = Options::default().with_response_timeout(timeout).unwrap_err();
        let told =
            |which| format!("configuration: the {which} timeout is {timeout:?}; accepted: 1 ms to 60 s");
        assert_eq!((connect.to_string(), response.to_string()), (told("connect"), told("response")));
    }
}

#[test]
fn sweeps_come_neither_all_the_time_nor_never_by_mistake() {
    for interval in [Duration::from_millis(100), Duration::from_hours(24)] {
        assert_eq!(
            Options::default().with_sweep_every(Some(interval)).unwrap().sweep_every(),
            Some(interval)
        );
    }
    for interval in [Duration::ZERO, Duration::from_millis(99), Duration::from_secs(86_401)] {
        let error = Options::default().with_sweep_every(Some(interval)).unwrap_err();
        let expected =
            format!("configuration: the sweep interval is {interval:?}; accepted: 100 ms to 24 h, or none");
        assert_eq!(error.to_string(), expected);
    }
}
