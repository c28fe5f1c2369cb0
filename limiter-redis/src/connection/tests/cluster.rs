//! Clusters, and slots that move.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use limiter_core::ErrorKind;
use testservers::redis::Cluster;
use tokio::task::JoinSet;

use super::invented::server_that_says;
use super::*;

const PAIR_TEXT: &str = "redis.call('INCR', KEYS[1]) return redis.call('INCR', KEYS[2])";
static PAIR: Script = Script::new("pair", PAIR_TEXT, || sha(PAIR_TEXT));

pub(super) fn cluster(nodes: &[Redis]) -> Target {
    target(Place::Cluster(nodes.iter().map(|node| address(node.address())).collect()))
}

/// A key that the node serves.
pub(super) fn key_of(node: &Redis) -> String {
    let free = |key: &String| !node.cli(&["GET", key]).unwrap().contains("MOVED");
    (0..10_000).map(|number| format!("key-{number}")).find(free).unwrap()
}

fn id(node: &Redis) -> String {
    node.cli(&["CLUSTER", "MYID"]).unwrap()
}

pub(super) fn say_ok(node: &Redis, words: &[&str]) {
    assert_eq!(node.cli(words).unwrap(), "OK", "{words:?}");
}

/// Makes a node a cluster of one.
pub(super) fn take_all_slots(node: &Redis) {
    let slots: Vec<_> = (0..16_384).map(|slot| slot.to_string()).collect();
    say_ok(
        node,
        &["CLUSTER", "ADDSLOTS"].into_iter().chain(slots.iter().map(String::as_str)).collect::<Vec<_>>(),
    );
}

/// How often a server has answered with that error.
fn errors(node: &Redis, code: &str) -> u64 {
    let stats = node.cli(&["INFO", "errorstats"]).unwrap();
    let count = stats.lines().find_map(|line| line.trim().strip_prefix(&format!("errorstat_{code}:count=")));
    count.map_or(0, |count| count.parse().unwrap())
}

/// A slot and the two nodes that it is moved between.
struct Move<'a> {
    slot: &'a str,
    from: &'a Redis,
    to: &'a Redis,
}

impl Move<'_> {
    fn begin(&self) {
        say_ok(self.to, &["CLUSTER", "SETSLOT", self.slot, "IMPORTING", &id(self.from)]);
        say_ok(self.from, &["CLUSTER", "SETSLOT", self.slot, "MIGRATING", &id(self.to)]);
    }

    fn carry(&self, key: &str) {
        say_ok(self.from, &["MIGRATE", "127.0.0.1", &self.to.port().to_string(), key, "0", "1000"]);
    }

    fn end(&self) {
        for node in [self.to, self.from] {
            say_ok(node, &["CLUSTER", "SETSLOT", self.slot, "NODE", &id(self.to)]);
        }
    }
}

