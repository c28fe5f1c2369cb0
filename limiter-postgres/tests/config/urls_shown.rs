//! How a configuration shows itself: as a URL without its password.

use limiter_postgres::Config;

const REST: &str = "application_name=limiter&connect_timeout=2000ms&response_timeout=1000ms";

#[test]
fn a_configuration_shows_itself_as_a_url() {
    let shown = [
        ("postgres://app@db", "postgres://app@db:5432/app?sslmode=verify-full"),
        ("postgresql://a%40b:hunter2@[::1]:7000", "postgres://a%40b:***@[::1]:7000/a%40b?sslmode=disable"),
        (
            "postgres://app:hunter2@db/my%20limits",
            "postgres://app:***@db:5432/my%20limits?sslmode=verify-full",
        ),
        ("postgres://app@db?sslmode=prefer", "postgres://app@db:5432/app?sslmode=prefer"),
        (
            "postgres://app:hunter2@:6432/limits?host=/run/postgresql",
            "postgres://app:***@:6432/limits?host=%2Frun%2Fpostgresql&sslmode=disable",
        ),
        ("postgres://app@%2Frun/limits", "postgres://app@:5432/limits?host=%2Frun&sslmode=disable"),
    ];
    for (url, expected) in shown {
        let config = Config::new(url).unwrap();
        assert_eq!(config.to_string(), format!("{expected}&{REST}"), "{url}");
        assert!(format!("{config:?}").starts_with(&format!("Config {{ target: {expected}&")), "{config:?}");
    }
}

#[test]
fn parameters_show_too() {
    let url = "postgres://app@db/limits?sslcert=c.pem&sslkey=k.pem&sslrootcert=/ca.pem&connect_timeout=5\
               &application_name=a%20b&sslmode=verify-ca";
    assert_eq!(
        Config::new(url).unwrap().to_string(),
        "postgres://app@db:5432/limits?sslmode=verify-ca&sslrootcert=%2Fca.pem&sslcert=c.pem&sslkey=k.pem\
         &application_name=a%20b&connect_timeout=5000ms&response_timeout=1000ms"
    );
}
