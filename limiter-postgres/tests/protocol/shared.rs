//! `psql` and a client of the crate see the same counts, whoever made them.

use std::time::Duration;

use limiter_core::{
    Charge, Key, LeaseId, LeaseRequest, Limit, Period, Quota, QuotaCharge, QuotaTracker, RateLimiter,
    RateLimiterExt, Receipt, Reservation, ReservationId, Scope, SlotLimiter, Source,
};

use crate::database::{Database, key};

const MINUTE: Duration = Duration::from_mins(1);
/// No window of this length turns while a test runs.
const YEAR: Duration = Duration::from_hours(366 * 24);

fn limits() -> [(&'static str, Limit); 4] {
    [
        ("fixed_window", Limit::fixed_window(3, YEAR).unwrap()),
        ("sliding_window", Limit::sliding_window(3, YEAR).unwrap()),
        ("sliding_log", Limit::sliding_log(3, YEAR).unwrap()),
        ("token_bucket", Limit::token_bucket(3, YEAR).unwrap()),
    ]
}

/// The arguments that name a counter of `user-17` and its limit.
fn asked(algorithm: &str) -> String {
    format!("array[limiter.key('chat', 'user-17')], array['{algorithm}'], array[3], array[31622400000]")
}

#[tokio::test]
async fn hits_and_denials_are_shared() {
    let (database, backend) = Database::new().await;
    let user = Key::new("chat", "user-17").unwrap();
    for (algorithm, limit) in limits() {
        let call = |function: &str| {
            database.sql(&format!("select allowed, remaining from limiter.{function}({})", asked(algorithm)))
        };
        assert_eq!(call("hit"), "t|2", "{algorithm}");
        let ours = backend.hit_one(&user, &limit).await.unwrap();
        assert_eq!(ours.outcomes()[0].remaining(), 1, "{algorithm}");
        assert_eq!(call("peek"), "t|1", "{algorithm}");
        assert!(backend.hit_one(&user, &limit).await.unwrap().is_allowed(), "{algorithm}");
        assert_eq!(call("hit"), "f|0", "{algorithm}");
        assert!(!backend.hit_one(&user, &limit).await.unwrap().is_allowed(), "{algorithm}");
    }
}

#[tokio::test]
async fn what_the_one_was_charged_the_other_gives_back() {
    let (database, backend) = Database::new().await;
    let user = Key::new("chat", "user-17").unwrap();
    for (place, (algorithm, limit)) in limits().into_iter().enumerate() {
        let (arguments, charge) = (asked(algorithm), Charge::new(&user, &limit));
        let remaining = || database.sql(&format!("select remaining from limiter.peek({arguments})"));

        // What was never charged gives nothing back, and nothing is stored for it.
        let nothing = format!("select given_back from limiter.refund({arguments}, array[null::bigint])");
        assert_eq!(database.sql(&nothing), "0", "{algorithm}");
        assert_eq!(database.sql("select count(*) from limiter.rate"), place.to_string(), "{algorithm}");

        let hit = format!("select charged_at_ms from limiter.hit({arguments})");
        let charged_at_ms: u64 = database.sql(&hit).parse().unwrap();
        assert_eq!(remaining(), "2", "{algorithm}");
        let mut receipt = Receipt::new(Source::Store);
        receipt.add(&charge, charged_at_ms).unwrap();
        backend.refund(receipt).await.unwrap();
        assert_eq!(remaining(), "3", "{algorithm}");

        let ours = backend.hit_one(&user, &limit).await.unwrap();
        let charged_at_ms = ours.outcomes()[0].charged_at_ms().unwrap();
        assert_eq!(remaining(), "2", "{algorithm}");
        let refund = format!("select given_back from limiter.refund({arguments}, array[{charged_at_ms}])");
        assert_eq!(database.sql(&refund), "1", "{algorithm}");
        assert_eq!(remaining(), "3", "{algorithm}");
    }
}

#[tokio::test]
async fn a_reset_is_shared() {
    let (database, backend) = Database::new().await;
    let user = Key::new("chat", "user-17").unwrap();
    for (algorithm, limit) in limits() {
        let reset = format!(
            "select existed from limiter.reset(limiter.key('chat', 'user-17'), '{algorithm}', 31622400000)"
        );
        assert_eq!(database.sql(&reset), "f", "{algorithm}");
        for again in ["the first time", "once more"] {
            let decision = backend.hit_one(&user, &limit).await.unwrap();
            assert_eq!(decision.outcomes()[0].remaining(), 2, "{algorithm}, {again}");
            assert_eq!(database.sql(&reset), "t", "{algorithm}, {again}");
        }
    }
}

/// Counters of one call that stand in another order than they are asked for, of keys of every kind.
#[tokio::test]
async fn keys_are_the_same_bytes() {
    let (database, _other) = Database::new().await;
    let backend = database.client("app.1:x").await;
    let limit = Limit::sliding_window(10, YEAR).unwrap();
    let subjects = ["user-17", "", "é }{ % '\" \n", "\0", "a\0b"];
    let keys: Vec<_> = subjects.iter().map(|subject| Key::new("chat", subject).unwrap()).collect();
    for (place, user) in keys.iter().enumerate() {
        for _ in 0..=place {
            assert!(backend.hit_one(user, &limit).await.unwrap().is_allowed());
        }
    }
    let names: Vec<_> = subjects.iter().map(|subject| key("chat", subject, "app.1:x")).collect();
    let many = |value: &str| format!("array_fill({value}, array[{}])", subjects.len());
    let hit = format!(
        "select place, remaining from limiter.hit(array[{}], {}, {}, {})",
        names.join(","),
        many("'sliding_window'::text"),
        many("10::bigint"),
        many("31622400000")
    );
    assert_eq!(database.sql(&hit), "1|8\n2|7\n3|6\n4|5\n5|4");

    let tenant = keys[0].with_partition("tenant-9").unwrap();
    assert!(backend.hit_one(&tenant, &limit).await.unwrap().is_allowed());
    let partitioned =
        "select remaining from limiter.peek(array[limiter.key('chat', 'user-17', 'tenant-9', 'app.1:x')],
        '{sliding_window}', '{10}', '{31622400000}')";
    assert_eq!(database.sql(partitioned), "9");
}

