use std::path::PathBuf;
use std::time::Duration;

use limiter_remote::url::encode;
use proptest::prelude::*;

use super::{Parsed, parse, render};
use crate::config::Config;
use crate::encryption::{Encryption, Mode};
use crate::options::Options;
use crate::target::{Place, Target};

fn target(url: &str) -> Target {
    parse(url).map(|parsed| parsed.target).unwrap()
}

fn at(place: Place, port: u16) -> Target {
    let mode = if place.is_local() { Mode::Disable } else { Mode::VerifyFull };
    Target {
        place,
        port,
        user: "app".to_owned(),
        password: None,
        database: "app".to_owned(),
        application_name: "limiter".to_owned(),
        encryption: Encryption { mode, ..Encryption::default() },
    }
}

fn host(host: &str, port: u16) -> Target {
    at(Place::Host(host.to_owned()), port)
}

fn mode(url: &str) -> Mode {
    target(url).encryption.mode
}

#[test]
fn hosts_and_ports() {
    assert_eq!(target("postgres://app@db"), host("db", 5432));
    assert_eq!(target("postgresql://app@db/"), host("db", 5432));
    assert_eq!(target("POSTGRES://app@db_1.internal:6432"), host("db_1.internal", 6432));
    assert_eq!(target("postgres://app@10.0.0.1"), host("10.0.0.1", 5432));
    assert_eq!(target("postgres://app@[2001:DB8::1]:7000"), host("2001:db8::1", 7000));
}

#[test]
fn sockets() {
    let socket = |port| at(Place::Socket("/run/postgresql".into()), port);
    assert_eq!(target("postgres://app@/?host=/run/postgresql"), socket(5432));
    assert_eq!(target("postgres://app@:6432?host=%2Frun%2Fpostgresql"), socket(6432));
    assert_eq!(target("postgres://app@%2Frun%2fpostgresql:6432/app"), socket(6432));
    assert_eq!(target("postgres://app@%2frun%2Fpostgresql/app?sslmode=prefer").encryption.mode, Mode::Prefer);
}

#[test]
fn logins_and_databases_are_decoded() {
    let of = |url| {
        let Target { user, password, database, .. } = target(url);
        (user, password.unwrap_or_default(), database)
    };
    let is = |user: &str, password: &str, database: &str| {
        (user.to_owned(), password.to_owned(), database.to_owned())
    };
    assert_eq!(of("postgres://app:hunter2@db/limits"), is("app", "hunter2", "limits"));
    assert_eq!(of("postgres://a%40b:p%3Aq%2F%25+r:s@db"), is("a@b", "p:q/%+r:s", "a@b"));
    assert_eq!(of("postgres://app:päss@db/a%2Fb%20c"), is("app", "päss", "a/b c"));
    assert_eq!(target("postgres://app@db").password, None);
    let longest = "p".repeat(63);
    assert_eq!(of(&format!("postgres://{longest}@db/{longest}")), is(&longest, "", &longest));
}

#[test]
fn what_stays_on_this_machine_is_plain_unless_the_url_says_otherwise() {
    for place in ["localhost", "LOCALHOST", "127.0.0.1", "127.8.9.10", "[::1]", "%2Frun"] {
        assert_eq!(mode(&format!("postgres://app@{place}")), Mode::Disable, "{place}");
    }
    for place in ["db", "10.0.0.1", "localhost.example", "128.0.0.1", "[::2]", "[::ffff:127.0.0.1]"] {
        assert_eq!(mode(&format!("postgres://app@{place}")), Mode::VerifyFull, "{place}");
    }
    assert_eq!(mode("postgres://app@localhost?sslrootcert=/ca.pem"), Mode::VerifyFull);
    assert_eq!(mode("postgres://app@localhost?sslcert=c&sslkey=k"), Mode::VerifyFull);
    assert_eq!(mode("postgres://app@localhost?sslmode=require"), Mode::Require);
    assert_eq!(mode("postgres://app@db?sslmode=disable"), Mode::Disable);
}

#[test]
fn encryption_is_certain_where_the_mode_says_so() {
    let certain =
        |mode: &str| Config::new(&format!("postgres://app@db?sslmode={mode}")).unwrap().is_encrypted();
    assert_eq!(["disable", "allow", "prefer"].map(certain), [false; 3]);
    assert_eq!(["require", "verify-ca", "verify-full"].map(certain), [true; 3]);
}

