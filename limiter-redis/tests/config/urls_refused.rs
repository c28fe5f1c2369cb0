//! URLs that are refused, with the whole text that a person is told.

use limiter_core::ErrorKind;
use limiter_redis::Config;

const SCHEMES: &str = "redis://, redis+sentinel://, redis+cluster://, with TLS rediss://, rediss+sentinel://, \
                       rediss+cluster://, and the same with valkey and valkeys";
const HOST: &str = "a name of A-Z a-z 0-9 _ . -, an IPv4 address, or an IPv6 address in brackets";
const AT: &str = "it holds an @ in the wrong place; accepted: one @, before the host (elsewhere @ is %40; in a user \
                  or password / is %2F, ? is %3F)";
const LOGIN: &str = "user:password@, :password@, or neither";
const DATABASE: &str = "a number, 0 to 2147483647";
const CODE: &str = "a % with two hexadecimal digits behind it (a % itself is %25)";

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
    let is = |scheme: &str| format!("the URL's scheme is {scheme:?}; accepted: {SCHEMES}");
    let unix = |scheme: &str| {
        format!("the URL's scheme is {scheme:?}: unix sockets aren't supported; accepted: {SCHEMES}")
    };
    let none = || format!("the URL has no scheme; accepted: {SCHEMES}");
    refused(&[
        ("postgres://app:hunter2@db/limits", is("postgres")),
        ("http://cache", is("http")),
        ("reddis://cache", is("reddis")),
        ("redis+sentinels://cache", is("redis+sentinels")),
        ("redis-cluster://cache", is("redis-cluster")),
        ("unix:///run/redis.sock", unix("unix")),
        ("redis+unix:///run/redis.sock", unix("redis+unix")),
        ("valkey+UNIX:///run/valkey.sock", unix("valkey+UNIX")),
        ("redis+socket:///run/redis.sock", unix("redis+socket")),
        ("", none()),
        ("cache:6379", none()),
        ("redis:/app:hunter2@cache", none()),
        ("app:hunter2@redis://cache", none()),
        (" redis://cache", none()),
        ("://cache", none()),
    ]);
}

#[test]
fn a_url_that_splits_in_several_ways_is_not_shown() {
    let whitespace = ": it holds whitespace or a control character; accepted: none (a space is %20)";
    let fragment = ": it holds a #; accepted: no fragment (in a user or password a # is %23)";
    refused(&[
        ("redis://cache\n", whitespace.to_owned()),
        ("redis://app:hun ter2@cache", whitespace.to_owned()),
        ("redis://cache#insecure", fragment.to_owned()),
        ("redis://app:hun#ter2@cache", fragment.to_owned()),
        ("redis://app:hun@ter2@cache", format!(": {AT}")),
        ("redis://app:hun/ter2@cache", format!(": {AT}")),
        ("redis://app:hun?ter2@cache", format!(": {AT}")),
        ("rediss://cache?ca=a@b", format!(": {AT}")),
    ]);
}

#[test]
fn a_login_without_its_half() {
    refused(&[
        ("redis://hunter2@cache", format!(": there is no password before the @; accepted: {LOGIN}")),
        ("redis://@cache", format!(": there is no password before the @; accepted: {LOGIN}")),
        ("redis://app:@cache", format!(": the password is empty; accepted: {LOGIN}")),
        ("redis://:@cache", format!(": the password is empty; accepted: {LOGIN}")),
        (
            "redis://app:50%off@cache",
            format!(": the password holds a % that encodes nothing; accepted: {CODE}"),
        ),
        ("redis://a%:hunter2@cache", format!(": the user holds a % that encodes nothing; accepted: {CODE}")),
        ("redis://app:%ff@cache", ": the password isn't UTF-8; accepted: UTF-8, percent-encoded".to_owned()),
    ]);
}

#[test]
fn hosts_and_ports() {
    let host = |held: &str| format!(": the host is {held:?}; accepted: {HOST}");
    let port = |held: &str| format!(": the port of the host is {held:?}; accepted: 1 to 65535");
    refused(&[
        ("redis://", format!(": the host is empty; accepted: {HOST}")),
        ("redis:///run/redis.sock", format!(": the host is empty; accepted: {HOST}")),
        ("redis://app:hunter2@", format!(": the host is empty; accepted: {HOST}")),
        ("redis://:pw@ca!che", host("ca!che")),
        ("redis://:pw@c%61che", host("c%61che")),
        ("redis://:pw@::1", host("::1")),
        ("redis://:pw@[::1", host("[::1")),
        ("redis://:pw@[cache]", host("[cache]")),
        ("redis://:pw@[::1]6379", host("[::1]6379")),
        ("redis://:pw@[fe80::1%25eth0]", host("[fe80::1%25eth0]")),
        ("redis://:pw@0.0.0.0", host("0.0.0.0")),
        ("redis://:pw@[::]:6379", host("[::]:6379")),
        ("redis://:pw@cache:", ": the port of the host is empty; accepted: 1 to 65535".to_owned()),
        ("redis://:pw@cache:0", port("0")),
        ("redis://:pw@cache:65536", port("65536")),
        ("redis://:pw@cache:+1", port("+1")),
        ("redis://:pw@[::1]:port", port("port")),
        (
            "redis://:pw@a,b",
            ": it names 2 hosts; accepted: one; several with redis+cluster:// or redis+sentinel://"
                .to_owned(),
        ),
        ("redis+cluster://:pw@a,,b", format!(": host 2 is empty; accepted: {HOST}")),
        ("redis+cluster://:pw@a,b:x", ": the port of host 2 is \"x\"; accepted: 1 to 65535".to_owned()),
        (
            "redis+sentinel://:pw@a,b c/limits",
            ": it holds whitespace or a control character; accepted: none (a space is %20)".to_owned(),
        ),
    ]);
}

