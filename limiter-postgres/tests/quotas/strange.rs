//! Functions that somebody has changed: what they answer is no answer, and never allows anything.

use limiter_core::{Error, ErrorKind, QuotaTracker};
use limiter_postgres::PostgresBackend;

use crate::store::{LONG, Store, client, key, reservation, settlement, yearly};

const ONE: &str = "key bytea, period bigint, offset_minutes bigint, max bigint";
const MANY: &str =
    "id text, keys bytea[], periods bigint[], offsets bigint[], maxes bigint[], amounts bigint[]";
const CHANGES: &str = "durable boolean, wait bigint, lock_ms bigint, at_ms bigint";
const COUNTS: &str = "used bigint, reserved bigint, remaining bigint, reset_after_ms bigint";

/// Puts a function in place of another, which answers these rows.
fn replace(store: &Store, function: &str, arguments: &str, columns: &str, rows: &str) {
    store.ask(&format!(
        "drop function limiter.{function}; create function limiter.{function}({arguments}) returns table ({columns}) \
         language sql as $$ {rows} $$"
    ));
}

#[track_caller]
fn assert_protocol(error: &Error, operation: &str, perhaps: bool, rows: &str) {
    assert_eq!(error.kind(), ErrorKind::Protocol, "{rows}: {error}");
    assert_eq!((error.operation(), error.may_have_charged()), (Some(operation), perhaps), "{rows}");
}

async fn store() -> (Store, PostgresBackend) {
    let store = Store::new();
    let quotas = client(&store.url).await;
    (store, quotas)
}

#[tokio::test]
async fn a_check_is_read_strictly() {
    let (store, quotas) = store().await;
    let columns = format!("allowed boolean, {COUNTS}, retry_after_ms bigint");
    let answer = |rows| replace(&store, "check", &format!("{ONE}, at_ms bigint"), &columns, rows);
    answer("select true, 3, 4, 3, 50, null::bigint");
    assert_eq!(quotas.check(&key("u1"), &yearly(10)).await.unwrap().remaining, 3);
    for rows in [
        "select true, 3, 4, 3, 50, null::bigint where false",
        "select true, 3, 4, 3, 50, null::bigint from generate_series(1, 2)",
        "select true, 3, 4, 3, 50, 7",
        "select false, 3, 4, 3, 50, null::bigint",
        "select false, 3, 4, 3, 50, -2",
        "select null::boolean, 3, 4, 3, 50, null::bigint",
        "select true, null::bigint, 4, 3, 50, null::bigint",
        "select true, 3, -4, 10, 50, null::bigint",
        "select true, 3, 4, 4, 50, null::bigint",
        "select true, 3, 4, 3, -50, null::bigint",
        "select true, 3, 4, 3, 9007199254740992, null::bigint",
    ] {
        answer(rows);
        let error = quotas.check(&key("u1"), &yearly(10)).await.unwrap_err();
        assert_protocol(&error, "check", false, rows);
    }
}

#[tokio::test]
async fn a_record_is_read_strictly() {
    let (store, quotas) = store().await;
    let arguments = format!("{ONE}, amount bigint, {CHANGES}");
    for rows in ["select 3, 4, 3, 50 where false", "select 3, 4, 2, 50", "select 3, null::bigint, 7, 50"] {
        replace(&store, "record", &arguments, COUNTS, rows);
        let error = quotas.record(&key("u1"), &yearly(10), 1).await.unwrap_err();
        assert_protocol(&error, "record", true, rows);
    }
}

#[tokio::test]
async fn a_reserve_is_read_strictly() {
    let (store, quotas) = store().await;
    let arguments = format!("{MANY}, ttl_ms bigint, {CHANGES}");
    let columns = format!("place bigint, allowed boolean, {COUNTS}, retry_after_ms bigint, conflict bigint");
    for rows in [
        "select 1, true, 3, 4, 3, 50, null::bigint, null::bigint where false",
        "select i, true, 3, 4, 3, 50, null::bigint, null::bigint from generate_series(1, 2) i",
        "select 2, true, 3, 4, 3, 50, null::bigint, null::bigint",
        "select 1, true, 3, 4, 3, 50, 7, null::bigint",
        "select 0, false, 3, 4, 3, 50, null::bigint, 5",
        "select 2, false, 3, 4, 3, 50, null::bigint, 5",
        "select 1, false, 3, 4, 3, 50, null::bigint, -2",
    ] {
        replace(&store, "reserve", &arguments, &columns, rows);
        let error = quotas.reserve(&reservation("r1", 4, LONG)).await.unwrap_err();
        assert_protocol(&error, "reserve", true, rows);
    }
}

#[tokio::test]
async fn a_settle_is_read_strictly() {
    let (store, quotas) = store().await;
    let arguments = format!("{MANY}, {CHANGES}");
    let columns = format!("place bigint, {COUNTS}, counted boolean");
    for rows in [
        "select 1, 3, 4, 3, 50, true where false",
        "select i, 3, 4, 3, 50, true from generate_series(1, 2) i",
        "select 0, 3, 4, 3, 50, true",
        "select 1, 3, 4, 9, 50, true",
    ] {
        replace(&store, "settle", &arguments, &columns, rows);
        let error = quotas.settle(&settlement("r1", 4)).await.unwrap_err();
        assert_protocol(&error, "settle", true, rows);
    }
}
