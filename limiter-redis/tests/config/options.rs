//! Options that can be, and those that can't.

use std::time::Duration;

use limiter_core::ErrorKind;
use limiter_redis::{Config, Options};

#[test]
fn the_defaults_are_the_documented_ones() {
    let options = Options::default();
    assert_eq!((options.prefix(), options.strict()), ("limiter", false));
    assert_eq!(options.connect_timeout(), Duration::from_secs(1));
    assert_eq!(options.response_timeout(), Duration::from_millis(500));
    assert_eq!(Config::new("redis://cache").unwrap().options(), &options);
}

#[test]
fn each_option_is_the_one_that_was_set() {
    let options = Options::default()
        .with_prefix("a.B_c:9-")
        .and_then(|options| options.with_connect_timeout(Duration::from_secs(60)))
        .and_then(|options| options.with_response_timeout(Duration::from_millis(1)))
        .unwrap()
        .with_strict(true);
    assert_eq!((options.prefix(), options.strict()), ("a.B_c:9-", true));
    assert_eq!(options.connect_timeout(), Duration::from_secs(60));
    assert_eq!(options.response_timeout(), Duration::from_millis(1));
    let config = Config::new("redis://cache?connect_timeout=7s").unwrap();
    assert_eq!(config.options().connect_timeout(), Duration::from_secs(7));
    assert_eq!(config.with_options(options.clone()).options(), &options);
}

#[test]
fn a_prefix_is_short_and_chooses_no_slot() {
    let longest = "p".repeat(40);
    assert_eq!(Options::default().with_prefix(&longest).unwrap().prefix(), longest);
    for prefix in ["", "{a}", "a b", "ä", "a/b", "a\n", &"p".repeat(41)] {
        let error = Options::default().with_prefix(prefix).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config, "{prefix:?}");
    }
    assert_eq!(
        Options::default().with_prefix("{a}").unwrap_err().to_string(),
        r#"configuration: the prefix is "{a}"; accepted: 1 to 40 of A-Z a-z 0-9 _ . : -"#
    );
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
