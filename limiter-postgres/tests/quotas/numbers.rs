//! Numbers at the edge of what is exact, and what is beyond it.

use limiter_core::{EXACT, ErrorKind, QuotaCharge, QuotaTracker, QuotaTrackerExt, Reservation, Settlement};

use crate::store::{LONG, Store, client, key, reservation_id, yearly};

#[tokio::test]
async fn amounts_are_exact_to_the_last_unit() {
    let quotas = client(&Store::new().url).await;
    let quota = yearly(EXACT);
    for (subject, amounts) in [("a", [0, 1, EXACT - 1]), ("b", [EXACT, 0, 0]), ("c", [EXACT - 1, 0, 1])] {
        let (mut used, key) = (0, key(subject));
        for amount in amounts {
            used += amount;
            let recorded = quotas.record(&key, &quota, amount).await.unwrap();
            assert_eq!((recorded.used, recorded.remaining), (used, EXACT - used));
        }
    }
    for (subject, amounts) in [("d", [0, 1, EXACT - 1]), ("e", [EXACT, 0, 0]), ("f", [EXACT - 1, 0, 1])] {
        let (mut reserved, key) = (0, key(subject));
        for amount in amounts {
            reserved += amount;
            let outcome = quotas.reserve_one(&key, &quota, amount, LONG).await.unwrap().1;
            assert!(outcome.is_granted());
            assert_eq!(
                (outcome.outcomes()[0].reserved, outcome.outcomes()[0].remaining),
                (reserved, EXACT - reserved)
            );
        }
        assert!(!quotas.reserve_one(&key, &quota, 1, LONG).await.unwrap().1.is_granted());
    }
}

#[tokio::test]
async fn what_is_used_past_the_cap_counts_and_stops_at_the_largest_number() {
    let store = Store::new();
    let quotas = client(&store.url).await;
    let (key, quota) = (key("u1"), yearly(10));
    let reservation = quotas.reserve_one(&key, &quota, 10, LONG).await.unwrap().0;
    assert_eq!(quotas.record(&key, &quota, 25).await.unwrap().used, 25);
    let settled = quotas.settle_one(&reservation, 1000).await.unwrap();
    assert_eq!((settled.used, settled.reserved, settled.remaining), (1025, 0, 0));
    assert_eq!(quotas.record(&key, &quota, EXACT - 1026).await.unwrap().used, EXACT - 1);
    assert_eq!(quotas.record(&key, &quota, EXACT).await.unwrap().used, EXACT);
    let stranger =
        Settlement::new(reservation_id("r2"), [QuotaCharge::new(key.clone(), quota, EXACT)]).unwrap();
    assert_eq!(quotas.settle(&stranger).await.unwrap()[0].used, EXACT);
    assert_eq!(store.number("select used from limiter.quota"), EXACT);
}

#[tokio::test]
async fn more_than_is_exact_is_refused_and_never_sent() {
    let store = Store::new();
    let quotas = client(&store.url).await;
    let error = quotas.record(&key("u1"), &yearly(10), EXACT + 1).await.unwrap_err();
    assert_eq!((error.kind(), error.operation()), (ErrorKind::InvalidRequest, Some("record")));
    let charge = QuotaCharge::new(key("u1"), yearly(10), EXACT + 1);
    assert_eq!(Reservation::new([charge], LONG).unwrap_err().kind(), ErrorKind::InvalidRequest);
    assert_eq!(store.number("select count(*) from limiter.quota"), 0);
}

/// Programs in other languages call the functions themselves.
#[tokio::test]
async fn functions_refuse_what_no_library_asks_for() {
    let store = Store::new();
    let _ = client(&store.url).await;
    let of_one = |period: &str, offset: &str, max: &str, amount: &str| {
        format!("select limiter.record('\\x61', {period}, {offset}, {max}, {amount})")
    };
    let of_many = |keys: &str, periods: &str, maxima: &str, amounts: &str| {
        format!("select limiter.settle('r1', '{keys}', '{periods}', '{{0,0}}', '{maxima}', '{amounts}')")
    };
    let of_life = |id: &str, ttl_ms: &str| {
        format!(
            "select limiter.reserve({id}, '{{\"\\\\x61\"}}', '{{2}}', '{{0}}', '{{5}}', '{{1}}', {ttl_ms})"
        )
    };
    let two = ("{\"\\\\x61\",\"\\\\x62\"}", "{1,1}", "{5,5}", "{3,3}");
    store.ask(&of_one("2", "0", "5", "3"));
    store.ask(&of_many(two.0, two.1, two.2, two.3));
    store.ask(&of_life("'r2'", "2592000000"));
    let rows = store.rows();
    let (beyond, below) = ("9007199254740992", "-1");
    for wrong in [
        of_one("0", "0", "5", "3"),
        of_one("6", "0", "5", "3"),
        of_one("2", "1081", "5", "3"),
        of_one("2", "-1081", "5", "3"),
        of_one("2", "0", beyond, "3"),
        of_one("2", "0", "5", beyond),
        of_one("2", "0", "5", below),
        of_one("2", "0", "5", "null"),
        of_many(two.0, two.1, two.2, "{3,-3}"),
        of_many(two.0, two.1, two.2, "{3,9007199254740992}"),
        of_many(two.0, two.1, two.2, "{3}"),
        of_many(two.0, two.1, two.2, "{3,null}"),
        of_many(two.0, two.1, "{5,-1}", two.3),
        of_many(two.0, two.1, "{5}", two.3),
        of_many(two.0, "{1,6}", two.2, two.3),
        of_many(two.0, "{1}", two.2, two.3),
        of_many("{\"\\\\x61\",null}", two.1, two.2, two.3),
        of_many("{\"\\\\x61\",\"\\\\x61\"}", two.1, two.2, two.3),
        of_many("{}", "{}", "{}", "{}"),
        of_life("'r3'", "2592000001"),
        of_life("'r3'", "0"),
        of_life("'r3'", "null"),
        of_life("null", "9"),
    ] {
        assert!(store.try_ask(&wrong).is_err(), "{wrong}");
        assert_eq!(store.rows(), rows, "{wrong}");
    }
}