#[test]
fn parameters() {
    let url = "postgres://app@db?connect_timeout=10&response_timeout=60000ms&sslmode=verify-ca&sslrootcert=/ca.pem\
               &sslcert=/c%20c.pem&sslkey=/k.pem&application_name=shop%20%231";
    let Parsed { target, connect_timeout, response_timeout } = parse(url).unwrap();
    assert_eq!(connect_timeout, Some(Duration::from_secs(10)));
    assert_eq!(response_timeout, Some(Duration::from_mins(1)));
    let client = Some(("/c c.pem".into(), "/k.pem".into()));
    let root = Some("/ca.pem".into());
    assert_eq!(target.encryption, Encryption { mode: Mode::VerifyCa, root, client });
    assert_eq!(target.application_name, "shop #1");
    let neither = parse("postgres://app@db?sslrootcert=system").unwrap();
    assert_eq!((neither.connect_timeout, neither.response_timeout), (None, None));
    assert_eq!(neither.target, host("db", 5432));
}

#[test]
fn nothing_of_the_environment_leaks_into_the_ways_in() {
    let ways = Config::new("postgres://app@db:7000/limits?sslmode=prefer").unwrap().targets().unwrap();
    for way in ways {
        assert_eq!((way.get_host(), way.get_port(), way.get_socket()), ("db", 7000, None));
        assert_eq!((way.get_username(), way.get_database()), ("app", Some("limits")));
        assert_eq!(way.get_application_name(), Some("limiter"));
        let shown = format!("{way:?}");
        assert!(shown.contains("password: Some(\"\")"), "{shown}");
        assert!(shown.contains("ssl_root_cert: Some("), "{shown}");
    }
}

#[test]
fn what_is_shown_for_debugging_holds_no_password() {
    let shown = format!("{0:?}{0:#?}", target("postgres://app:hunter2@db/limits"));
    assert!(shown.contains("app") && shown.contains("limits") && shown.contains("***"), "{shown}");
    assert!(!shown.contains("hunter"), "{shown}");
}

fn text() -> impl Strategy<Value = String> {
    let char = any::<char>().prop_filter("no NUL", |char| *char != '\0');
    proptest::collection::vec(char, 1..15).prop_map(String::from_iter)
}

fn name() -> impl Strategy<Value = String> {
    text().prop_filter("of the server", |name| name.len() <= 63)
}

fn places() -> impl Strategy<Value = Place> {
    prop_oneof![
        "[a-z0-9_][A-Za-z0-9_.-]{0,20}[a-z]".prop_map(Place::Host),
        any::<u32>().prop_map(|bits| Place::Host(std::net::Ipv4Addr::from(bits | 1).to_string())),
        any::<u128>().prop_map(|bits| Place::Host(std::net::Ipv6Addr::from(bits | 1).to_string())),
        text().prop_map(|folder| Place::Socket(format!("/{folder}").into())),
    ]
}

fn encryption(place: &Place) -> impl Strategy<Value = Encryption> + use<> {
    let modes = if matches!(place, Place::Socket(_)) { 0..3_usize } else { 0..6 };
    let path = || text().prop_map(PathBuf::from);
    let files = (proptest::option::of(path()), proptest::option::of((path(), path())));
    (modes, files).prop_map(|(mode, (root, client))| {
        let mode = Mode::NAMED[mode].1;
        let root = root.filter(|root| mode >= Mode::Require && root.to_str() != Some("system"));
        Encryption { mode, root, client: client.filter(|_| mode != Mode::Disable) }
    })
}

fn targets() -> impl Strategy<Value = Target> {
    let login = (name(), proptest::option::of(text()), name());
    let rest = (login, 1..=u16::MAX, "[ -~]{1,63}");
    let places = places().prop_flat_map(|place| (encryption(&place), Just(place)));
    (places, rest).prop_map(|((encryption, place), ((user, password, database), port, application_name))| {
        Target { place, port, user, password, database, application_name, encryption }
    })
}

fn options() -> impl Strategy<Value = Options> {
    let timeout = || (1..=60_000_u64).prop_map(Duration::from_millis);
    (timeout(), timeout()).prop_map(|(connect, response)| {
        let options = Options::default().with_connect_timeout(connect).unwrap();
        options.with_response_timeout(response).unwrap()
    })
}

/// The URL with the password in it.
fn with_secrets(target: &Target, options: &Options) -> String {
    let shown = render(target, options);
    let Some(password) = &target.password else { return shown };
    shown.replacen(":***@", &format!(":{}@", encode(password)), 1)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_url_written_and_read_is_the_same_target(target in targets(), options in options()) {
        let config = Config::new(&with_secrets(&target, &options)).unwrap();
        let read = parse(&with_secrets(&target, &options)).unwrap();
        prop_assert_eq!(&read.target, &target);
        prop_assert_eq!(config.options(), &options);
        // What is shown is the same but for the password.
        let shown = parse(&config.to_string()).unwrap();
        let password = target.password.as_ref().map(|_| "***".to_owned());
        prop_assert_eq!(shown.target, Target { password, ..target });
    }
}
