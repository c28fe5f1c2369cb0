//! A server that follows another.

use std::time::Duration;

use testservers::postgres::Postgres;

use crate::{ask, within};

#[test]
fn a_standby_follows_refuses_to_write_and_takes_over() {
    let primary = Postgres::with(&[("max_connections", "30")]).unwrap();
    ask(&primary, "create table a as select 1 as b");
    let standby = primary.standby().unwrap();
    let recovering = |server: &Postgres| ask(server, "select pg_is_in_recovery()");
    assert_eq!((&*recovering(&primary), &*recovering(&standby)), ("f", "t"));
    assert_eq!(ask(&standby, "select b from a"), "1");
    ask(&primary, "insert into a values (2)");
    let follows = || ask(&standby, "select count(*) from a") == "2";
    within(Duration::from_secs(10), "the standby follows", follows);
    let refused = standby.psql("postgres", &["-c", "insert into a values (3)"]).unwrap_err();
    assert!(refused.to_string().contains("read-only transaction"), "{refused}");

    standby.stop();
    standby.start_again().unwrap();
    assert_eq!(recovering(&standby), "t");
    primary.kill();
    assert_eq!(ask(&standby, "select pg_promote()"), "t");
    ask(&standby, "insert into a values (3)");
    assert_eq!((&*recovering(&standby), &*ask(&standby, "select count(*) from a")), ("f", "3"));
}
