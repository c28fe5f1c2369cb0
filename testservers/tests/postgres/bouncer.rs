//! PgBouncer before a server.

use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use testservers::postgres::{PgBouncer, Postgres};

use crate::{ask, by_url, within};

#[test]
fn a_bouncer_passes_statements_of_whoever_the_server_knows() {
    let server = Postgres::start().unwrap();
    ask(&server, "create role ada login");
    let bouncer = PgBouncer::before(&server, 2).unwrap();
    assert_ne!(bouncer.address(), server.address());
    assert_eq!(
        by_url(&bouncer.url(), "select current_user, inet_server_port()").unwrap(),
        format!("postgres|{}", server.port())
    );
    let url = bouncer.url_as("ada", "", "postgres");
    assert_eq!(by_url(&url, "select current_user").unwrap(), "ada");
    let address = bouncer.address();
    drop(bouncer);
    assert!(TcpStream::connect(address).is_err());
}

#[test]
fn a_bouncer_lends_no_more_connections_than_it_may_each_for_a_transaction() {
    let server = Postgres::start().unwrap();
    let bouncer = PgBouncer::before(&server, 2).unwrap();
    let who = || bouncer.psql("postgres", &["-c", "select pg_backend_pid() from pg_sleep(0.1)"]).unwrap();
    let begun = Instant::now();
    let mut seen: Vec<String> = thread::scope(|scope| {
        let asking: Vec<_> = (0..8).map(|_| scope.spawn(who)).collect();
        asking.into_iter().map(|asking| asking.join().unwrap()).collect()
    });
    seen.sort_unstable();
    seen.dedup();
    assert!(seen.len() <= 2 && begun.elapsed() >= Duration::from_millis(400), "{seen:?}");
    let pools = bouncer.psql("pgbouncer", &["-c", "show pools"]).unwrap();
    assert!(pools.contains("transaction"), "{pools}");
}

#[test]
fn a_bouncer_that_was_killed_or_frozen_goes_on() {
    let server = Postgres::start().unwrap();
    let bouncer = PgBouncer::before(&server, 2).unwrap();
    let ask = || bouncer.psql("postgres", &["-c", "select 1"]);
    assert_eq!(ask().unwrap(), "1");
    bouncer.kill();
    assert!(ask().is_err());
    bouncer.start_again().unwrap();
    assert_eq!(ask().unwrap(), "1");
    bouncer.freeze();
    thread::scope(|scope| {
        let answer = scope.spawn(ask);
        thread::sleep(Duration::from_millis(300));
        assert!(!answer.is_finished());
        bouncer.thaw();
        assert_eq!(answer.join().unwrap().unwrap(), "1");
    });
    server.kill();
    server.start_again().unwrap();
    within(Duration::from_secs(20), "it finds the server again", || ask().is_ok());
}
