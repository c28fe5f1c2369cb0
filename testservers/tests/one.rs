//! One server: started, ended in every way, started again.
#![allow(clippy::unwrap_used, reason = "a test stops when anything is off")]

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use testservers::redis::Redis;

fn folder(server: &Redis) -> PathBuf {
    let printed = server.cli(&["CONFIG", "GET", "dir"]).unwrap();
    PathBuf::from(printed.lines().nth(1).unwrap())
}

fn answers(address: SocketAddr) -> bool {
    TcpStream::connect(address).is_ok()
}

#[test]
fn a_server_answers_until_it_is_dropped_and_leaves_nothing() {
    let server = Redis::start().unwrap();
    assert_eq!(server.url(), format!("redis://127.0.0.1:{}", server.port()));
    assert_eq!(server.cli(&["SET", "a", "b"]).unwrap(), "OK");
    assert_eq!(server.cli(&["-n", "0", "GET", "a"]).unwrap(), "b");
    assert!(server.cli(&["NO-SUCH-COMMAND"]).unwrap().starts_with("ERR unknown command"));
    let (address, folder) = (server.address(), folder(&server));
    assert!(folder.exists() && answers(address));
    drop(server);
    assert!(!folder.exists() && !answers(address));
}

#[test]
fn what_a_killed_server_wrote_down_is_there_again() {
    let server = Redis::with(&["--appendonly", "yes", "--appendfsync", "always"]).unwrap();
    let port = server.port();
    for (round, end) in [Redis::kill, Redis::stop].iter().enumerate() {
        assert_eq!(server.cli(&["INCR", "rounds"]).unwrap(), (round + 1).to_string());
        end(&server);
        assert!(server.cli(&["PING"]).is_err());
        server.start_again().unwrap();
        assert_eq!(server.port(), port);
    }
    assert_eq!(server.cli(&["GET", "rounds"]).unwrap(), "2");
}

#[test]
fn a_server_keeps_nothing_unless_told_to() {
    let server = Redis::start().unwrap();
    server.cli(&["SET", "a", "b"]).unwrap();
    server.stop();
    server.start_again().unwrap();
    assert_eq!(server.cli(&["GET", "a"]).unwrap(), "");
    let why = server.start_again().unwrap_err().to_string();
    assert!(why.contains("still runs"), "{why}");
}

#[test]
fn a_server_comes_back_to_its_port_once_that_is_free() {
    let server = Redis::start().unwrap();
    server.kill();
    let taken = TcpListener::bind(server.address()).unwrap();
    thread::scope(|scope| {
        scope.spawn(|| {
            thread::sleep(Duration::from_millis(400));
            drop(taken);
        });
        server.start_again().unwrap();
    });
    assert_eq!(server.cli(&["PING"]).unwrap(), "PONG");
}

#[test]
fn a_paused_server_answers_nothing_until_it_goes_on() {
    let server = Redis::start().unwrap();
    server.pause();
    let begun = Instant::now();
    thread::scope(|scope| {
        let answer = scope.spawn(|| server.cli(&["PING"]).map(|pong| (pong, begun.elapsed())));
        thread::sleep(Duration::from_millis(300));
        assert!(!answer.is_finished());
        server.resume();
        let (pong, took) = answer.join().unwrap().unwrap();
        assert_eq!(pong, "PONG");
        assert!(took >= Duration::from_millis(300));
    });
    server.pause();
    let begun = Instant::now();
    server.stop();
    assert!(!answers(server.address()) && begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
}

#[test]
fn a_server_that_does_not_come_up_is_told_with_its_own_words() {
    let begun = Instant::now();
    let why = Redis::with(&["--no-such-setting", "1"]).unwrap_err().to_string();
    assert!(why.contains("no-such-setting") && why.contains("it ended with"), "{why}");
    assert!(begun.elapsed() < Duration::from_secs(10));
}

#[test]
fn many_can_be_started_at_once() {
    let servers: Vec<Redis> = thread::scope(|scope| {
        let starting: Vec<_> = (0..12).map(|_| scope.spawn(|| Redis::start().unwrap())).collect();
        starting.into_iter().map(|starting| starting.join().unwrap()).collect()
    });
    for (index, server) in servers.iter().enumerate() {
        server.cli(&["SET", "who", &index.to_string()]).unwrap();
    }
    for (index, server) in servers.iter().enumerate() {
        assert_eq!(server.cli(&["GET", "who"]).unwrap(), index.to_string());
    }
}
