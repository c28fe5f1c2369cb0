//! What clients send, as MONITOR shows it.

use std::collections::BTreeMap;
use std::time::Duration;

use testservers::redis::Redis;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::everything::everything;
use crate::server::client;

/// A connection on which the server shows what it is sent.
struct Monitor {
    lines: Lines<BufReader<TcpStream>>,
}

impl Monitor {
    async fn start(server: &Redis) -> Self {
        let mut stream = TcpStream::connect(server.address()).await.unwrap();
        stream.write_all(b"MONITOR\r\n").await.unwrap();
        let mut lines = BufReader::new(stream).lines();
        assert_eq!(lines.next_line().await.unwrap().unwrap(), "+OK");
        Self { lines }
    }

    /// The commands of clients so far, by name; what scripts call is left out.
    async fn commands(&mut self, server: &Redis) -> BTreeMap<String, u64> {
        server.cli(&["ECHO", "enough"]).unwrap();
        let mut commands = BTreeMap::new();
        loop {
            let line = timeout(Duration::from_secs(10), self.lines.next_line()).await;
            let line = line.unwrap().unwrap().unwrap();
            let (head, command) = line.split_once("] ").unwrap();
            if head.ends_with("lua") {
                continue;
            }
            let name = command.split('"').nth(1).unwrap().to_uppercase();
            if name == "ECHO" {
                return commands;
            }
            *commands.entry(name).or_default() += 1;
        }
    }
}

fn counted<const N: usize>(commands: [(&str, u64); N]) -> BTreeMap<String, u64> {
    commands.into_iter().map(|(name, count)| (name.to_owned(), count)).collect()
}

#[tokio::test]
async fn each_call_is_one_command_and_nothing_is_sent_again() {
    let server = Redis::start().unwrap();
    let mut monitor = Monitor::start(&server).await;
    let backend = client(&server.url()).await;
    let at_start = monitor.commands(&server).await;
    let known = ["HELLO", "CLIENT", "INFO", "PING"];
    assert!(at_start.keys().all(|name| known.contains(&name.as_str())), "{at_start:?}");

    // The first time, each script is sent once as a text: at most as many as there are.
    let calls = everything(&backend, "first").await.unwrap();
    let mut first = monitor.commands(&server).await;
    let texts = first.remove("EVAL").unwrap();
    assert!((10..=20).contains(&texts), "{texts}");
    assert_eq!(first, counted([("EVALSHA", calls), ("PING", 1)]));

    // From then on it is one EVALSHA a call, and no other command, MULTI among them.
    let calls = everything(&backend, "second").await.unwrap();
    assert_eq!(monitor.commands(&server).await, counted([("EVALSHA", calls), ("PING", 1)]));
}

#[tokio::test]
async fn a_server_that_forgot_the_scripts_is_sent_each_text_once() {
    let server = Redis::start().unwrap();
    let backend = client(&server.url()).await;
    everything(&backend, "first").await.unwrap();
    let mut monitor = Monitor::start(&server).await;
    server.cli(&["SCRIPT", "FLUSH"]).unwrap();
    let calls = everything(&backend, "second").await.unwrap();
    let mut sent = monitor.commands(&server).await;
    assert!((10..=20).contains(&sent.remove("EVAL").unwrap()));
    assert_eq!(sent, counted([("EVALSHA", calls), ("PING", 1), ("SCRIPT", 1)]));
}
