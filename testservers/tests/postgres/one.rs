//! One server: started, ended in every way, started again.

use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use testservers::postgres::Postgres;

use crate::{ask, by_url, within};

fn gone(process: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"));
    stat.map_or(true, |stat| stat.contains(") Z "))
}

#[test]
fn a_server_answers_until_it_is_dropped_and_leaves_nothing() {
    let server = Postgres::start().unwrap();
    let address = server.address();
    assert_eq!(server.url(), format!("postgres://postgres@{address}/postgres?sslmode=disable"));
    assert_eq!(by_url(&server.url(), "select current_user").unwrap(), "postgres");
    assert_eq!(ask(&server, "select 1, 'a b', null"), "1|a b|");
    assert_eq!(ask(&server, "show fsync"), "on");
    let folder = ask(&server, "show data_directory");
    let processes = ask(&server, "select pid from pg_stat_activity");
    assert!(Path::new(&folder).exists() && TcpStream::connect(address).is_ok());
    drop(server);
    assert!(!Path::new(&folder).parent().unwrap().exists() && TcpStream::connect(address).is_err());
    assert!(processes.lines().count() > 4 && processes.lines().all(gone));
}

#[test]
fn what_a_killed_server_has_committed_is_there_again() {
    let server = Postgres::start().unwrap();
    ask(&server, "create table rounds (round bigint)");
    for (round, end) in [Postgres::kill, Postgres::stop, Postgres::kill].iter().enumerate() {
        ask(&server, &format!("insert into rounds values ({round})"));
        end(&server);
        assert!(server.psql("postgres", &["-c", "select 1"]).is_err());
        server.start_again().unwrap();
        // What the former has left was cleared before, not now: the note that says that it runs is this one's.
        let folder = ask(&server, "show data_directory");
        assert!(Path::new(&folder).join("postmaster.pid").exists());
    }
    assert_eq!(ask(&server, "select array_agg(round order by round) from rounds"), "{0,1,2}");
    let why = server.start_again().unwrap_err().to_string();
    assert!(why.contains("still runs"), "{why}");
}

#[test]
fn a_kill_takes_every_process_at_once_also_one_that_is_busy() {
    let server = Postgres::start().unwrap();
    thread::scope(|scope| {
        let busy = "select count(*) from generate_series(1, 100000000000) a, generate_series(1, 100) b";
        let client = scope.spawn(|| server.psql("postgres", &["-c", busy]));
        let query = "select pid from pg_stat_activity where query like 'select count%'";
        within(Duration::from_secs(10), "it is busy", || !ask(&server, query).is_empty());
        let processes = ask(&server, "select pid from pg_stat_activity");
        server.kill();
        assert!(processes.lines().count() > 5 && processes.lines().all(gone), "{processes}");
        assert!(client.join().unwrap().is_err());
    });
    server.start_again().unwrap();
    assert_eq!(ask(&server, "select 1"), "1");
}

#[test]
fn a_server_that_is_stopped_waits_for_no_client() {
    let server = Postgres::start().unwrap();
    thread::scope(|scope| {
        let client = scope.spawn(|| server.psql("postgres", &["-c", "select pg_sleep(60)"]));
        within(Duration::from_secs(10), "one sleeps", || {
            ask(&server, "select count(*) from pg_stat_activity where wait_event = 'PgSleep'") == "1"
        });
        let begun = Instant::now();
        server.stop();
        assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
        assert!(client.join().unwrap().is_err());
    });
}

