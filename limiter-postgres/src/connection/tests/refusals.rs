//! Servers that can't be used, and what is said of them.

use super::*;

#[tokio::test]
async fn a_hot_standby_is_refused_at_first_and_later() {
    let primary = Postgres::start().unwrap();
    let database = Database::on(&primary);
    let standby = primary.standby().unwrap();
    let error = Connection::connect(&database.config_at(standby.address())).await.unwrap_err();
    assert_eq!(told(&error), (ErrorKind::Unavailable, false), "{error}");
    assert!(error.to_string().contains("standby") && error.to_string().contains("primary"), "{error}");
    // Once it is promoted it is as good as any.
    standby.psql("postgres", &["-c", "select pg_promote()"]).unwrap();
    let connection = Connection::connect(&database.config_at(standby.address())).await.unwrap();
    count(&connection, "k").await.unwrap();
}

#[tokio::test]
async fn a_database_that_is_made_read_only_is_told_and_found_again() {
    let database = Database::new();
    let connection = database.connect().await;
    count(&connection, "k").await.unwrap();
    let set = |to: &str| {
        let text = format!("alter database {} set default_transaction_read_only to {to}", database.name);
        let options = ["-c", "set default_transaction_read_only to off", "-c", &text];
        SERVER.psql("postgres", &options).unwrap();
    };
    set("on");
    // Sessions that there are don't notice; a new one does.
    let pid = backend(&connection).await;
    SERVER.psql("postgres", &["-c", &format!("select pg_terminate_backend({pid})")]).unwrap();
    sleep(Duration::from_millis(50)).await;
    count(&connection, "k").await.unwrap_err();
    let error = count(&connection, "k").await.unwrap_err();
    assert_eq!(told(&error), (ErrorKind::Unavailable, false), "{error}");
    assert!(error.to_string().contains("read_only"), "{error}");
    set("off");
    until_it_works(&connection, "k", Duration::from_secs(2)).await;
}

#[tokio::test]
async fn a_session_that_takes_no_writes_any_more_is_left() {
    let database = Database::new();
    let connection = database.connect().await;
    let first = backend(&connection).await;
    // As a primary does that was demoted under us.
    let text = Call::new("fail", "hit", true).with(Argument::Id("25006".to_owned())).with(key("k"));
    let error = run(&connection, text).await.unwrap_err();
    assert_eq!(told(&error), (ErrorKind::Unavailable, false), "{error}");
    assert_ne!(backend(&connection).await, first);
}

#[tokio::test]
async fn what_is_missing_or_forbidden_is_told_with_what_to_do() {
    let server = Postgres::with_passwords().unwrap();
    let database = Database::on(&server);
    let role = "create role app login password 'hunter2'; revoke connect on database postgres from public";
    server.psql(&database.name, &["-c", role]).unwrap();
    let url = |user: &str, password: &str, name: &str| server.url_as(user, password, name);
    let refused = |url: String| async move {
        let error = Connection::connect(&Config::new(&url).unwrap()).await.unwrap_err();
        assert!(!error.to_string().contains("hunter"), "{error}");
        assert_eq!(error.operation(), Some("connect"));
        (error.kind(), error.to_string())
    };
    let (kind, text) = refused(url("app", "hunter3", &database.name)).await;
    assert_eq!(kind, ErrorKind::Config);
    assert!(text.contains("refuses the user or the password") && text.contains("127.0.0.1:"), "{text}");
    let (kind, text) = refused(url("app", "hunter2", "nowhere")).await;
    assert_eq!(kind, ErrorKind::Config);
    assert!(text.contains("no such database"), "{text}");
    let (kind, text) = refused(url("app", "hunter2", "postgres")).await;
    assert_eq!(kind, ErrorKind::Config);
    assert!(text.contains("connect"), "{text}");

    let config = Config::new(&url("app", "hunter2", &database.name)).unwrap();
    let connection = Connection::connect(&config).await.unwrap();
    let error = count(&connection, "k").await.unwrap_err();
    assert_eq!(told(&error), (ErrorKind::Config, false), "{error}");
    assert!(error.to_string().contains("grant"), "{error}");
    server.psql(&database.name, &["-c", "drop schema limiter cascade"]).unwrap();
    let error = count(&connection, "k").await.unwrap_err();
    assert_eq!(told(&error), (ErrorKind::Config, false), "{error}");
    assert!(error.to_string().contains("LIMITER_MIGRATE"), "{error}");
    assert!(!format!("{connection:?}").contains("hunter2"));
}

#[tokio::test]
async fn whoever_isnt_there_or_isnt_a_server_is_told() {
    let at = |address: SocketAddr| {
        let config = Config::new(&format!("postgres://postgres@{address}/postgres")).unwrap();
        config.with_options(options())
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let begun = Instant::now();
    let silent = Connection::connect(&at(address)).await.unwrap_err();
    assert!(begun.elapsed() < 3 * CONNECT, "{:?}", begun.elapsed());
    assert_eq!(silent.kind(), ErrorKind::Unavailable);
    assert!(silent.to_string().contains("connect timeout of 1s"), "{silent}");
    drop(listener);
    let begun = Instant::now();
    let absent = Connection::connect(&at(address)).await.unwrap_err();
    assert_eq!(absent.kind(), ErrorKind::Unavailable);
    assert!(absent.to_string().contains("refused"), "{absent}");
    assert!(begun.elapsed() < Duration::from_millis(500), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_server_that_may_lose_what_it_acknowledged_is_refused_when_strict() {
    let server = Postgres::with(&[("fsync", "off")]).unwrap();
    let database = Database::on(&server);
    let connection = database.connect().await;
    assert!(connection.describe().contains("fsync off"), "{}", connection.describe());
    let config = database.config().with_options(Options { strict: true, ..options() });
    let error = Connection::connect(&config).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.to_string().contains("LIMITER_STRICT"), "{error}");
    let config = Database::new().config().with_options(Options { strict: true, ..options() });
    Connection::connect(&config).await.unwrap();
}
