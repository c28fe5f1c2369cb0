//! docs/redis-protocol.md from outside: plain `redis-cli` and a client of the crate count together.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops when anything is off"
)]

use std::fmt::Write;
use std::time::Duration;

use limiter_core::{
    Charge, Key, LeaseId, LeaseRequest, Limit, Period, Quota, QuotaCharge, QuotaTracker, RateLimiter,
    RateLimiterExt, Reservation, ReservationId, Scope, SlotLimiter,
};
use limiter_redis::{Config, RedisBackend, scripts};
use testservers::redis::Redis;

const MINUTE: Duration = Duration::from_secs(60);
const PAGE: &str = include_str!("../../docs/redis-protocol.md");

/// A server, and a client of the crate.
async fn start() -> (Redis, RedisBackend) {
    let server = Redis::start().unwrap();
    let backend = RedisBackend::connect(Config::new(&server.url()).unwrap()).await.unwrap();
    (server, backend)
}

/// Bytes as `redis-cli` takes them with `--quoted-input`.
fn quoted(bytes: &[u8]) -> String {
    let mut quoted = String::from("\"");
    for byte in bytes {
        write!(quoted, "\\x{byte:02x}").unwrap();
    }
    quoted + "\""
}

fn packed(numbers: &[i64]) -> Vec<u8> {
    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    let bytes = numbers.iter().flat_map(|number| (*number as f64).to_le_bytes()).collect();
    bytes
}

/// The bytes that `redis-cli --no-raw` shows in quotes.
fn unquoted(shown: &str) -> Vec<u8> {
    let inner = shown.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let inner = inner.unwrap_or_else(|| panic!("not a string: {shown}")).as_bytes();
    let (mut bytes, mut place) = (Vec::new(), 0);
    while place < inner.len() {
        let (byte, length) = match (inner[place], inner.get(place + 1)) {
            (b'\\', Some(b'x')) => {
                let digits = str::from_utf8(&inner[place + 2..place + 4]).unwrap();
                (u8::from_str_radix(digits, 16).unwrap(), 4)
            }
            (b'\\', Some(letter)) => {
                let controls = [(b'n', b'\n'), (b'r', b'\r'), (b't', b'\t'), (b'a', 7), (b'b', 8)];
                (controls.iter().find(|(name, _)| name == letter).map_or(*letter, |(_, byte)| *byte), 2)
            }
            (plain, _) => (plain, 1),
        };
        bytes.push(byte);
        place += length;
    }
    bytes
}

/// Calls a script as any program would, and tells the bytes of its reply as they are shown.
fn call(server: &Redis, script: &str, keys: &[&str], numbers: &[i64], word: &str) -> String {
    let (_, text) = scripts().find(|(name, _)| *name == script).unwrap();
    let sha = server.cli(&["SCRIPT", "LOAD", text]).unwrap();
    let (count, numbers, word) = (keys.len().to_string(), quoted(&packed(numbers)), format!("\"{word}\""));
    let head = ["--quoted-input", "--no-raw", "EVALSHA", &sha, &count];
    server.cli(&[&head, keys, &[&numbers, &word]].concat()).unwrap()
}

/// The same where the reply is a string of doubles.
fn told(server: &Redis, script: &str, keys: &[&str], numbers: &[i64], word: &str) -> Vec<i64> {
    let bytes = unquoted(&call(server, script, keys, numbers, word));
    let (doubles, rest) = bytes.as_chunks();
    assert!(rest.is_empty(), "{bytes:?}");
    #[expect(clippy::cast_possible_truncation, reason = "whole numbers")]
    let numbers = doubles.iter().map(|double| f64::from_le_bytes(*double) as i64).collect();
    numbers
}

