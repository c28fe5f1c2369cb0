use std::time::Duration;

use limiter_remote::url::encode;
use proptest::prelude::*;

use super::{Parsed, parse, render};
use crate::config::Config;
use crate::options::Options;
use crate::target::{Address, Login, Place, Target, Tls};

fn target(url: &str) -> Target {
    parse(url).map(|parsed| parsed.target).unwrap()
}

fn address(host: &str, port: u16) -> Address {
    Address { host: host.to_owned(), port }
}

fn login(user: Option<&str>, password: &str) -> Login {
    Login { user: user.map(Into::into), password: Some(password.to_owned()) }
}

fn single(host: &str, port: u16) -> Target {
    Target { place: Place::Single(address(host, port)), login: Login::default(), database: 0, tls: None }
}

#[test]
fn one_server() {
    assert_eq!(target("redis://cache"), single("cache", 6379));
    assert_eq!(target("redis://cache/"), single("cache", 6379));
    assert_eq!(target("REDIS://cache"), single("cache", 6379));
    assert_eq!(target("valkey://10.0.0.1:7000"), single("10.0.0.1", 7000));
    assert_eq!(target("redis://[::1]"), single("::1", 6379));
    assert_eq!(target("redis://[2001:DB8::1]:7000/3"), Target { database: 3, ..single("2001:db8::1", 7000) });
    let encrypted = Target { tls: Some(Tls::default()), ..single("cache", 6379) };
    assert_eq!(target("rediss://cache"), encrypted);
    assert_eq!(target("valkeys://cache"), encrypted);
}

#[test]
fn logins_are_decoded() {
    let of = |url| target(url).login;
    assert_eq!(of("redis://app:hunter2@cache"), login(Some("app"), "hunter2"));
    assert_eq!(of("redis://:hunter2@cache"), login(None, "hunter2"));
    assert_eq!(of("redis://a%40b:p%3Aq%2F%25+r:s@cache"), login(Some("a@b"), "p:q/%+r:s"));
    assert_eq!(of("redis://app:p%C3%A4ss@cache"), login(Some("app"), "päss"));
    assert_eq!(of("redis://app:päss@cache"), login(Some("app"), "päss"));
}

#[test]
fn clusters() {
    for scheme in ["redis", "valkey"] {
        let url = format!("{scheme}+cluster://:pw@a,b:7000,[::1]:7001/0");
        let expected = Place::Cluster(vec![address("a", 6379), address("b", 7000), address("::1", 7001)]);
        assert_eq!(target(&url).place, expected);
        assert_eq!(target(&url).login, login(None, "pw"));
        assert_eq!(target(&url).tls, None);
    }
    assert_eq!(target("valkeys+cluster://a").place, Place::Cluster(vec![address("a", 6379)]));
    assert!(target("rediss+cluster://a,b/").tls.is_some());
}

#[test]
fn sentinels() {
    let url = "valkey+sentinel://app:pw@a,b:7000/my%20limits/4?sentinel_user=watch&sentinel_password=q%26r";
    let place = Place::Sentinel {
        sentinels: vec![address("a", 26379), address("b", 7000)],
        service: "my limits".to_owned(),
        login: login(Some("watch"), "q&r"),
    };
    assert_eq!(target(url), Target { place, login: login(Some("app"), "pw"), database: 4, tls: None });
    let Place::Sentinel { login, .. } = target("rediss+sentinel://a/limits?ca=%2Fca.pem").place else {
        panic!("sentinels");
    };
    assert_eq!(login, Login::default());
}

#[test]
fn parameters() {
    let url = "rediss://a?connect_timeout=2s&response_timeout=60000ms&ca=/ca.pem&cert=/c%20c.pem&key=/k.pem";
    let Parsed { target, connect_timeout, response_timeout } = parse(url).unwrap();
    assert_eq!(connect_timeout, Some(Duration::from_secs(2)));
    assert_eq!(response_timeout, Some(Duration::from_secs(60)));
    let client = Some(("/c c.pem".into(), "/k.pem".into()));
    assert_eq!(target.tls, Some(Tls { ca: Some("/ca.pem".into()), client }));
    let neither = parse("redis://a").unwrap();
    assert_eq!((neither.connect_timeout, neither.response_timeout), (None, None));
}