#[test]
fn what_may_be_a_login_whose_host_was_forgotten_is_not_shown() {
    refused(&[
        ("redis://app:hunter2", ": the port of the host is wrong; accepted: 1 to 65535".to_owned()),
        ("redis://app:1234567", ": the port of the host is wrong; accepted: 1 to 65535".to_owned()),
        ("redis://hunter2!", format!(": the host is wrong; accepted: {HOST}")),
        ("redis+cluster://app:hun,ter2", ": the port of host 1 is wrong; accepted: 1 to 65535".to_owned()),
        ("redis://app:12/hunter2", format!(": the database is wrong; accepted: {DATABASE}")),
        (
            "redis://app:12?hunter2=3",
            ": a parameter is unknown; accepted: connect_timeout, response_timeout".to_owned(),
        ),
    ]);
}

#[test]
fn databases_and_services() {
    let database = |held: &str| format!(": the database is {held:?}; accepted: {DATABASE}");
    let cluster =
        |held: &str| format!(": the database is {held:?}; accepted: 0, the only one that a cluster has");
    let service =
        ": the service is empty; accepted: redis+sentinel://host,host/service or …/service/database";
    refused(&[
        ("redis://cache/limits", database("limits")),
        ("redis://cache/-1", database("-1")),
        ("redis://cache/+1", database("+1")),
        ("redis://cache/2147483648", database("2147483648")),
        ("redis://cache/0/", database("0/")),
        ("redis+cluster://a,b/1", cluster("1")),
        ("redis+cluster://a,b/limits", cluster("limits")),
        ("redis+sentinel://a,b", service.to_owned()),
        ("redis+sentinel://a,b/", service.to_owned()),
        ("redis+sentinel://a,b//0", service.to_owned()),
        ("redis+sentinel://a,b/limits/", database("")),
        ("redis+sentinel://a,b/limits/x", database("x")),
        (
            "redis+sentinel://a,b/li%mits",
            format!(": the service holds a % that encodes nothing; accepted: {CODE}"),
        ),
    ]);
}

#[test]
fn parameters() {
    let all = "connect_timeout, response_timeout";
    let timeout = |name: &str, held: &str| {
        format!(": the parameter {name} is {held:?}; accepted: 1 ms to 60 s, such as 500ms or 2s")
    };
    let alone = |name: &str, other: &str| {
        format!(": the parameter {name} stands without {other}; accepted: both or neither")
    };
    refused(&[
        ("redis://a?protocol=resp3", format!(": the parameter \"protocol\" is unknown; accepted: {all}")),
        ("redis://a?Connect_Timeout=1s", format!(": the parameter \"Connect_Timeout\" is unknown; accepted: {all}")),
        ("redis://a?password=hunter2", format!(": the parameter \"password\" is unknown; accepted: {all}")),
        ("rediss://a?verify=no", format!(": the parameter \"verify\" is unknown; accepted: {all}, ca, cert, key")),
        (
            "redis+sentinel://a/limits?x=1",
            format!(": the parameter \"x\" is unknown; accepted: {all}, sentinel_user, sentinel_password"),
        ),
        ("redis://a?", format!(": a parameter has no value; accepted: name=value, several joined by &, of {all}")),
        ("redis://a?ca", format!(": a parameter has no value; accepted: name=value, several joined by &, of {all}")),
        (
            "redis://a?connect_timeout=",
            ": the parameter connect_timeout is empty; accepted: a value, or no such parameter".to_owned(),
        ),
        (
            "redis://a?connect_timeout=1s&response_timeout=1s&connect_timeout=1s",
            ": the parameter connect_timeout stands there twice; accepted: it once".to_owned(),
        ),
        ("redis://a?connect_timeout=5", timeout("connect_timeout", "5")),
        ("redis://a?connect_timeout=0ms", timeout("connect_timeout", "0ms")),
        ("redis://a?response_timeout=61s", timeout("response_timeout", "61s")),
        ("redis://a?response_timeout=0.5s", timeout("response_timeout", "0.5s")),
        ("redis://a?response_timeout=500MS", timeout("response_timeout", "500MS")),
        ("redis://a?response_timeout=99999999999999999999s", timeout("response_timeout", "99999999999999999999s")),
        ("redis://a?ca=ca.pem", ": the parameter ca is set; accepted: it with TLS only (rediss://)".to_owned()),
        ("redis://a?key=k.pem", ": the parameter key is set; accepted: it with TLS only (rediss://)".to_owned()),
        ("rediss://a?cert=c.pem", alone("cert", "key")),
        ("rediss://a?key=k.pem", alone("key", "cert")),
        (
            "redis://a?sentinel_password=hunter2",
            ": the parameter sentinel_password is set; accepted: it with sentinels only (redis+sentinel://)".to_owned(),
        ),
        (
            "redis+sentinel://a/limits?sentinel_user=hunter2",
            ": the parameter sentinel_user stands without sentinel_password; accepted: both, only the password, or \
             neither"
                .to_owned(),
        ),
        (
            "redis+sentinel://a/limits?sentinel_password=hun&ter2=3",
            format!(": a parameter is unknown; accepted: {all}, sentinel_user, sentinel_password"),
        ),
        ("rediss://a?ca=50%.pem", format!(": the parameter ca holds a % that encodes nothing; accepted: {CODE}")),
    ]);
}
