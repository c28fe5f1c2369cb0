//! What the gateway is set to, by default and by its variables.

use std::ffi::OsString;
use std::time::Duration;

use gateway::Config;
use gateway::address::TrustedProxies;
use limiter_factory::{limit, quota};

fn read(vars: &[(&str, &str)]) -> Result<Config, String> {
    Config::from_vars(vars.iter().copied()).map_err(|errors| errors.to_string())
}

#[test]
fn the_defaults_are_those_of_the_scenarios() {
    let config = read(&[("PATH", "/bin")]).unwrap();
    assert_eq!(config.addr.to_string(), "127.0.0.1:8080");
    assert_eq!(config.trusted_proxies, TrustedProxies::default());
    assert_eq!(config.chat_user_limits.as_slice(), [limit!("5/min"), limit!("60/hour")]);
    assert_eq!(config.chat_address_limit, limit!("30/min"));
    assert_eq!((config.streams_per_user, config.streams_total), (5, 1000));
    assert_eq!(config.stream_ttl, Duration::from_secs(30));
    assert_eq!((config.scans_per_user, config.scan_quota), (5, quota!("50 GiB/day")));
    assert_eq!(config.scan_quota.max(), 53_687_091_200);
    assert!(config.widget.is_none());
}

#[test]
fn a_widget_with_keys_has_its_limits() {
    let keys = ("GATEWAY_WIDGET_KEYS", "pk_1 , pk_2");
    let widget = read(&[keys, ("GATEWAY_WIDGET_KEY_LIMIT", "9/h")]).unwrap().widget.unwrap();
    assert!(widget.keys.len() == 2 && widget.keys.contains("pk_1") && widget.keys.contains("pk_2"));
    assert_eq!(widget.session_limit, limit!("3/min counting denied"));
    assert_eq!(widget.key_limit, limit!("9/hour"));
    // Limits of a widget that isn't there are wrong all the same.
    assert!(read(&[("GATEWAY_WIDGET_KEY_LIMIT", "9/x")]).is_err());
}

#[test]
fn one_place_in_each_message_is_the_addresss() {
    let limits = |count: u32| {
        let limits: Vec<_> = (1..=count).map(|seconds| format!("5/{seconds}s")).collect();
        read(&[("GATEWAY_CHAT_USER_LIMITS", &limits.join("; "))])
    };
    assert_eq!(limits(63).unwrap().chat_user_limits.len(), 63);
    assert!(limits(64).unwrap_err().ends_with("; accepted: up to 63 limits"));
    assert!(limits(65).is_err());
}

#[cfg(unix)]
#[test]
fn bytes_that_are_no_utf8_matter_in_our_own_variables_only() {
    use std::os::unix::ffi::OsStringExt;

    let bytes = || OsString::from_vec(vec![b'5', 0xff]);
    let with = |name: OsString| Config::from_vars([(name, bytes())]).map_err(|errors| errors.to_string());
    assert!(with("PATH".into()).is_ok());
    assert!(with(bytes()).is_ok());
    assert_eq!(with("GATEWAY_STREAMS_TOTAL".into()).unwrap_err(), "GATEWAY_STREAMS_TOTAL is not UTF-8");
    assert!(with(OsString::from_vec(b"GATEWAY_\xff".to_vec())).unwrap_err().contains("no such variable"));
}
