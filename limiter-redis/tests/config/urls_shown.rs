//! How a configuration shows itself: as a URL without its passwords.

use limiter_redis::Config;

const TIMEOUTS: &str = "connect_timeout=1000ms&response_timeout=500ms";

#[test]
fn a_configuration_shows_itself_as_a_url() {
    let shown = [
        ("redis://cache", "redis://cache:6379/0"),
        ("valkey://cache:1/7", "redis://cache:1/7"),
        ("redis://a%40b:hunter2@[::1]:7000", "redis://a%40b:***@[::1]:7000/0"),
        ("rediss://:hunter2@cache", "rediss://:***@cache:6379/0"),
        ("valkeys+cluster://a,b:7/0", "rediss+cluster://a:6379,b:7"),
        ("redis+sentinel://a,b:7/my%20limits", "redis+sentinel://a:26379,b:7/my%20limits/0"),
    ];
    for (url, expected) in shown {
        let config = Config::new(url).unwrap();
        assert_eq!(config.to_string(), format!("{expected}?{TIMEOUTS}"), "{url}");
        assert!(format!("{config:?}").starts_with(&format!("Config {{ target: {expected}?")), "{config:?}");
    }
}

#[test]
fn parameters_show_too_but_for_passwords() {
    let tls = Config::new("rediss://a?cert=c.pem&key=k.pem&ca=/ca.pem&connect_timeout=2s").unwrap();
    assert_eq!(
        tls.to_string(),
        "rediss://a:6379/0?connect_timeout=2000ms&response_timeout=500ms&ca=%2Fca.pem&cert=c.pem&key=k.pem"
    );
    let sentinel = "redis+sentinel://a/limits/2?sentinel_password=hunter2&sentinel_user=watch";
    assert_eq!(
        Config::new(sentinel).unwrap().to_string(),
        format!("redis+sentinel://a:26379/limits/2?{TIMEOUTS}&sentinel_user=watch&sentinel_password=***")
    );
}
