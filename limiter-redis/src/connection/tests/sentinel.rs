//! Primaries that sentinels know.

use limiter_core::ErrorKind;
use limiter_testkit::proxy::{Mode, Proxy};
use testservers::redis::Sentinels;

use super::invented::server_that_says;
use super::*;

fn service(sentinels: Vec<Address>, service: &str) -> Target {
    target(Place::Sentinel { sentinels, service: service.to_owned(), login: Login::default() })
}

fn addresses(sentinels: &Sentinels) -> Vec<Address> {
    sentinels.sentinels().iter().map(|sentinel| address(sentinel.address())).collect()
}

/// Waits until that server says it is the primary.
async fn promoted(server: &Redis) {
    let limit = Instant::now() + Duration::from_secs(15);
    while !server.cli(&["ROLE"]).unwrap().starts_with("master") {
        assert!(Instant::now() < limit, "no failover");
        sleep(Duration::from_millis(20)).await;
    }
}

/// A sentinel that says always the same.
async fn sentinel_that_names(named: &Redis) -> Address {
    let port = named.port().to_string();
    let answer = format!("*2\r\n$9\r\n127.0.0.1\r\n${}\r\n{port}\r\n", port.len());
    server_that_says(move |words, _| if words == ["PING"] { "+PONG\r\n".to_owned() } else { answer.clone() })
        .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_primary_is_followed_under_load() {
    let sentinels = Sentinels::start().unwrap();
    let connection = connect(&service(addresses(&sentinels), "limits")).await.unwrap();
    let loaded = tokio::spawn({
        let connection = connection.clone();
        async move { load(&connection, "k", Duration::from_secs(9)).await }
    });
    sleep(Duration::from_millis(500)).await;
    sentinels.primary().kill();
    promoted(sentinels.replica()).await;
    let took = until_it_works(&connection, "other", Duration::from_secs(5)).await;
    assert!(took < Duration::from_secs(3), "{took:?}");
    let tally = loaded.await.unwrap();
    assert!(tally.succeeded > 500 && tally.failed > 0, "{tally:?}");
    // What the replica hadn't heard of yet is lost; nothing is there twice.
    let counted = counted(sentinels.replica(), "k");
    assert!(counted > 500 && counted <= tally.succeeded + tally.unsure, "{counted}: {tally:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_demoted_primary_that_lives_on_is_left_under_load() {
    let sentinels = Sentinels::start().unwrap();
    let connection = connect(&service(addresses(&sentinels), "limits")).await.unwrap();
    let loaded = tokio::spawn({
        let connection = connection.clone();
        async move { load(&connection, "k", Duration::from_secs(8)).await }
    });
    sleep(Duration::from_millis(300)).await;
    assert_eq!(sentinels.sentinels()[0].cli(&["SENTINEL", "FAILOVER", "limits"]).unwrap(), "OK");
    promoted(sentinels.replica()).await;
    let begun = Instant::now();
    let limit = Duration::from_secs(5);
    // By now both may say that they are primaries: what counts is where it is counted.
    while counted(sentinels.replica(), "other") == 0 {
        count(&connection, "other").await.ok();
        assert!(begun.elapsed() < limit);
        sleep(Duration::from_millis(10)).await;
    }
    let tally = loaded.await.unwrap();
    assert!(tally.succeeded > 500, "{tally:?}");
    assert!(counted(sentinels.replica(), "k") <= tally.succeeded + tally.unsure, "{tally:?}");
}

#[tokio::test]
async fn read_only_answers_lead_to_the_primary() {
    let (server, replica) = (Redis::start().unwrap(), Redis::start().unwrap());
    let sentinel = sentinel_that_names(&server).await;
    let connection = connect(&service(vec![sentinel], "limits")).await.unwrap();
    count(&connection, "k").await.unwrap();
    server.cli(&["REPLICAOF", "127.0.0.1", &replica.port().to_string()]).unwrap();
    let error = count(&connection, "k").await.unwrap_err();
    assert!(error.to_string().contains("READONLY") && !error.may_have_charged(), "{error}");
    // From then on its role is asked for before it is used.
    sleep(Duration::from_millis(60)).await;
    for _ in 0..5 {
        let error = count(&connection, "k").await.unwrap_err();
        assert_eq!((error.kind(), error.may_have_charged()), (ErrorKind::Unavailable, false));
        sleep(Duration::from_millis(50)).await;
    }
    let error = count(&connection, "k").await.unwrap_err();
    assert!(error.to_string().contains("isn't the primary"), "{error}");
    server.cli(&["REPLICAOF", "NO", "ONE"]).unwrap();
    assert!(until_it_works(&connection, "k", Duration::from_secs(5)).await < Duration::from_secs(2));
}

#[tokio::test]
async fn a_sentinel_that_has_not_heard_of_the_failover_is_passed_over() {
    let (primary, replica) = (Redis::start().unwrap(), Redis::start().unwrap());
    replica.cli(&["REPLICAOF", "127.0.0.1", &primary.port().to_string()]).unwrap();
    let sentinels = vec![sentinel_that_names(&replica).await, sentinel_that_names(&primary).await];
    let connection = connect(&service(sentinels, "limits")).await.unwrap();
    count(&connection, "k").await.unwrap();
    assert_eq!(counted(&primary, "k"), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sentinels_that_are_down_or_hang_are_passed_over() {
    let sentinels = Sentinels::start().unwrap();
    let target = service(addresses(&sentinels), "limits");
    let [first, second, third] = sentinels.sentinels() else { panic!() };
    first.kill();
    second.pause();
    let connection = connect(&target).await.unwrap();
    count(&connection, "k").await.unwrap();
    assert!(connection.describe().contains("redis service limits, database 0"), "{}", connection.describe());
    second.resume();
    second.kill();
    third.kill();
    // Who has a connection needs no sentinel.
    count(&connection, "k").await.unwrap();
    let error = connect(&target).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    assert!(error.to_string().contains("refused"), "{error}");
}

#[tokio::test]
async fn what_sentinels_refuse_is_told() {
    let sentinels = Sentinels::start().unwrap();
    let error = connect(&service(addresses(&sentinels), "lim1ts")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config, "{error}");
    assert!(error.to_string().contains("no service lim1ts"), "{error}");
    let sentinel = &sentinels.sentinels()[0];
    assert_eq!(sentinel.cli(&["ACL", "SETUSER", "default", "resetpass", ">pa55-s"]).unwrap(), "OK");
    let with = |login: Login| {
        let sentinels = vec![address(sentinel.address())];
        target(Place::Sentinel { sentinels, service: "limits".to_owned(), login })
    };
    for wrong in [Login::default(), login("default", "pa55-w")] {
        let error = connect(&with(wrong)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config, "{error}");
        assert!(error.to_string().contains("password") && !shown(&error).contains("pa55"), "{error}");
    }
    let connection = connect(&with(login("default", "pa55-s"))).await.unwrap();
    count(&connection, "k").await.unwrap();
    assert!(!format!("{connection:?} {}", connection.describe()).contains("pa55"));
}

#[tokio::test]
async fn a_lost_reply_was_executed_once() {
    let server = Redis::start().unwrap();
    let proxy = Proxy::start(server.address()).await.unwrap();
    let sentinels = Sentinels::start().unwrap();
    let port = proxy.address().port().to_string();
    for sentinel in sentinels.sentinels() {
        sentinel.cli(&["SENTINEL", "MONITOR", "proxied", "127.0.0.1", &port, "3"]).unwrap();
    }
    let connection = connect(&service(addresses(&sentinels), "proxied")).await.unwrap();
    count(&connection, "warm").await.unwrap();
    for expected in 1..=3 {
        proxy.set(Mode::DropRepliesAndCut).await;
        let error = count(&connection, "k").await.unwrap_err();
        assert_eq!((error.kind(), error.may_have_charged()), (ErrorKind::Unavailable, true), "{error}");
        assert_eq!(counted(&server, "k"), expected);
        proxy.set(Mode::Forward).await;
        until_it_works(&connection, "warm", Duration::from_secs(2)).await;
    }
    assert_eq!(counted(&server, "k"), 3);
}
