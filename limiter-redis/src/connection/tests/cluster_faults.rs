//! Clusters whose nodes fail.

use limiter_core::ErrorKind;
use limiter_testkit::proxy::{Mode, Proxy};
use testservers::redis::Cluster;
use tokio::task::JoinSet;

use super::cluster::{cluster, key_of, say_ok, take_all_slots};
use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_master_is_followed_under_load_and_the_others_go_on() {
    let servers = Cluster::start(3, 1).unwrap();
    let (master, replica) = (&servers.nodes()[0], &servers.nodes()[3]);
    let connection = connect(&cluster(&servers.nodes()[..3])).await.unwrap();
    let key: &'static str = key_of(master).leak();
    let another: &'static str = key_of(&servers.nodes()[1]).leak();
    // Nobody else's calls tell this one of the failover.
    let alone = connect(&cluster(&servers.nodes()[..3])).await.unwrap();
    count(&alone, &format!("{{{key}}}alone")).await.unwrap();
    let [loaded, undisturbed] = [key, another].map(|key| {
        let connection = connection.clone();
        tokio::spawn(async move { load(&connection, key, Duration::from_secs(9)).await })
    });
    sleep(Duration::from_millis(500)).await;
    master.kill();
    let limit = Instant::now() + Duration::from_secs(15);
    while !replica.cli(&["ROLE"]).unwrap().starts_with("master") {
        assert!(Instant::now() < limit, "no failover");
        sleep(Duration::from_millis(20)).await;
    }
    let took = until_it_works(&connection, &format!("{{{key}}}other"), Duration::from_secs(5)).await;
    assert!(took < Duration::from_secs(4), "{took:?}");
    let took = until_it_works(&alone, &format!("{{{key}}}alone"), Duration::from_secs(5)).await;
    assert!(took < Duration::from_secs(4), "{took:?}");
    let (tally, others) = (loaded.await.unwrap(), undisturbed.await.unwrap());
    assert!(tally.succeeded > 500 && tally.failed > 0, "{tally:?}");
    let counted = counted(replica, key);
    assert!(counted > 500 && counted <= tally.succeeded + tally.unsure, "{counted}: {tally:?}");
    // A cluster that has just lost a node may say so for a moment; nobody is left in doubt.
    assert!(others.succeeded > 1000 && others.unsure == 0, "{others:?}");
    assert_eq!(super::counted(&servers.nodes()[1], another), others.succeeded);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_master_that_hands_over_is_followed_under_load() {
    let servers = Cluster::start(3, 1).unwrap();
    let (master, replica) = (&servers.nodes()[0], &servers.nodes()[3]);
    let connection = connect(&cluster(&servers.nodes()[..1])).await.unwrap();
    let key: &'static str = key_of(master).leak();
    let loaded = tokio::spawn({
        let connection = connection.clone();
        async move { load(&connection, key, Duration::from_secs(4)).await }
    });
    sleep(Duration::from_millis(500)).await;
    say_ok(replica, &["CLUSTER", "FAILOVER"]);
    let tally = loaded.await.unwrap();
    assert!(replica.cli(&["ROLE"]).unwrap().starts_with("master"));
    assert!(tally.succeeded > 500, "{tally:?}");
    tally.assert_explains(counted(replica, key));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_master_that_hangs_holds_up_nobody_elses_calls() {
    let servers = Cluster::start(3, 0).unwrap();
    let connection = connect(&cluster(servers.nodes())).await.unwrap();
    let keys: Vec<String> = servers.nodes().iter().map(key_of).collect();
    for key in &keys {
        count(&connection, key).await.unwrap();
    }
    servers.nodes()[0].pause();
    let hanging = tokio::spawn({
        let (connection, key) = (connection.clone(), keys[0].clone());
        async move {
            for _ in 0..4 {
                count(&connection, &key).await.unwrap_err();
            }
        }
    });
    for _ in 0..100 {
        for key in &keys[1..] {
            let begun = Instant::now();
            count(&connection, key).await.unwrap();
            assert!(begun.elapsed() < Duration::from_millis(150), "{:?}", begun.elapsed());
        }
        sleep(Duration::from_millis(10)).await;
    }
    hanging.await.unwrap();
    servers.nodes()[0].resume();
    until_it_works(&connection, &keys[0], Duration::from_secs(5)).await;
}

#[tokio::test]
async fn a_cluster_that_is_down_says_so_in_time_and_is_found_again() {
    let server = Redis::with(&["--cluster-enabled", "yes"]).unwrap();
    let error = connect(&cluster(std::slice::from_ref(&server))).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    take_all_slots(&server);
    let connection = connect(&cluster(std::slice::from_ref(&server))).await.unwrap();
    until_it_works(&connection, "k", Duration::from_secs(5)).await;
    // A slot without a node is enough to stop all.
    say_ok(&server, &["CLUSTER", "DELSLOTS", "0"]);
    while !server.cli(&["CLUSTER", "INFO"]).unwrap().contains("cluster_state:fail") {
        sleep(Duration::from_millis(20)).await;
    }
    let error = count(&connection, "k").await.unwrap_err();
    assert_eq!((error.kind(), error.may_have_charged()), (ErrorKind::Unavailable, false), "{error}");
    assert!(error.to_string().contains("CLUSTERDOWN"), "{error}");
    say_ok(&server, &["CLUSTER", "ADDSLOTS", "0"]);
    until_it_works(&connection, "k", Duration::from_secs(5)).await;
    assert_eq!(counted(&server, "k"), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn very_many_calls_to_a_cluster_that_is_gone_all_end() {
    let servers = Cluster::start(3, 0).unwrap();
    let connection = connect(&cluster(servers.nodes())).await.unwrap();
    count(&connection, "k").await.unwrap();
    servers.nodes().iter().for_each(Redis::kill);
    let mut calls = JoinSet::new();
    let begun = Instant::now();
    for number in 0..10_000 {
        let connection = connection.clone();
        calls.spawn(async move {
            let mut call = Call::new(&COUNT, "hit", true, 1, 0);
            call.arg(format!("key-{number}"));
            connection.run(call).await.unwrap_err()
        });
    }
    for error in calls.join_all().await {
        assert_eq!((error.kind(), error.may_have_charged()), (ErrorKind::Unavailable, false), "{error}");
    }
    assert!(begun.elapsed() < Duration::from_millis(1500), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_lost_reply_was_executed_once() {
    let servers = Cluster::start(3, 0).unwrap();
    let mut proxies = Vec::new();
    for node in servers.nodes() {
        let proxy = Proxy::start(node.address()).await.unwrap();
        say_ok(node, &["CONFIG", "SET", "cluster-announce-port", &proxy.address().port().to_string()]);
        proxies.push(proxy);
    }
    // Until all have heard of it from each other. Redis before 7 would have to be told when it starts.
    let limit = Instant::now() + Duration::from_secs(20);
    for node in servers.nodes() {
        let told = |port: u16| node.cli(&["CLUSTER", "SLOTS"]).unwrap().contains(&port.to_string());
        while !proxies.iter().all(|proxy| told(proxy.address().port())) {
            assert!(Instant::now() < limit, "the nodes don't tell each other where they are");
            sleep(Duration::from_millis(50)).await;
        }
    }
    let seeds = proxies.iter().map(|proxy| address(proxy.address())).collect();
    let connection = connect(&target(Place::Cluster(seeds))).await.unwrap();
    for (node, proxy) in servers.nodes().iter().zip(&proxies) {
        let key = key_of(node);
        let warm = format!("{{{key}}}warm");
        count(&connection, &warm).await.unwrap();
        for (turn, mode) in
            [Mode::DropRepliesAndCut, Mode::DropReplies].into_iter().cycle().take(4).enumerate()
        {
            proxy.set(mode).await;
            let error = count(&connection, &key).await.unwrap_err();
            assert!(error.may_have_charged(), "{error}");
            assert_eq!(counted(node, &key), turn as u64 + 1);
            proxy.set(Mode::Cut { after_bytes: 0 }).await;
            sleep(Duration::from_millis(20)).await;
            proxy.set(Mode::Forward).await;
            until_it_works(&connection, &warm, Duration::from_secs(2)).await;
        }
        assert_eq!(counted(node, &key), 4);
    }
}
