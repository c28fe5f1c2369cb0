//! What servers say when they refuse, one by one.

use std::io::ErrorKind as Io;
use std::sync::Arc;

use limiter_core::ErrorKind;

use super::cluster::take_all_slots;
use super::*;

const LIST_TEXT: &str = "redis.call('SET', KEYS[1] .. ':first', 1) return redis.call('INCR', KEYS[1])";
const BAD_TEXT: &str = "local t = {}\nredis.call('INCR', KEYS[1])\nreturn t.x.y";

/// The error of a call that must fail at once, and mustn't have been executed.
async fn refused(connection: &Connection, kind: ErrorKind, says: &str) -> Error {
    let error = count(connection, "secret-subject").await.unwrap_err();
    assert_eq!((error.kind(), error.may_have_charged()), (kind, false), "{error}");
    assert!(error.to_string().contains(says), "{error}");
    assert!(!shown(&error).contains("secret-subject"), "{error:?}");
    assert_eq!(error.operation(), Some("hit"));
    error
}

async fn with(arguments: &[&str]) -> (Redis, Connection) {
    let server = Redis::with(arguments).unwrap();
    let connection = connect(&single(server.address())).await.unwrap();
    (server, connection)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn loading() {
    // Before Redis 7 nobody has to ask for it.
    let asking = ["--rdbcompression", "no", "--enable-debug-command", "local"];
    let server = Redis::with(&asking).or_else(|_| Redis::with(&asking[..2])).unwrap();
    let connection = connect(&single(server.address())).await.unwrap();
    server.cli(&["DEBUG", "POPULATE", "20000"]).unwrap();
    server.cli(&["SAVE"]).unwrap();
    // So many microseconds for each key, and a look at the clients now and then.
    for [name, value] in [["key-load-delay", "100"], ["loading-process-events-interval-bytes", "1024"]] {
        assert_eq!(server.cli(&["CONFIG", "SET", name, value]).unwrap(), "OK");
    }
    let server = Arc::new(server);
    let reload = {
        let server = Arc::clone(&server);
        std::thread::spawn(move || server.cli(&["DEBUG", "RELOAD", "NOSAVE"]))
    };
    while !server.cli(&["INFO", "persistence"]).unwrap().contains("loading:1") {
        assert!(!reload.is_finished(), "it was loaded too fast");
    }
    refused(&connection, ErrorKind::Unavailable, "loading").await;
    let error = connect(&single(server.address())).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(error.to_string().contains("loading"), "{error}");
    reload.join().unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn busy_with_a_script() {
    let (server, connection) = with(&["--lua-time-limit", "50"]).await;
    let server = Arc::new(server);
    let endless = {
        let server = Arc::clone(&server);
        std::thread::spawn(move || server.cli(&["EVAL", "while true do end", "0"]))
    };
    sleep(Duration::from_millis(300)).await;
    refused(&connection, ErrorKind::Unavailable, "SCRIPT KILL").await;
    assert_eq!(server.cli(&["SCRIPT", "KILL"]).unwrap(), "OK");
    endless.join().unwrap().ok();
    assert_eq!(count(&connection, "secret-subject").await.unwrap(), 1);
}

#[tokio::test]
async fn out_of_memory() {
    let (server, connection) = with(&["--maxmemory", "1", "--maxmemory-policy", "noeviction"]).await;
    refused(&connection, ErrorKind::Capacity, "maxmemory").await;
    server.cli(&["CONFIG", "SET", "maxmemory", "0"]).unwrap();
    assert_eq!(count(&connection, "secret-subject").await.unwrap(), 1);
}

#[tokio::test]
async fn cannot_save() {
    let (server, connection) = with(&[]).await;
    server.cli(&["CONFIG", "SET", "save", "3600 1000000"]).unwrap();
    let folder = server.cli(&["CONFIG", "GET", "dir"]).unwrap();
    std::fs::create_dir(std::path::Path::new(folder.lines().nth(1).unwrap()).join("dump.rdb")).unwrap();
    server.cli(&["BGSAVE"]).unwrap();
    while !server.cli(&["INFO", "persistence"]).unwrap().contains("rdb_last_bgsave_status:err") {
        sleep(Duration::from_millis(10)).await;
    }
    refused(&connection, ErrorKind::Unavailable, "MISCONF").await;
}

#[tokio::test]
async fn too_few_replicas() {
    let (_server, connection) = with(&["--min-replicas-to-write", "1"]).await;
    refused(&connection, ErrorKind::Unavailable, "min-replicas-to-write").await;
}

#[tokio::test]
async fn forbidden_to_run_scripts() {
    let (server, _) = with(&[]).await;
    server.cli(&["ACL", "SETUSER", "app", "on", ">pass-word", "~*", "+ping"]).unwrap();
    let target = Target { login: login("app", "pass-word"), ..single(server.address()) };
    let connection = connect(&target).await.unwrap();
    let error = refused(&connection, ErrorKind::Config, "ACL").await;
    assert!(!shown(&error).contains("pass-word"));
}

#[tokio::test]
async fn forbidden_inside_a_script_may_have_been_executed_in_part() {
    let (server, _) = with(&[]).await;
    server.cli(&["ACL", "SETUSER", "app", "on", ">pass-word", "~*", "+eval", "+evalsha", "+set"]).unwrap();
    let target = Target { login: login("app", "pass-word"), ..single(server.address()) };
    // Who mustn't even ping is let in all the same.
    let connection = connect(&target).await.unwrap();
    let error = run(&connection, script(LIST_TEXT, || sha(LIST_TEXT)), "k").await.unwrap_err();
    assert_eq!((error.kind(), error.may_have_charged()), (ErrorKind::Config, true), "{error}");
    assert!(error.to_string().contains("ACL"), "{error}");
    assert_eq!(counted(&server, "k:first"), 1);
}

#[tokio::test]
async fn no_password_or_a_wrong_one() {
    let server = Redis::with(&["--requirepass", "pa55-right"]).unwrap();
    let of = |login| Target { login, ..single(server.address()) };
    for (login, says) in [
        (Login::default(), "asks for a password"),
        (login("default", "pa55-wrong"), "refuses the user or the password"),
        (login("nobody", "pa55-right"), "refuses the user or the password"),
    ] {
        let error = connect(&of(login)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config, "{error}");
        assert!(error.to_string().contains(says), "{error}");
        assert!(!shown(&error).contains("pa55"), "{error:?}");
    }
    let only_password = Login { user: None, password: Some("pa55-right".to_owned()) };
    for login in [only_password, login("default", "pa55-right")] {
        let connection = connect(&of(login)).await.unwrap();
        count(&connection, "k").await.unwrap();
        assert!(!format!("{connection:?} {}", connection.describe()).contains("pa55"));
    }
}

#[tokio::test]
async fn a_password_that_is_changed_shows_at_the_next_connection() {
    let (server, connection) = with(&[]).await;
    count(&connection, "k").await.unwrap();
    server.cli(&["CONFIG", "SET", "requirepass", "pa55"]).unwrap();
    server.cli(&["-a", "pa55", "CLIENT", "KILL", "TYPE", "normal"]).unwrap();
    sleep(Duration::from_millis(50)).await;
    refused(&connection, ErrorKind::Config, "asks for a password").await;
}

#[tokio::test]
async fn a_password_that_nobody_asked_for() {
    let (server, _) = with(&[]).await;
    let login = Login { user: None, password: Some("pa55".to_owned()) };
    let error = connect(&Target { login, ..single(server.address()) }).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.to_string().contains("take the password out"), "{error}");
}

#[tokio::test]
async fn a_database_that_is_not_there() {
    let (server, _) = with(&["--databases", "4"]).await;
    let error = connect(&Target { database: 4, ..single(server.address()) }).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.to_string().contains("no database 4"), "{error}");
}