#[tokio::test]
async fn hits_and_denials_are_shared() {
    let (server, backend) = start().await;
    let key = Key::new("chat", "user-17").unwrap();
    // Of the year, so that no window turns meanwhile.
    let year = Duration::from_secs(366 * 86_400);
    for (kind, letter, limit) in [
        (1, "f", Limit::fixed_window(3, year).unwrap()),
        (2, "w", Limit::sliding_window(3, year).unwrap()),
        (3, "l", Limit::sliding_log(3, year).unwrap()),
        (4, "b", Limit::token_bucket(3, year).unwrap()),
    ] {
        let name = format!("limiter:{{chat:user-17}}:{letter}:31622400000");
        let list = format!("{name}:e");
        let keys = if kind == 3 { vec![name.as_str(), list.as_str()] } else { vec![name.as_str()] };
        let arguments = [kind, 3, 31_622_400_000, 3, 1];

        let allowed = told(&server, "hit", &keys, &arguments, "");
        assert!(
            allowed.len() == 3 && allowed[0] == 2 && allowed[1] > 0 && allowed[2] > 1_700_000_000_000,
            "{allowed:?}"
        );
        assert_eq!(backend.hit_one(&key, &limit).await.unwrap().outcomes()[0].remaining(), 1);
        let peeked = told(&server, "hit", &keys, &arguments, "peek");
        assert_eq!((peeked[0], peeked[2], peeked[3]), (1, -1, -1));
        assert!(backend.hit_one(&key, &limit).await.unwrap().is_allowed());
        let denied = told(&server, "hit", &keys, &arguments, "");
        assert!(denied.len() == 4 && denied[0] == 0 && denied[2] == -1 && denied[3] > 0, "{denied:?}");
        let never = told(&server, "hit", &keys, &[kind, 3, 31_622_400_000, 3, 4], "");
        assert_eq!(never[3], -2);

        // What the one was charged the other gives back.
        let refund = [&arguments[..], &[allowed[2]]].concat();
        assert_eq!(call(&server, "refund", &keys, &refund, ""), "(integer) 1");
        let peeked = backend.peek(&[Charge::new(&key, &limit)]).await.unwrap();
        assert_eq!(peeked.outcomes()[0].remaining(), 1);
        assert_eq!(call(&server, "reset", &keys, &[], ""), format!("(integer) {}", keys.len()));
        let peeked = backend.peek(&[Charge::new(&key, &limit)]).await.unwrap();
        assert_eq!(peeked.outcomes()[0].remaining(), 3);
    }
}

#[tokio::test]
async fn leases_are_shared() {
    let (server, backend) = start().await;
    let key = Key::new("streams", "ü").unwrap();
    let keys = ["limiter:{streams:%C3%BC}:s", "limiter:{streams:%C3%BC}:s:p"];
    let scope = Scope::new(key.clone(), 2);
    let ours = LeaseRequest::new([scope.clone()], MINUTE).unwrap().with_id(LeaseId::parse("ours").unwrap());

    let granted = told(&server, "acquire", &keys, &[1, 60_000, 2], "theirs");
    assert!(granted.len() == 4 && granted[0] == 1 && granted[2..] == [1, 0], "{granted:?}");
    assert_eq!(backend.acquire(&ours).await.unwrap().in_use(), [2]);
    assert_eq!(told(&server, "in_use", &keys, &[], ""), [2]);
    assert_eq!(told(&server, "acquire", &keys, &[1, 60_000, 2], "more"), [0, 2, 1]);
    assert_eq!(told(&server, "acquire", &keys, &[5, 60_000, 9], "ours"), [2, 1]);
    let held: Vec<_> = backend.leases(&key).await.unwrap().iter().map(|held| held.id.to_string()).collect();
    assert_eq!(held, ["theirs", "ours"]);
    let listed = call(&server, "leases", &keys, &[], "");
    assert!(
        listed.contains("\"theirs\"") && listed.contains(&format!("(integer) {}", granted[1])),
        "{listed}"
    );

    assert_eq!(told(&server, "renew", &keys.repeat(2), &[1, 90_000, 1, 90_000], "theirs ours"), [1, 1]);
    assert_eq!(told(&server, "release", &keys.repeat(2), &[1, 1], "theirs nobodys"), [1, 0]);
    assert_eq!(backend.in_use(&key).await.unwrap(), 1);
    assert_eq!(backend.release(&[ours.lease()]).await.unwrap(), [true]);
    assert_eq!(told(&server, "in_use", &keys, &[], ""), [0]);
}