#[tokio::test]
async fn leases_are_shared() {
    let (database, backend) = Database::new().await;
    let user = Key::new("streams", "ü").unwrap();
    let request = LeaseRequest::new([Scope::new(user.clone(), 2)], MINUTE).unwrap();
    let ours = request.with_id(LeaseId::parse("ours").unwrap());
    let keys = "array[limiter.key('streams', 'ü')]";
    let acquire = |id: &str, cap: u32, permits: u32| {
        database.sql(&format!(
            "select granted, denied_by, in_use, held, expires_ms > 1700000000000
               from limiter.acquire('{id}', {keys}, array[{cap}], {permits}, 60000)"
        ))
    };

    assert_eq!(acquire("theirs", 2, 1), "t||{1}||t");
    assert_eq!(backend.acquire(&ours).await.unwrap().in_use(), [2]);
    assert_eq!(acquire("more", 2, 1), "f|1|{2}||");
    assert_eq!(acquire("ours", 9, 5), "f||{2}|1|");
    let held: Vec<_> = backend.leases(&user).await.unwrap().iter().map(|held| held.id.to_string()).collect();
    assert_eq!(held, ["theirs", "ours"]);
    let listed = database.sql(&format!("select id, permits from limiter.leases(({keys})[1])"));
    assert_eq!(listed, "theirs|1\nours|1");

    let renew = format!(
        "select live from limiter.renew('{{theirs,ours}}', '{{1,1}}', '{{90000,90000}}', {keys} || {keys})"
    );
    assert_eq!(database.sql(&renew), "{t,t}");
    let release =
        format!("select live from limiter.release('{{theirs,nobodys}}', '{{1,1}}', {keys} || {keys})");
    assert_eq!(database.sql(&release), "{t,f}");
    assert_eq!(backend.in_use(&user).await.unwrap(), 1);
    assert_eq!(backend.release(&[ours.lease()]).await.unwrap(), [true]);
    assert_eq!(database.sql(&format!("select permits from limiter.in_use(({keys})[1])")), "0");
}

#[tokio::test]
async fn quotas_are_shared() {
    let (database, backend) = Database::new().await;
    let tenant = Key::new("scan.bytes", "user-17").unwrap().with_partition("tenant-9").unwrap();
    let quota = Quota::new(100, Period::Year).unwrap().with_utc_offset_minutes(-60).unwrap();
    let name = "limiter.key('scan.bytes', 'user-17', 'tenant-9')";
    let record = format!("select used, reserved from limiter.record({name}, 5, -60, 100, 30)");
    assert_eq!(database.sql(&record), "30|0");
    assert_eq!(backend.record(&tenant, &quota, 20).await.unwrap().used, 50);
    let check = format!("select allowed, used, reserved, remaining from limiter.check({name}, 5, -60, 100)");
    assert_eq!(database.sql(&check), "t|50|0|50");

    let id = ReservationId::parse("theirs").unwrap();
    let charge = QuotaCharge::new(tenant.clone(), quota, 40);
    let theirs = Reservation::new([charge], MINUTE).unwrap().with_id(id);
    let reserve = |id: &str, amount: u32| {
        database.sql(&format!(
            "select allowed, used, reserved, remaining, retry_after_ms > 0, conflict
               from limiter.reserve('{id}', array[{name}], '{{5}}', '{{-60}}', '{{100}}', array[{amount}], 60000)"
        ))
    };
    assert_eq!(reserve("theirs", 40), "t|50|40|10||");
    assert!(backend.reserve(&theirs).await.unwrap().is_granted(), "it is the same reservation");
    assert_eq!(reserve("more", 20), "f|50|40|10|t|");
    assert_eq!(reserve("theirs", 41).split('|').next_back(), Some("40"));
    let outcomes = backend.settle(&theirs.settlement(&[10]).unwrap()).await.unwrap();
    assert_eq!((outcomes[0].used, outcomes[0].reserved), (60, 0));
    let settle = format!(
        "select used, reserved, counted from limiter.settle('theirs', array[{name}], '{{5}}', '{{-60}}', '{{100}}', '{{10}}')"
    );
    assert_eq!(database.sql(&settle), "60|0|f", "it counts once");
    assert_eq!(reserve("theirs", 40).split('|').next_back(), Some("-1"));
    database.sql(&format!("select limiter.reset_quota({name}, 5, -60)"));
    assert_eq!(backend.check(&tenant, &quota).await.unwrap().used, 0);
}
