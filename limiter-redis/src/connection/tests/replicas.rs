//! Replicas, where a primary is expected.

use limiter_core::ErrorKind;
use limiter_testkit::proxy::Proxy;

use super::*;

fn replica_of(server: &Redis, primary: &Redis) {
    assert_eq!(server.cli(&["REPLICAOF", "127.0.0.1", &primary.port().to_string()]).unwrap(), "OK");
}

#[tokio::test]
async fn a_demoted_server_is_left_and_a_promoted_one_found() {
    let (server, other) = (Redis::start().unwrap(), Redis::start().unwrap());
    let proxy = Proxy::start(server.address()).await.unwrap();
    let connection = connect(&single(proxy.address())).await.unwrap();
    count(&connection, "k").await.unwrap();
    replica_of(&server, &other);
    let end = Instant::now() + Duration::from_secs(3);
    let mut said = String::new();
    while Instant::now() < end {
        let error = count(&connection, "k").await.unwrap_err();
        assert_eq!((error.kind(), error.may_have_charged()), (ErrorKind::Unavailable, false), "{error}");
        said = error.to_string();
    }
    assert!(said.contains("replica"), "{said}");
    // Not left for good, and not connected to all the time either.
    let connects = proxy.counts().connections;
    assert!((3..=15).contains(&connects), "{connects}");
    server.cli(&["REPLICAOF", "NO", "ONE"]).unwrap();
    let took = until_it_works(&connection, "k", Duration::from_secs(2)).await;
    assert!(took < Duration::from_millis(1300), "{took:?}");
}

#[tokio::test]
async fn the_server_behind_a_name_may_change() {
    let (old, new) = (Redis::start().unwrap(), Redis::start().unwrap());
    // A name that leads elsewhere for new connections, as after a failover that is done by DNS.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    let (first, then) = (old.address(), new.address());
    tokio::spawn(async move {
        for turn in 0.. {
            let (mut client, _) = listener.accept().await.unwrap();
            let mut server =
                tokio::net::TcpStream::connect(if turn == 0 { first } else { then }).await.unwrap();
            tokio::spawn(async move { tokio::io::copy_bidirectional(&mut client, &mut server).await });
        }
    });
    let connection = connect(&single(at)).await.unwrap();
    count(&connection, "k").await.unwrap();
    replica_of(&old, &new);
    let error = count(&connection, "k").await.unwrap_err();
    assert!(error.to_string().contains("READONLY") && !error.may_have_charged(), "{error}");
    until_it_works(&connection, "k", Duration::from_secs(1)).await;
    assert_eq!(counted(&new, "k"), 1);
}