#[tokio::test]
async fn quotas_are_shared() {
    let (server, backend) = start().await;
    let key = Key::new("scan.bytes", "user-17").unwrap().with_partition("tenant-9").unwrap();
    let quota = Quota::new(100, Period::Year).unwrap().with_utc_offset_minutes(-60).unwrap();
    let name = "limiter:{tenant-9}scan.bytes:user-17:q:year:-60";
    let (held, settled) = (format!("{name}:h"), format!("{name}:s"));
    let keys = [name, &held, &settled];

    assert_eq!(told(&server, "record", &keys, &[100, 5, 1020, 30], "")[..2], [30, 0]);
    assert_eq!(backend.record(&key, &quota, 20).await.unwrap().used, 50);
    let checked = told(&server, "check", &keys, &[100, 5, 1020, 0], "");
    assert!(checked[..2] == [50, 0] && checked[3] == 0, "{checked:?}");

    let charge = QuotaCharge::new(key.clone(), quota, 40);
    let id = ReservationId::parse("theirs").unwrap();
    let theirs = Reservation::new([charge], MINUTE).unwrap().with_id(id);
    let reserved = told(&server, "reserve", &keys, &[100, 5, 1020, 40, 60_000], "theirs");
    assert!(reserved.len() == 7 && reserved[..3] == [1, 50, 40] && reserved[6] == 0, "{reserved:?}");
    assert!(backend.reserve(&theirs).await.unwrap().is_granted(), "it is the same reservation");
    let refused = told(&server, "reserve", &keys, &[100, 5, 1020, 20, 60_000], "more");
    assert!(refused[..3] == [0, 50, 40] && refused[4] > 0, "{refused:?}");
    assert_eq!(told(&server, "reserve", &keys, &[100, 5, 1020, 41, 60_000], "theirs"), [2, 0, 40]);
    let outcomes = backend.settle(&theirs.settlement(&[10]).unwrap()).await.unwrap();
    assert_eq!((outcomes[0].used, outcomes[0].reserved), (60, 0));
    assert_eq!(told(&server, "settle", &keys, &[100, 5, 1020, 10], "theirs")[..2], [60, 0], "it counts once");
    assert_eq!(told(&server, "reserve", &keys, &[100, 5, 1020, 40, 60_000], "theirs"), [3, 0]);
}

/// The page names every script, and the arguments of its example for `redis-cli` are those that it speaks of.
#[tokio::test]
async fn the_page_says_what_is() {
    for (name, _) in scripts() {
        assert!(PAGE.contains(&format!("| `{name}` |")), "the page doesn't tell of {name}");
    }
    let (server, backend) = start().await;
    let (_, text) = scripts().find(|(name, _)| *name == "hit").unwrap();
    let sha = server.cli(&["SCRIPT", "LOAD", text]).unwrap();
    let numbers = PAGE.lines().find(|line| line.trim_start().starts_with("'\"\\x00")).unwrap();
    let numbers = numbers.trim().split('\'').nth(1).unwrap();
    let name = "limiter:{chat:user-17}:w:60000";
    assert!(PAGE.contains(&format!("EVALSHA $sha 1 {name} ")));
    server.cli(&["--quoted-input", "--no-raw", "EVALSHA", &sha, "1", name, numbers, "\"\""]).unwrap();
    let limit = Limit::sliding_window(3, MINUTE).unwrap();
    let key = Key::new("chat", "user-17").unwrap();
    assert_eq!(backend.peek(&[Charge::new(&key, &limit)]).await.unwrap().outcomes()[0].remaining(), 2);
}
