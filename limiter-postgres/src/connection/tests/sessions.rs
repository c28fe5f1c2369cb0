//! What a session is told when it begins, and that calls leave it as it was.

use super::*;

async fn setting(connection: &Connection, name: &str) -> String {
    let call = Call::new("setting", "peek", false).with(Argument::Id(name.to_owned()));
    let rows = connection.run(call, Instant::now() + RESPONSE).await.unwrap();
    rows[0].try_get("value").unwrap()
}

#[tokio::test]
async fn the_server_gives_up_before_the_caller_does() {
    let connection = Database::new().connect().await;
    assert_eq!(setting(&connection, "lock_timeout").await, "400ms");
    assert_eq!(setting(&connection, "statement_timeout").await, "450ms");
    assert_eq!(setting(&connection, "jit").await, "off");
    assert_eq!(setting(&connection, "limiter.single_calls").await, "on");
    assert_eq!(setting(&connection, "application_name").await, "limiter");
    let error = run(&connection, slow("k", 2 * RESPONSE)).await.unwrap_err();
    // The server says that nothing was done.
    assert_eq!(told(&error), (ErrorKind::Timeout, false), "{error}");
}

#[tokio::test]
async fn a_database_whose_transactions_are_serializable_by_default_is_none_for_the_limiter() {
    let database = Database::new();
    let text = format!("alter database {} set default_transaction_isolation to serializable", database.name);
    SERVER.psql("postgres", &["-c", &text]).unwrap();
    let connection = database.connect().await;
    assert_eq!(setting(&connection, "default_transaction_isolation").await, "read committed");
    // Where sessions can't be set up, it is refused.
    let config = database.config().with_options(Options { pgbouncer: true, ..options() });
    let error = Connection::connect(&config).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.to_string().contains("serializable"), "{error}");
}

#[tokio::test]
async fn a_connection_apart_has_all_the_time_that_it_takes() {
    let connection = Database::new().connect().await;
    let mut apart = connection.apart().await.unwrap();
    let rows = sqlx::raw_sql("select current_setting('statement_timeout'), current_setting('lock_timeout')");
    let row = sqlx::Executor::fetch_one(&mut apart, rows).await.unwrap();
    assert_eq!((row.try_get(0).unwrap(), row.try_get(1).unwrap()), ("0", "0"));
}

#[tokio::test]
async fn an_error_leaves_the_connection_as_it_was() {
    let database = Database::new();
    let connection = database.connect().await;
    let first = backend(&connection).await;
    for code in ["P0001", "40001", "42P01", "XX000", "55P03", "57014", "23505"] {
        let call = Call::new("fail", "hit", true).with(Argument::Id(code.to_owned())).with(key("secret"));
        let error = run(&connection, call).await.unwrap_err();
        assert!(!error.may_have_charged(), "{error}");
        assert!(!format!("{error} {error:?}").contains("secret"), "{error:?}");
        assert_eq!(backend(&connection).await, first, "{code}");
    }
    assert_eq!(database.counted(&SERVER, "secret"), 0);
}

#[tokio::test]
async fn one_caller_uses_one_connection() {
    let database = Database::new();
    let connection = database.connect().await;
    let first = backend(&connection).await;
    for _ in 0..20 {
        assert_eq!(backend(&connection).await, first);
    }
}

#[tokio::test]
async fn what_is_asked_is_read_as_text() {
    let connection = Database::new().connect().await;
    let text = "select 7::bigint, '{1,2}'::bigint[], 'x'::text, '\\x4142'::bytea, true, null::bigint";
    let rows = connection.ask(text, "ping").await.unwrap();
    let row = &rows[0];
    assert_eq!(row.try_get::<i64, _>(0).unwrap(), 7);
    assert_eq!(row.try_get::<Vec<i64>, _>(1).unwrap(), [1, 2]);
    assert_eq!(row.try_get::<String, _>(2).unwrap(), "x");
    assert_eq!(row.try_get::<Vec<u8>, _>(3).unwrap(), b"AB");
    assert!(row.try_get::<bool, _>(4).unwrap());
    assert_eq!(row.try_get::<Option<i64>, _>(5).unwrap(), None);
}

#[tokio::test]
async fn a_function_whose_columns_have_changed_is_prepared_anew() {
    let database = Database::new();
    let connection = database.connect().await;
    count(&connection, "k").await.unwrap();
    let text = "drop function limiter.backend; create function limiter.backend() returns table (pid bigint, more text) \
                language sql as $$ select 1::bigint, 'x' $$";
    backend(&connection).await;
    SERVER.psql(&database.name, &["-c", text]).unwrap();
    let call = || Call::new("backend", "hit", true);
    let failure = connection.run(call(), Instant::now() + RESPONSE).await.unwrap_err();
    assert!(matches!(failure, crate::error::Failure::NothingDone(_)), "{failure:?}");
    assert_eq!(run(&connection, call()).await.unwrap(), 1);
}
