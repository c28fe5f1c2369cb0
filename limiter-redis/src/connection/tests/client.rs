//! Clients that the application has made.

use limiter_core::ErrorKind;
use limiter_testkit::proxy::{Mode, Proxy};

use super::*;

async fn from(url: String) -> Result<Connection> {
    Connection::from_client(redis::Client::open(url).unwrap(), CONNECT, RESPONSE).await
}

#[tokio::test]
async fn a_client_keeps_its_own_settings() {
    let server = Redis::with(&["--requirepass", "pa55"]).unwrap();
    let connection = from(format!("redis://:pa55@{}/2", server.address())).await.unwrap();
    count(&connection, "k").await.unwrap();
    assert_eq!(server.cli(&["-a", "pa55", "--no-auth-warning", "-n", "2", "GET", "k"]).unwrap(), "1");
    assert!(!format!("{connection:?} {}", connection.describe()).contains("pa55"));
    let error = from(format!("redis://:wr0ng@{}", server.address())).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config, "{error}");
    assert!(!shown(&error).contains("wr0ng"));
}

#[tokio::test]
async fn answers_have_the_forms_of_resp2() {
    let server = Redis::start().unwrap();
    let connection = from(server.url()).await.unwrap();
    let ask = async |words: &[&str]| {
        let mut command = redis::cmd(words[0]);
        command.arg(&words[1..]);
        connection.ask(command, "ask").await.unwrap()
    };
    assert!(matches!(ask(&["INFO", "server"]).await, Value::BulkString(info) if !info.is_empty()));
    match ask(&["CONFIG", "GET", "maxmemory-policy"]).await {
        Value::Array(pairs) => assert_eq!(pairs.len(), 2),
        value => panic!("{value:?}"),
    }
}

#[tokio::test]
async fn a_lost_connection_is_noticed_before_the_next_call() {
    let server = Redis::start().unwrap();
    let proxy = Proxy::start(server.address()).await.unwrap();
    let connection = from(format!("redis://{}", proxy.address())).await.unwrap();
    count(&connection, "k").await.unwrap();
    proxy.set(Mode::Cut { after_bytes: 0 }).await;
    sleep(Duration::from_millis(50)).await;
    proxy.set(Mode::Forward).await;
    assert_eq!(count(&connection, "k").await.unwrap(), 2);
}

#[tokio::test]
async fn a_lost_reply_was_executed_once() {
    let server = Redis::start().unwrap();
    let proxy = Proxy::start(server.address()).await.unwrap();
    let connection = from(format!("redis://{}", proxy.address())).await.unwrap();
    count(&connection, "warm").await.unwrap();
    proxy.set(Mode::DropRepliesAndCut).await;
    let error = count(&connection, "k").await.unwrap_err();
    assert_eq!((error.kind(), error.may_have_charged()), (ErrorKind::Unavailable, true), "{error}");
    assert_eq!(counted(&server, "k"), 1);
}

#[tokio::test]
async fn a_server_that_speaks_resp2_alone_will_do() {
    let server = Redis::with(&["--rename-command", "HELLO", ""]).unwrap();
    let connection = from(server.url()).await.unwrap();
    assert_eq!(count(&connection, "k").await.unwrap(), 1);
}

#[tokio::test]
async fn a_server_that_is_down_is_unavailable() {
    let server = Redis::start().unwrap();
    server.stop();
    let error = from(server.url()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    assert!(error.to_string().contains("refused"), "{error}");
}