#[test]
fn what_is_shown_for_debugging_holds_no_password() {
    let target =
        target("redis+sentinel://app:hunter2@a/limits?sentinel_user=watch&sentinel_password=hunter3");
    let shown = format!("{target:?}{target:#?}{:?}", target.clone());
    assert!(shown.contains("app") && shown.contains("watch") && shown.contains("***"), "{shown}");
    assert!(!shown.contains("hunter"), "{shown}");
}

fn text() -> impl Strategy<Value = String> {
    proptest::collection::vec(any::<char>(), 1..20).prop_map(String::from_iter)
}

fn addresses(count: std::ops::Range<usize>) -> impl Strategy<Value = Vec<Address>> {
    let host = prop_oneof![
        "[a-z0-9_][A-Za-z0-9_.-]{0,20}[a-z]",
        any::<u32>().prop_map(|bits| std::net::Ipv4Addr::from(bits | 1).to_string()),
        any::<u128>().prop_map(|bits| std::net::Ipv6Addr::from(bits | 1).to_string()),
    ];
    proptest::collection::vec((host, 1..=u16::MAX).prop_map(|(host, port)| Address { host, port }), count)
}

fn logins() -> impl Strategy<Value = Login> {
    prop_oneof![
        Just(Login::default()),
        (proptest::option::of(text()), text())
            .prop_map(|(user, password)| Login { user, password: Some(password) }),
    ]
}

fn places() -> impl Strategy<Value = Place> {
    prop_oneof![
        addresses(1..2).prop_map(|mut addresses| Place::Single(addresses.remove(0))),
        addresses(1..4).prop_map(Place::Cluster),
        (addresses(1..4), text(), logins()).prop_map(|(sentinels, service, login)| Place::Sentinel {
            sentinels,
            service,
            login
        }),
    ]
}

fn encryption() -> impl Strategy<Value = Option<Tls>> {
    let path = || text().prop_map(std::path::PathBuf::from);
    let client = proptest::option::of((path(), path()));
    proptest::option::of((proptest::option::of(path()), client).prop_map(|(ca, client)| Tls { ca, client }))
}

fn targets() -> impl Strategy<Value = Target> {
    (places(), logins(), 0..=i64::from(i32::MAX), encryption()).prop_map(|(place, login, database, tls)| {
        let database = if matches!(place, Place::Cluster(_)) { 0 } else { database };
        Target { place, login, database, tls }
    })
}

fn options() -> impl Strategy<Value = Options> {
    let timeout = || (1..=60_000_u64).prop_map(Duration::from_millis);
    (timeout(), timeout()).prop_map(|(connect, response)| {
        let options = Options::default().with_connect_timeout(connect).unwrap();
        options.with_response_timeout(response).unwrap()
    })
}

/// The URL with the passwords in it.
fn with_secrets(target: &Target, options: &Options) -> String {
    let mut shown = render(target, options);
    if let Some(password) = &target.login.password {
        shown = shown.replacen(":***@", &format!(":{}@", encode(password)), 1);
    }
    if let Place::Sentinel { login: Login { password: Some(password), .. }, .. } = &target.place {
        shown = shown.replacen("password=***", &format!("password={}", encode(password)), 1);
    }
    shown
}

fn hidden(login: &Login) -> Login {
    Login { password: login.password.as_ref().map(|_| "***".to_owned()), ..login.clone() }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_url_written_and_read_is_the_same_target(target in targets(), options in options()) {
        let config = Config::new(&with_secrets(&target, &options)).unwrap();
        prop_assert_eq!(config.target(), &target);
        prop_assert_eq!(config.options(), &options);
        // What is shown is the same but for the passwords.
        let shown = Config::new(&config.to_string()).unwrap();
        let mut expected = target;
        expected.login = hidden(&expected.login);
        if let Place::Sentinel { login, .. } = &mut expected.place {
            *login = hidden(login);
        }
        prop_assert_eq!(shown.target(), &expected);
    }
}