#[tokio::test]
async fn every_slot_is_found() {
    let servers = Cluster::start(3, 0).unwrap();
    // One node is enough to begin with, and one that is down does no harm.
    let down = Redis::start().unwrap();
    down.kill();
    let seeds = Place::Cluster(vec![address(down.address()), address(servers.nodes()[1].address())]);
    let connection = connect(&target(seeds)).await.unwrap();
    for number in 0..300 {
        assert_eq!(count(&connection, &format!("key-{number}")).await.unwrap(), 1);
    }
    let sizes: Vec<u64> =
        servers.nodes().iter().map(|node| node.cli(&["DBSIZE"]).unwrap().parse().unwrap()).collect();
    assert!(sizes.iter().all(|size| *size > 50) && sizes.iter().sum::<u64>() == 300, "{sizes:?}");
    assert!(servers.nodes().iter().all(|node| errors(node, "MOVED") == 0));
    assert!(connection.is_cluster() && connection.describe().starts_with("redis cluster at 127.0.0.1:"));
    assert_eq!(
        connection.ask(redis::cmd("PING"), "ping").await.unwrap(),
        Value::SimpleString("PONG".to_owned())
    );
    connection.shut().await;
    let error = count(&connection, "k").await.unwrap_err();
    assert_eq!((error.kind(), error.may_have_charged()), (ErrorKind::Unavailable, false), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slots_that_move_under_load_cost_no_error_and_no_count() {
    let servers = Cluster::start(2, 0).unwrap();
    let [one, two] = servers.nodes() else { panic!() };
    let connection = connect(&cluster(servers.nodes())).await.unwrap();
    let key = key_of(one);
    let slot = one.cli(&["CLUSTER", "KEYSLOT", &key]).unwrap();
    let done = Arc::new(AtomicBool::new(false));
    let mut tasks = JoinSet::new();
    for _ in 0..8 {
        let (connection, key, done) = (connection.clone(), key.clone(), Arc::clone(&done));
        tasks.spawn(async move {
            let mut counted = 0_u64;
            while !done.load(Ordering::Relaxed) {
                count(&connection, &key).await.unwrap();
                counted += 1;
            }
            counted
        });
    }
    for (from, to) in [(one, two), (two, one), (one, two)] {
        sleep(Duration::from_millis(100)).await;
        let slot = Move { slot: &slot, from, to };
        slot.begin();
        sleep(Duration::from_millis(50)).await;
        slot.carry(&key);
        // Longer than a call may wait: each is answered while the slot is between the two.
        sleep(RESPONSE + Duration::from_millis(100)).await;
        slot.end();
    }
    sleep(Duration::from_millis(100)).await;
    done.store(true, Ordering::Relaxed);
    let counted: u64 = tasks.join_all().await.into_iter().sum();
    assert_eq!(super::counted(two, &key), counted);
    assert!(errors(one, "ASK") > 0 && errors(two, "ASK") > 0, "no slot was being moved");
    assert!(errors(one, "MOVED") > 0 && errors(two, "MOVED") > 0, "no slot has moved");
    // The slot is known to have moved: calls go there at once.
    let before = errors(one, "MOVED");
    count(&connection, &key).await.unwrap();
    assert_eq!(errors(one, "MOVED"), before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_that_are_parted_for_a_moment_are_waited_for() {
    let servers = Cluster::start(2, 0).unwrap();
    let [one, two] = servers.nodes() else { panic!() };
    let connection = connect(&cluster(servers.nodes())).await.unwrap();
    let tag = key_of(one);
    let keys = [format!("{{{tag}}}a"), format!("{{{tag}}}b")];
    let pair = async || {
        let mut call = Call::new(&PAIR, "hit", true, 2, 0);
        call.arg(&keys[..]);
        connection.run(call).await
    };
    assert_eq!(pair().await.unwrap(), Value::Int(1));
    let slot = one.cli(&["CLUSTER", "KEYSLOT", &tag]).unwrap();
    let slot = Move { slot: &slot, from: one, to: two };
    slot.begin();
    slot.carry(&keys[0]);
    let (answer, ()) = tokio::join!(pair(), async {
        sleep(Duration::from_millis(150)).await;
        slot.carry(&keys[1]);
    });
    assert_eq!(answer.unwrap(), Value::Int(2));
    // Before Redis 7 it is the other one that says so.
    assert!(errors(one, "TRYAGAIN") + errors(two, "TRYAGAIN") > 0);
    slot.end();
    assert_eq!(pair().await.unwrap(), Value::Int(3));
}

#[tokio::test]
async fn keys_that_stay_parted_end_the_call_in_time() {
    let servers = Cluster::start(2, 0).unwrap();
    let [one, two] = servers.nodes() else { panic!() };
    let connection = connect(&cluster(servers.nodes())).await.unwrap();
    let tag = key_of(one);
    let keys = [format!("{{{tag}}}a"), format!("{{{tag}}}b")];
    for key in &keys {
        count(&connection, key).await.unwrap();
    }
    let slot = one.cli(&["CLUSTER", "KEYSLOT", &tag]).unwrap();
    let slot = Move { slot: &slot, from: one, to: two };
    slot.begin();
    slot.carry(&keys[0]);
    let begun = Instant::now();
    let mut call = Call::new(&PAIR, "hit", true, 2, 0);
    call.arg(&keys[..]);
    let error = connection.run(call).await.unwrap_err();
    assert!(begun.elapsed() < BOUND, "{:?}", begun.elapsed());
    assert_eq!((error.kind(), error.may_have_charged()), (ErrorKind::Unavailable, false), "{error}");
    // Before Redis 7 one of them says ASK and the other TRYAGAIN, by turns.
    let said = ["TRYAGAIN", "pass the key's slot on"];
    assert!(said.iter().any(|said| error.to_string().contains(said)), "{error}");
}

#[tokio::test]
async fn scripts_that_are_flushed_are_loaded_on_each_node() {
    let servers = Cluster::start(3, 0).unwrap();
    let connection = connect(&cluster(servers.nodes())).await.unwrap();
    for turn in 1..=3 {
        for node in servers.nodes() {
            node.cli(&["SCRIPT", "FLUSH"]).unwrap();
        }
        for number in 0..20 {
            assert_eq!(count(&connection, &format!("key-{number}")).await.unwrap(), turn);
        }
    }
}

#[tokio::test]
async fn a_single_server_is_no_cluster_and_a_node_no_single_server() {
    let server = Redis::start().unwrap();
    let error = connect(&cluster(std::slice::from_ref(&server))).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config, "{error}");
    assert!(error.to_string().contains("no node of a cluster"), "{error}");
    let servers = Cluster::start(2, 0).unwrap();
    let connection = connect(&single(servers.nodes()[0].address())).await.unwrap();
    let error = count(&connection, &key_of(&servers.nodes()[1])).await.unwrap_err();
    assert_eq!((error.kind(), error.may_have_charged()), (ErrorKind::Config, false), "{error}");
    assert!(error.to_string().contains("redis+cluster://"), "{error}");
}

/// A node that knows its slots, and has one answer to all else; and how often it gave that.
async fn node_that_says(
    slots: impl Fn(u16) -> String + Clone + Send + 'static,
    answer: impl Fn(u16) -> String + Clone + Send + 'static,
) -> (Address, Arc<AtomicU64>) {
    let asked = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&asked);
    let node = server_that_says(move |words, port| match words[0].as_str() {
        "PING" => "+PONG\r\n".to_owned(),
        "CLUSTER" => slots(port),
        _ => {
            counter.fetch_add(1, Ordering::SeqCst);
            answer(port)
        }
    });
    (node.await, asked)
}

#[tokio::test]
async fn nodes_that_pass_a_slot_on_to_each_other_are_not_asked_without_end() {
    let slots = |port| format!("*1\r\n*3\r\n:0\r\n:16383\r\n*2\r\n$9\r\n127.0.0.1\r\n:{port}\r\n");
    let (node, asked) = node_that_says(slots, |port| format!("-MOVED 1 127.0.0.1:{port}\r\n")).await;
    let connection = connect(&target(Place::Cluster(vec![node]))).await.unwrap();
    let error = count(&connection, "k").await.unwrap_err();
    assert_eq!((error.kind(), error.may_have_charged()), (ErrorKind::Unavailable, false), "{error}");
    assert!(error.to_string().contains("pass the key's slot on"), "{error}");
    let asked = asked.load(Ordering::SeqCst);
    assert!((5..=40).contains(&asked), "{asked}");
}

#[tokio::test]
async fn a_slot_that_has_moved_is_followed_before_all_have_heard_of_it() {
    let unsaid = |_| "-ERR nobody asks\r\n".to_owned();
    let (new, counted) = node_that_says(unsaid, |_| ":7\r\n".to_owned()).await;
    let slots = |port| format!("*1\r\n*3\r\n:0\r\n:16383\r\n*2\r\n$9\r\n127.0.0.1\r\n:{port}\r\n");
    // The slot of the key `k`.
    let (old, _) = node_that_says(slots, move |_| format!("-MOVED 7629 127.0.0.1:{}\r\n", new.port)).await;
    let connection = connect(&target(Place::Cluster(vec![old]))).await.unwrap();
    assert_eq!(count(&connection, "k").await.unwrap(), 7);
    assert_eq!(counted.load(Ordering::SeqCst), 1);
}