#[test]
fn what_the_environment_says_to_clients_and_servers_of_others_is_left_out() {
    const STARTED: &str = "TESTSERVERS_STARTED";
    if std::env::var_os(STARTED).is_some() {
        let server = Postgres::start().unwrap();
        assert_eq!(ask(&server, "show default_transaction_read_only"), "off");
        assert_eq!(ask(&server.standby().unwrap(), "select pg_is_in_recovery()"), "t");
        return;
    }
    let mut again = Command::new(std::env::current_exe().unwrap());
    again.args(["one::what_the_environment_says_to_clients_and_servers_of_others_is_left_out", "--exact"]);
    again.env(STARTED, "1").env("PGPORT", "1").env("PGDATA", "/nowhere").env("PGSSLMODE", "verify-full");
    again.env("PGOPTIONS", "-c default_transaction_read_only=on").env("LC_ALL", "fr_FR.UTF-8");
    let output = again.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
fn a_frozen_server_answers_nothing_until_it_goes_on() {
    let server = Postgres::start().unwrap();
    thread::scope(|scope| {
        let before = scope.spawn(|| ask(&server, "select 1 from pg_sleep(0.3)"));
        within(Duration::from_secs(10), "one sleeps", || {
            ask(&server, "select count(*) from pg_stat_activity where wait_event = 'PgSleep'") == "1"
        });
        server.freeze();
        let after = scope.spawn(|| ask(&server, "select 2"));
        thread::sleep(Duration::from_millis(800));
        assert!(!before.is_finished() && !after.is_finished());
        server.thaw();
        assert_eq!((before.join().unwrap(), after.join().unwrap()), ("1".to_owned(), "2".to_owned()));
    });
    server.freeze();
    let begun = Instant::now();
    server.stop();
    assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
    assert!(TcpStream::connect(server.address()).is_err());
}

#[test]
fn a_frozen_server_can_be_killed_and_started_again() {
    let server = Postgres::start().unwrap();
    server.freeze();
    server.kill();
    server.start_again().unwrap();
    assert_eq!(ask(&server, "select 1"), "1");
}

#[test]
fn a_server_comes_back_to_its_port_once_that_is_free() {
    let server = Postgres::start().unwrap();
    server.kill();
    let taken = TcpListener::bind(server.address()).unwrap();
    thread::scope(|scope| {
        scope.spawn(|| {
            thread::sleep(Duration::from_millis(400));
            drop(taken);
        });
        server.start_again().unwrap();
    });
    assert_eq!(ask(&server, "select 1"), "1");
}

#[test]
fn settings_hold_also_after_another_start() {
    let server = Postgres::with(&[("max_connections", "17"), ("shared_buffers", "1MB")]).unwrap();
    server.stop();
    server.start_again().unwrap();
    let held = "select current_setting('max_connections'), current_setting('shared_buffers')";
    assert_eq!(ask(&server, held), "17|1MB");
}

#[test]
fn a_server_that_does_not_come_up_is_told_with_its_own_words() {
    let begun = Instant::now();
    let why = Postgres::with(&[("no_such_setting", "1")]).unwrap_err().to_string();
    assert!(why.contains("no_such_setting") && why.contains("it ended with"), "{why}");
    assert!(begun.elapsed() < Duration::from_secs(30));
}

#[test]
fn each_new_database_is_another_and_empty() {
    let server = Postgres::start().unwrap();
    let (first, second) = (server.new_database().unwrap(), server.new_database().unwrap());
    by_url(&first, "create table a (b bigint)").unwrap();
    let tables = "select count(*) from pg_tables where schemaname = 'public'";
    assert_eq!((&*by_url(&first, tables).unwrap(), &*by_url(&second, tables).unwrap()), ("1", "0"));
}

#[test]
fn a_statement_that_fails_is_an_error_with_the_servers_words() {
    let server = Postgres::start().unwrap();
    let told = server.psql("postgres", &["-c", "select 1/0", "-c", "create table made (a bigint)"]);
    assert!(told.unwrap_err().to_string().contains("division by zero"));
    assert_eq!(ask(&server, "select to_regclass('made') is null"), "t");
}

#[test]
fn passwords_are_asked_for_where_they_were_wished() {
    let server = Postgres::with_passwords().unwrap();
    ask(&server, "create role ada login password 'le mot @'");
    let who = |password| by_url(&server.url_as("ada", password, "postgres"), "select current_user");
    assert_eq!(who("le mot @").unwrap(), "ada");
    assert!(who("another").unwrap_err().contains("password authentication failed"));
    assert!(who("").unwrap_err().contains("no password supplied"));
    let open = Postgres::start().unwrap();
    ask(&open, "create role ada login password 'le mot @'");
    assert_eq!(by_url(&open.url_as("ada", "", "postgres"), "select current_user").unwrap(), "ada");
}

#[test]
fn many_can_be_started_at_once() {
    let servers: Vec<Postgres> = thread::scope(|scope| {
        let starting: Vec<_> = (0..6).map(|_| scope.spawn(|| Postgres::start().unwrap())).collect();
        starting.into_iter().map(|starting| starting.join().unwrap()).collect()
    });
    for (index, server) in servers.iter().enumerate() {
        ask(server, &format!("create table who as select {index} as number"));
    }
    for (index, server) in servers.iter().enumerate() {
        assert_eq!(ask(server, "select number from who"), index.to_string());
    }
}
