//! URLs that are refused, with the whole text that a person is told.

use limiter_core::ErrorKind;
use limiter_postgres::Config;

const HOST: &str = "a name of A-Z a-z 0-9 _ . -, an IPv4 address, an IPv6 address in brackets, or none and the folder \
                    of a socket: ?host=/run/postgresql";
const AT: &str = "it holds an @ in the wrong place; accepted: one @, before the host (elsewhere @ is %40; in a user or \
                  password / is %2F, ? is %3F)";
const LOGIN: &str = "user:password@ or user@ before the host";
const CODE: &str = "a % with two hexadecimal digits behind it (a % itself is %25)";
const ALL: &str =
    "sslmode, sslrootcert, sslcert, sslkey, host, application_name, connect_timeout, response_timeout";
const MODES: &str = "disable, allow, prefer, require, verify-ca, verify-full";

/// Checks the text for each URL. A text that begins with `:` has the URL's scheme before it.
#[track_caller]
fn refused(cases: &[(&str, String)]) {
    for (url, expected) in cases {
        let error = Config::new(url).map(|config| config.to_string()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config, "{url}");
        let scheme = url.split("://").next().unwrap();
        let expected = match expected.strip_prefix(':') {
            Some(text) => format!("URL {scheme}://…:{text}"),
            None => expected.clone(),
        };
        assert_eq!(error.message(), expected, "{url}");
    }
}

#[test]
fn a_scheme_that_is_none_of_ours() {
    let is = |scheme: &str| format!("the URL's scheme is {scheme:?}; accepted: postgres:// or postgresql://");
    let none = || "the URL has no scheme; accepted: postgres:// or postgresql://".to_owned();
    refused(&[
        ("mysql://app:hunter2@db/limits", is("mysql")),
        ("redis://:hunter2@cache", is("redis")),
        ("postgre://app@db", is("postgre")),
        ("postgres+ssl://app@db", is("postgres+ssl")),
        ("jdbc:postgresql://db/limits", none()),
        ("", none()),
        ("db:5432", none()),
        ("host=db user=app password=hunter2", none()),
        ("postgres:/app:hunter2@db", none()),
        ("app:hunter2@postgres://db", none()),
        (" postgres://app@db", none()),
        ("://db", none()),
    ]);
}

#[test]
fn a_url_that_splits_in_several_ways_is_not_shown() {
    let whitespace = ": it holds whitespace or a control character; accepted: none (a space is %20)";
    let fragment = ": it holds a #; accepted: no fragment (in a user or password a # is %23)";
    refused(&[
        ("postgres://app@db\n", whitespace.to_owned()),
        ("postgres://app:hun ter2@db", whitespace.to_owned()),
        ("postgres://app@db#insecure", fragment.to_owned()),
        ("postgresql://app:hun#ter2@db", fragment.to_owned()),
        ("postgres://app:hun@ter2@db", format!(": {AT}")),
        ("postgres://app:hun/ter2@db", format!(": {AT}")),
        ("postgres://app:hun?ter2@db", format!(": {AT}")),
        ("postgres://app@db?sslrootcert=a@b", format!(": {AT}")),
    ]);
}

#[test]
fn a_login_that_is_missing_or_has_but_half() {
    let none = || format!(": there is no user and no @; accepted: {LOGIN}");
    refused(&[
        ("postgres://", none()),
        ("postgres://db", none()),
        ("postgres://db:5432/limits", none()),
        ("postgres://app:hunter2", none()),
        ("postgresql:///limits?host=/run/postgresql", none()),
        ("postgres://@db", format!(": the user is empty; accepted: {LOGIN}")),
        ("postgres://:hunter2@db", format!(": the user is empty; accepted: {LOGIN}")),
        ("postgres://app:@db", format!(": the password is empty; accepted: {LOGIN}")),
        (
            "postgres://app:50%off@db",
            format!(": the password holds a % that encodes nothing; accepted: {CODE}"),
        ),
        ("postgres://a%:hunter2@db", format!(": the user holds a % that encodes nothing; accepted: {CODE}")),
        ("postgres://app:%ff@db", ": the password isn't UTF-8; accepted: UTF-8, percent-encoded".to_owned()),
        ("postgres://app:hun%00ter2@db", ": the password holds a NUL (%00); accepted: none".to_owned()),
        ("postgres://a%00b@db", ": the user holds a NUL (%00); accepted: none".to_owned()),
        (
            &format!("postgres://{}@db", "u".repeat(64)),
            ": the user has 64 bytes; accepted: 1 to 63 bytes".to_owned(),
        ),
    ]);
}