#[tokio::test]
async fn somebody_elses_value_under_our_key() {
    let (server, connection) = with(&[]).await;
    server.cli(&["LPUSH", "k", "1"]).unwrap();
    let error = run(&connection, script(LIST_TEXT, || sha(LIST_TEXT)), "k").await.unwrap_err();
    assert_eq!((error.kind(), error.may_have_charged()), (ErrorKind::Protocol, true), "{error}");
    assert!(error.to_string().contains("another prefix"), "{error}");
}

#[tokio::test]
async fn a_script_that_fails_says_where() {
    let (_server, connection) = with(&[]).await;
    let error = run(&connection, script(BAD_TEXT, || sha(BAD_TEXT)), "secret-subject").await.unwrap_err();
    assert_eq!((error.kind(), error.may_have_charged()), (ErrorKind::Protocol, true), "{error}");
    assert!(
        error.to_string().ends_with("in line 3, script: of_this_test (it may have been executed)"),
        "{error}"
    );
}

#[tokio::test]
async fn commands_that_were_renamed_away() {
    let (_server, connection) = with(&["--rename-command", "EVALSHA", ""]).await;
    refused(&connection, ErrorKind::Unsupported, "EVALSHA").await;
}

#[tokio::test]
async fn too_many_clients() {
    let (server, _) = with(&[]).await;
    let held = std::net::TcpStream::connect(server.address()).unwrap();
    server.cli(&["CONFIG", "SET", "maxclients", "1"]).unwrap();
    let error = connect(&single(server.address())).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    assert!(error.to_string().contains("maxclients"), "{error}");
    drop(held);
}

#[tokio::test]
async fn what_speaks_another_protocol() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            stream.writable().await.unwrap();
            match stream.try_write(b"HTTP/1.1 400 Bad Request\r\n\r\n") {
                Err(error) if error.kind() != Io::WouldBlock => panic!("{error}"),
                _ => sleep(Duration::from_millis(50)).await,
            }
        }
    });
    let error = connect(&single(at)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol, "{error}");
    assert!(error.to_string().contains("is this a Redis?"), "{error}");
}

#[tokio::test]
async fn a_node_of_a_cluster_named_as_a_single_server() {
    let server = Redis::with(&["--cluster-enabled", "yes"]).unwrap();
    let connection = connect(&single(server.address())).await.unwrap();
    refused(&connection, ErrorKind::Unavailable, "CLUSTERDOWN").await;
    take_all_slots(&server);
    server.cli(&["CLUSTER", "SETSLOT", "1", "NODE", &"0".repeat(40)]).ok();
    let error = connect(&Target { database: 1, ..single(server.address()) }).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config, "{error}");
}
