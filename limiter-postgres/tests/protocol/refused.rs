//! What no library asks for is refused before anything is done, with an error that tells a person what to do.

use crate::database::{Database, quoted};

const KEYS: &str = "array[limiter.key('chat', 'Secret')]";

/// Calls, with `$` for the keys, and what is said of them.
const REFUSED: &[(&str, &str)] = &[
    ("hit(null, '{token_bucket}', '{1}', '{1}')", "keys has no elements; accepted: 1 to 64 elements"),
    ("hit('{}', '{}', '{}', '{}')", "keys has no elements; accepted: 1 to 64 elements"),
    (
        "hit(array_fill($[1], array[65]), '{}', '{}', '{}')",
        "keys has the bounds [1:65]; accepted: 1 to 64 elements",
    ),
    (
        "hit(array[$], '{token_bucket}', '{1}', '{1}')",
        "keys has the bounds [1:1][1:1]; accepted: 1 to 64 elements",
    ),
    (
        "hit('{NULL}', '{token_bucket}', '{1}', '{1}')",
        "keys[1] is null; accepted: what key() makes of a space and a subject",
    ),
    (
        "hit($ || $, '{fixed_window,fixed_window}', '{1,2}', '{1,1}')",
        "keys[2] is keys[1] with the same algorithm and window; accepted: each counter once",
    ),
    ("hit($, '{}', '{1}', '{1}')", "algorithms has no elements; accepted: [1:1], one for each of keys"),
    (
        "hit($, '{bucket}', '{1}', '{1}')",
        "algorithms[1] is 'bucket'; accepted: fixed_window, sliding_window, sliding_log, token_bucket",
    ),
    ("hit($, '{NULL}', '{1}', '{1}')", "algorithms[1] is NULL; accepted: fixed_window"),
    (
        "hit($, '{token_bucket}', '{1,2}', '{1}')",
        "maxes has the bounds [1:2]; accepted: [1:1], one for each of keys",
    ),
    (
        "hit($, '{fixed_window}', '{-1}', '{1}')",
        "maxes[1] is -1; accepted: 0 to 9007199254740991 for a fixed_window of 1 ms",
    ),
    (
        "hit($, '{fixed_window}', '{NULL}', '{1}')",
        "maxes[1] is null; accepted: 0 to 9007199254740991 for a fixed_window of 1 ms",
    ),
    (
        "hit($, '{sliding_log}', '{10001}', '{1}')",
        "maxes[1] is 10001; accepted: 0 to 10000 for a sliding_log of 1 ms",
    ),
    (
        "hit($, '{token_bucket}', '{0}', '{1000}')",
        "maxes[1] is 0; accepted: 1 to 9007199254740 for a token_bucket of 1000 ms",
    ),
    (
        "hit($, '{sliding_window}', '{1}', null)",
        "windows_ms has no elements; accepted: [1:1], one for each of keys",
    ),
    ("hit($, '{sliding_window}', '{1}', '{0}')", "windows_ms[1] is 0; accepted: 1 to 31622400000"),
    ("hit($, '{sliding_window}', '{1}', '{NULL}')", "windows_ms[1] is null; accepted: 1 to 31622400000"),
    (
        "hit($, '{sliding_window}', '{1}', '{1}', '{2}')",
        "bursts[1] is 2; accepted: null for a sliding_window",
    ),
    (
        "hit($, '{token_bucket}', '{1}', '{1000}', '{0}')",
        "bursts[1] is 0; accepted: 1 to 9007199254740 for a token_bucket of 1000 ms, or null for max",
    ),
    (
        "hit($, '{token_bucket}', '{1}', '{1000}', '{1,1}')",
        "bursts has the bounds [1:2]; accepted: [1:1], one for each of keys",
    ),
    (
        "hit($, '{token_bucket}', '{1}', '{1}', costs => '{-1}')",
        "costs[1] is -1; accepted: 0 to 9007199254740991",
    ),
    (
        "hit($, '{token_bucket}', '{1}', '{1}', costs => '{NULL}')",
        "costs[1] is null; accepted: 0 to 9007199254740991",
    ),
    (
        "hit($, '{token_bucket}', '{1}', '{1}', costs => '{9007199254740992}')",
        "costs[1] is 9007199254740992; accepted: 0 to 9007199254740991",
    ),
    (
        "hit($, '{token_bucket}', '{1}', '{1}', costs => '[0:0]={1}')",
        "costs has the bounds [0:0]; accepted: [1:1], one for each of keys",
    ),
    (
        "hit($, '{sliding_log}', '{1}', '{1}', count_denied => '{t}')",
        "count_denied[1] is true; accepted: true or false, and false for a sliding_log",
    ),
    (
        "hit($, '{token_bucket}', '{1}', '{1}', count_denied => '{NULL}')",
        "count_denied[1] is null; accepted: true or false",
    ),
    (
        "hit($, '{token_bucket}', '{1}', '{1}', count_denied => '{}')",
        "count_denied has no elements; accepted: [1:1], one for each of keys",
    ),
    (
        "hit($, '{token_bucket}', '{1}', '{1}', at_ms => -1)",
        "at_ms is -1; accepted: null for now, or ms since 1970, 0 to 9007199254740991",
    ),
    (
        "peek($, '{token_bucket}', '{0}', '{1}')",
        "maxes[1] is 0; accepted: 1 to 9007199254740991 for a token_bucket of 1 ms",
    ),
    (
        "peek($, '{token_bucket}', '{1}', '{1}', costs => '{-1}')",
        "costs[1] is -1; accepted: 0 to 9007199254740991",
    ),
    ("refund($, '{token_bucket}', '{1}', '{0}', '{1}')", "windows_ms[1] is 0; accepted: 1 to 31622400000"),
    (
        "refund($, '{token_bucket}', '{1}', '{1}', '{}')",
        "charged_at_ms has no elements; accepted: [1:1], one for each of keys",
    ),
    (
        "refund($, '{token_bucket}', '{1}', '{1}', '{-1}')",
        "charged_at_ms[1] is -1; accepted: what hit told, or null",
    ),
    ("reset(null, 'token_bucket', 1)", "key is null; accepted: what key() makes of a space and a subject"),
    (
        "reset($[1], 'unlimited', 1)",
        "algorithm is 'unlimited'; accepted: fixed_window, sliding_window, sliding_log, token_bucket",
    ),
    ("reset($[1], 'token_bucket', 0)", "window_ms is 0; accepted: 1 to 31622400000"),
    ("key('a b', 'Secret')", "space is 'a b'; accepted: 1 to 64 of A-Z a-z 0-9 _ . -"),
    ("key(null, 'Secret')", "space is NULL; accepted: 1 to 64 of A-Z a-z 0-9 _ . -"),
    ("key('chat', null)", "subject is null; accepted: 0 to 512 bytes of UTF-8"),
    ("key('chat', repeat('Secret', 100))", "subject is 600 bytes long; accepted: 0 to 512 bytes of UTF-8"),
    (
        "key('chat', '', repeat('Secret', 100))",
        "partition is 600 bytes long; accepted: 1 to 512 bytes of UTF-8, or null",
    ),
    ("key('chat', 'Secret', '')", "partition is 0 bytes long; accepted: 1 to 512 bytes of UTF-8, or null"),
    ("key('chat', 'Secret', prefix => 'a b')", "prefix is 'a b'; accepted: up to 40 of A-Z a-z 0-9 _ . : -"),
    ("key('chat', 'Secret', prefix => null)", "prefix is NULL; accepted: up to 40 of A-Z a-z 0-9 _ . : -"),
    ("acquire('', $, '{1}', 1, 1)", "id is ''; accepted: 1 to 64 of A-Z a-z 0-9 _ -"),
    ("acquire(null, $, '{1}', 1, 1)", "id is NULL; accepted: 1 to 64 of A-Z a-z 0-9 _ -"),
    ("acquire('l', '{}', '{}', 1, 1)", "keys has no elements; accepted: 1 to 64 elements"),
    (
        "acquire('l', '{NULL}', '{1}', 1, 1)",
        "keys[1] is null; accepted: what key() makes of a space and a subject",
    ),
    ("acquire('l', $ || $, '{1,1}', 1, 1)", "keys[2] is keys[1]; accepted: each once"),
    ("acquire('l', $, '{1,1}', 1, 1)", "caps has the bounds [1:2]; accepted: [1:1], one for each of keys"),
    ("acquire('l', $, '{-1}', 1, 1)", "caps[1] is -1; accepted: 0 to 9007199254740991"),
    ("acquire('l', $, '{NULL}', 1, 1)", "caps[1] is null; accepted: 0 to 9007199254740991"),
    ("acquire('l', $, '{1}', 0, 1)", "permits is 0; accepted: 1 to 9007199254740991"),
    ("acquire('l', $, '{1}', null, 1)", "permits is null; accepted: 1 to 9007199254740991"),
    ("acquire('l', $, '{1}', 1, 0)", "ttl_ms is 0; accepted: 1 to 2592000000"),
    ("acquire('l', $, '{1}', 1, 2592000001)", "ttl_ms is 2592000001; accepted: 1 to 2592000000"),
    ("acquire('l', $, '{1}', 1, 1, at_ms => -1)", "at_ms is -1; accepted: null for now"),
    ("renew('{}', '{}', '{}', $)", "ids has no elements; accepted: 1 to 1000 elements"),
    ("renew('{a b}', '{1}', '{1}', $)", "ids[1] is 'a b'; accepted: 1 to 64 of A-Z a-z 0-9 _ -"),
    ("renew('{l}', '{}', '{1}', $)", "counts has no elements; accepted: [1:1], one for each of ids"),
    ("renew('{l}', '{65}', '{1}', $)", "counts[1] is 65; accepted: 1 to 64"),
    ("renew('{l}', '{2}', '{1}', $)", "counts are 2 in all; accepted: 1, as many as keys"),
    ("renew('{l}', '{1}', '{1,1}', $)", "ttls has the bounds [1:2]; accepted: [1:1], one for each of ids"),
    ("renew('{l}', '{1}', '{0}', $)", "ttls[1] is 0; accepted: 1 to 2592000000"),
    (
        "renew('{l}', '{1}', '{1}', '{NULL}')",
        "keys[1] is null; accepted: what key() makes of a space and a subject",
    ),
    ("release('{NULL}', '{1}', $)", "ids[1] is NULL; accepted: 1 to 64 of A-Z a-z 0-9 _ -"),
    ("release('{l}', '{0}', $)", "counts[1] is 0; accepted: 1 to 64"),
    ("release('{l}', '{1}', null)", "keys has no elements; accepted: 1 to 64000 elements"),
    ("release('{l,l}', '{1,1}', $)", "counts are 2 in all; accepted: 1, as many as keys"),
    ("in_use(null)", "key is null; accepted: what key() makes of a space and a subject"),
    ("in_use($[1], -1)", "at_ms is -1; accepted: null for now"),
    ("leases('')", "key is 0 bytes long; accepted: what key() makes of a space and a subject"),
    ("check(null, 1, 0, 1)", "key is null; accepted: what key() makes of a space and a subject"),
    ("check($[1], 6, 0, 1)", "period is 6; accepted: 1 to 5"),
    ("check($[1], null, 0, 1)", "period is null; accepted: 1 to 5"),
    ("check($[1], 1, 1081, 1)", "offset_minutes is 1081; accepted: -1080 to 1080"),
    ("check($[1], 1, 0, -1)", "max is -1; accepted: 0 to 9007199254740991"),
    ("record($[1], 1, -1081, 1, 1)", "offset_minutes is -1081; accepted: -1080 to 1080"),
    ("record($[1], 1, 0, 1, -1)", "amount is -1; accepted: 0 to 9007199254740991"),
    ("record($[1], 1, 0, 1, null)", "amount is null; accepted: 0 to 9007199254740991"),
    ("reserve('r s', $, '{1}', '{0}', '{1}', '{1}', 1)", "id is 'r s'; accepted: 1 to 64 of A-Z a-z 0-9 _ -"),
    ("reserve('r', $, '{1}', '{0}', '{1}', '{1}', 0)", "ttl_ms is 0; accepted: 1 to 2592000000"),
    ("reserve('r', $, '{0}', '{0}', '{1}', '{1}', 1)", "periods[1] is 0; accepted: 1 to 5"),
    (
        "reserve('r', $, '{1,1}', '{0}', '{1}', '{1}', 1)",
        "periods has the bounds [1:2]; accepted: [1:1], one for each of keys",
    ),
    ("reserve('r', $, '{1}', '{1081}', '{1}', '{1}', 1)", "offsets[1] is 1081; accepted: -1080 to 1080"),
    ("reserve('r', $, '{1}', '{0}', '{-1}', '{1}', 1)", "maxes[1] is -1; accepted: 0 to 9007199254740991"),
    (
        "reserve('r', $ || $, '{1,1}', '{0,0}', '{1,1}', '{1,1}', 1)",
        "keys names the same counter twice; accepted: each once",
    ),
    (
        "settle('r', $, '{1}', '{0}', '{1}', '{9007199254740992}')",
        "amounts[1] is 9007199254740992; accepted: 0 to 9007199254740991",
    ),
    (
        "settle('r', $, '{1}', '{0}', '{1}', null)",
        "amounts has no elements; accepted: [1:1], one for each of keys",
    ),
    (
        "settle('r', '{NULL}', '{1}', '{0}', '{1}', '{1}')",
        "keys[1] is null; accepted: what key() makes of a space and a subject",
    ),
    ("reset_quota($[1], 6, 0)", "period is 6; accepted: 1 to 5"),
    ("sweep(null)", "anew is null; accepted: true or false"),
    ("sweep(every_ms => null)", "every_ms is null; accepted: 0 to 9007199254740991"),
    ("sweep(every_ms => -1)", "every_ms is -1; accepted: 0 to 9007199254740991"),
    ("sweep(most => null)", "most is null; accepted: 1 to 9007199254740991"),
    ("sweep(most => 0)", "most is 0; accepted: 1 to 9007199254740991"),
    ("sweep(at_ms => -1)", "at_ms is -1; accepted: null for now"),
];

