//! The application's own pool.

use super::*;
use sqlx::postgres::{PgPool, PgPoolOptions};

/// One that keeps a connection open, for which it starts tasks.
async fn pool(database: &Database, size: u32) -> PgPool {
    let target = database.config().targets().unwrap().remove(0);
    PgPoolOptions::new().max_connections(size).min_connections(1).connect_with(target).await.unwrap()
}

#[tokio::test]
async fn calls_share_the_applications_pool() {
    let database = Database::new();
    let pool = pool(&database, 1).await;
    let connection = Connection::from_pool(pool.clone(), &options()).await.unwrap();
    assert_eq!(count(&connection, "k").await.unwrap(), 1);
    let held = pool.acquire().await.unwrap();
    let error = count(&connection, "k").await.unwrap_err();
    assert_eq!(told(&error), (ErrorKind::Unavailable, false), "{error}");
    assert!(error.to_string().contains("pool"), "{error}");
    drop(held);
    assert_eq!(count(&connection, "k").await.unwrap(), 2);
    connection.shut().await;
    let error = count(&connection, "k").await.unwrap_err();
    assert!(error.to_string().contains("shut down"), "{error}");
    // It is the application's to close.
    sqlx::query("select 1").execute(&pool).await.unwrap();
}

#[tokio::test]
async fn a_call_that_was_given_up_on_ends_its_connection_and_leaves_the_pool_whole() {
    let database = Database::new();
    let pool = pool(&database, 2).await;
    let connection = Connection::from_pool(pool.clone(), &options()).await.unwrap();
    for _ in 0..5 {
        let call = slow("k", Duration::from_millis(900));
        let call = connection.run_here(&call, Instant::now() + Duration::from_millis(200));
        assert!(call.await.unwrap_err().into_error("hit", true).may_have_charged());
    }
    assert_eq!(count(&connection, "other").await.unwrap(), 1);
    assert!(pool.size() <= 2);
    sqlx::query("select 1").execute(&pool).await.unwrap();
}

#[tokio::test]
async fn a_server_that_cant_be_used_is_refused_here_too() {
    let server = Postgres::with(&[("fsync", "off")]).unwrap();
    let database = Database::on(&server);
    let strict = Options { strict: true, ..options() };
    let error = Connection::from_pool(pool(&database, 1).await, &strict).await.unwrap_err();
    assert!(error.to_string().contains("LIMITER_STRICT"), "{error}");
    Connection::from_pool(pool(&database, 1).await, &options()).await.unwrap();
}

#[test]
fn a_call_dropped_halfway_without_a_runtime_panics_nowhere() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let database = Database::new();
    let connection = runtime
        .block_on(async { Connection::from_pool(pool(&database, 2).await, &options()).await.unwrap() });
    let call = slow("k", Duration::from_millis(200));
    let mut begun = Box::pin(connection.run_here(&call, Instant::now() + RESPONSE));
    runtime.block_on(async {
        assert!(tokio::time::timeout(Duration::from_millis(50), begun.as_mut()).await.is_err());
    });
    drop(begun);
    assert_eq!(runtime.block_on(count(&connection, "other")).unwrap(), 1);
    let mut begun = Box::pin(connection.run_here(&call, Instant::now() + RESPONSE));
    runtime.block_on(async {
        assert!(tokio::time::timeout(Duration::from_millis(50), begun.as_mut()).await.is_err());
    });
    drop(runtime);
    drop(begun);
    drop(connection);
}