#[test]
fn hosts_and_ports() {
    let host = |held: &str| format!(": the host is {held:?}; accepted: {HOST}");
    let port = |held: &str| format!(": the port is {held:?}; accepted: 1 to 65535");
    refused(&[
        ("postgres://app:pw@", format!(": the host is empty; accepted: {HOST}")),
        ("postgres://app:pw@:5432/limits", format!(": the host is empty; accepted: {HOST}")),
        ("postgres://app:pw@d!b", host("d!b")),
        ("postgres://app:pw@d%61b", host("d%61b")),
        ("postgres://app:pw@::1", host("::1")),
        ("postgres://app:pw@[::1", host("[::1")),
        ("postgres://app:pw@[db]", host("[db]")),
        ("postgres://app:pw@[::1]5432", host("[::1]5432")),
        ("postgres://app:pw@[fe80::1%25eth0]", host("[fe80::1%25eth0]")),
        ("postgres://app:pw@0.0.0.0", host("0.0.0.0")),
        ("postgres://app:pw@[::]:5432", host("[::]:5432")),
        ("postgres://app:pw@db:", ": the port is empty; accepted: 1 to 65535".to_owned()),
        ("postgres://app:pw@db:0", port("0")),
        ("postgres://app:pw@db:65536", port("65536")),
        ("postgres://app:pw@db:+1", port("+1")),
        ("postgres://app:pw@[::1]:port", port("port")),
        (
            "postgres://app:pw@a:5432,b:5432/limits",
            ": it names 2 hosts; accepted: one (a name or a proxy that leads to the primary)".to_owned(),
        ),
        (
            "postgres://app@db?host=/run",
            ": there is a host before the path, and the parameter host; accepted: one of the two".to_owned(),
        ),
        (
            "postgres://app@/limits?host=db",
            ": the parameter host is \"db\"; accepted: the folder of a socket, from / on (any other host stands before \
             the path)"
                .to_owned(),
        ),
    ]);
}

#[test]
fn databases() {
    let database =
        |held: &str| format!(": the database is {held:?}; accepted: one name, in which / is written %2F");
    refused(&[
        ("postgres://app@db/a/b", database("a/b")),
        ("postgres://app@db/limits/", database("limits/")),
        ("postgres://app@db//limits", database("/limits")),
        (
            "postgres://app@db/li%mits",
            format!(": the database holds a % that encodes nothing; accepted: {CODE}"),
        ),
        ("postgres://app@db/%00", ": the database holds a NUL (%00); accepted: none".to_owned()),
        (
            &format!("postgres://app@db/{}", "d".repeat(64)),
            ": the database has 64 bytes; accepted: 1 to 63 bytes".to_owned(),
        ),
    ]);
}