/// Rows in all tables that count.
const COUNTED: &str = "select (select count(*) from limiter.rate) + (select count(*) from limiter.rate_log)
    + (select count(*) from limiter.slot) + (select count(*) from limiter.lease) + (select count(*) from limiter.quota)
    + (select count(*) from limiter.held) + (select count(*) from limiter.settled)";

/// What a call says, with its code.
const SAID: &str = "create function pg_temp.said(call text) returns text language plpgsql as $$ begin
      execute 'select * from limiter.' || call;
      return 'accepted';
    exception when others then
      return sqlstate || ': ' || sqlerrm;
    end $$";

#[tokio::test]
async fn what_is_out_of_bounds_is_named_with_its_value_and_what_is_accepted() {
    let (database, _backend) = Database::new().await;
    let call = |(call, _): &(&str, &str)| {
        format!("select pg_temp.said({})", quoted(&call.replace('$', &format!("({KEYS})"))))
    };
    let statements: Vec<_> = std::iter::once(SAID.to_owned()).chain(REFUSED.iter().map(call)).collect();
    let answers = database.script(&statements);
    for ((call, said), text) in REFUSED.iter().zip(&answers[1..]) {
        assert!(text.starts_with(&format!("22023: {said}")), "{call}: {text}");
        assert!(!text.contains("Secret") && !text.contains("536563726574"), "{call} tells a subject: {text}");
    }
    assert_eq!(database.sql(COUNTED), "0");
}