#[test]
fn parameters_that_there_are_not() {
    let unknown = |name: &str| format!(": the parameter {name:?} is unknown; accepted: {ALL}");
    let nearly = |name: &str, nearest: &str| {
        format!(": the parameter {name:?} is unknown; the nearest is {nearest}; accepted: {ALL}")
    };
    let no_value =
        || format!(": a parameter has no value; accepted: name=value, several joined by &, of {ALL}");
    refused(&[
        ("postgres://app@db?sslmod=disable", nearly("sslmod", "sslmode")),
        ("postgres://app@db?sslMode=disable", nearly("sslMode", "sslmode")),
        ("postgres://app@db?ssl-mode=disable", nearly("ssl-mode", "sslmode")),
        ("postgres://app@db?ssl-root-cert=a", nearly("ssl-root-cert", "sslrootcert")),
        ("postgres://app@db?connect-timeout=1", nearly("connect-timeout", "connect_timeout")),
        ("postgres://app@db?applicationName=a", nearly("applicationName", "application_name")),
        ("postgres://app@db?target_session_attrs=primary", unknown("target_session_attrs")),
        ("postgres://app@db?channel_binding=require", unknown("channel_binding")),
        ("postgres://app@db?password=hunter2", unknown("password")),
        ("postgres://app@db?options=-c%20geqo=off", unknown("options")),
        ("postgres://app@db?pgbouncer=true", unknown("pgbouncer")),
        ("postgres://app@db?", no_value()),
        ("postgres://app@db?sslmode", no_value()),
        ("postgres://app@db?sslmode=disable&", no_value()),
        (
            "postgres://app@db?sslmode=",
            ": the parameter sslmode is empty; accepted: a value, or no such parameter".to_owned(),
        ),
        (
            "postgres://app@db?sslmode=disable&sslmode=require",
            ": the parameter sslmode stands there twice; accepted: it once".to_owned(),
        ),
    ]);
}

#[test]
fn values_of_parameters() {
    let timeout = |name: &str, held: &str| {
        format!(": the parameter {name} is {held:?}; accepted: 1 ms to 60 s, such as 500ms or 2s")
    };
    let name = ": the parameter application_name is \"ä\"; accepted: 1 to 63 printable ASCII characters";
    refused(&[
        ("postgres://app@db?connect_timeout=0", timeout("connect_timeout", "0")),
        ("postgres://app@db?connect_timeout=61", timeout("connect_timeout", "61")),
        ("postgres://app@db?connect_timeout=+5", timeout("connect_timeout", "+5")),
        ("postgres://app@db?connect_timeout=1m", timeout("connect_timeout", "1m")),
        ("postgres://app@db?response_timeout=5", timeout("response_timeout", "5")),
        ("postgres://app@db?response_timeout=0.5s", timeout("response_timeout", "0.5s")),
        (
            "postgres://app@db?response_timeout=99999999999999999999s",
            timeout("response_timeout", "99999999999999999999s"),
        ),
        ("postgres://app@db?application_name=%C3%A4", name.to_owned()),
        (
            "postgres://app@db?sslkey=50%.pem",
            format!(": the parameter sslkey holds a % that encodes nothing; accepted: {CODE}"),
        ),
    ]);
}

#[test]
fn encryption_that_contradicts_itself() {
    let mode = |held: &str| format!(": the parameter sslmode is {held:?}; accepted: {MODES}");
    let alone = |name: &str, other: &str| {
        format!(": the parameter {name} stands without {other}; accepted: both or neither")
    };
    let root = |mode: &str| {
        format!(
            ": the parameter sslrootcert is set, and sslmode is {mode}; accepted: sslrootcert with an sslmode of require, \
             verify-ca or verify-full"
        )
    };
    refused(&[
        ("postgres://app@db?sslmode=verify_full", mode("verify_full")),
        ("postgres://app@db?sslmode=Require", mode("Require")),
        ("postgres://app@db?sslmode=off", mode("off")),
        ("postgres://app@db?sslmode=disable&sslrootcert=/ca.pem", root("disable")),
        ("postgres://app@db?sslmode=prefer&sslrootcert=/ca.pem", root("prefer")),
        (
            "postgres://app@db?sslmode=require&sslrootcert=system",
            ": the parameter sslrootcert is set, and sslmode is require; accepted: sslrootcert=system with \
             sslmode=verify-full only"
                .to_owned(),
        ),
        (
            "postgres://app@db?sslmode=disable&sslcert=c&sslkey=k",
            ": the parameter sslcert is set, and sslmode is disable; accepted: sslcert with another sslmode than disable"
                .to_owned(),
        ),
        ("postgres://app@db?sslcert=c.pem", alone("sslcert", "sslkey")),
        ("postgres://app@db?sslkey=k.pem", alone("sslkey", "sslcert")),
        (
            "postgres://app@/?host=/run&sslmode=require",
            ": the parameter sslmode is \"require\"; accepted: disable for a socket, or no such parameter".to_owned(),
        ),
    ]);
}
