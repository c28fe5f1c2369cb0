//! PostgreSQL, whose server is many processes, and which has shared memory.

use std::fs;
use std::path::Path;
use std::process::{Child, Command};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use testservers::postgres::{PgBouncer, Postgres, find};

use crate::started::{self, Told, again, hear, is_started, programs, wait_until};

/// A statement that looks at nothing else for as long as it runs.
const BUSY: &str = "select count(*) from generate_series(1, 100000000000) a, generate_series(1, 100) b";

/// Tells its processes and its shared memory besides, while it is busy.
fn tell(server: &Arc<Postgres>) {
    let busy = Arc::clone(server);
    thread::spawn(move || busy.psql("postgres", &["-c", BUSY]));
    let active = "select count(*) from pg_stat_activity where query like 'select count(*) from gen%'";
    wait_until("nothing is busy", || {
        let busy = server.psql("postgres", &["-c", active]).unwrap();
        if busy == "1" { Ok(()) } else { Err(busy) }
    });
    let data = server.psql("postgres", &["-c", "show data_directory"]).unwrap();
    let note = fs::read_to_string(Path::new(&data).join("postmaster.pid")).unwrap();
    let segment = note.lines().nth(6).unwrap().split_whitespace().nth(1).unwrap().to_owned();
    let others = server.psql("postgres", &["-c", "select pid from pg_stat_activity"]).unwrap();
    let processes = others.lines().chain(note.lines().take(1)).map(str::to_owned);
    let more: Vec<String> = [segment].into_iter().chain(processes).collect();
    started::tell(server.address(), Path::new(&data).parent().unwrap(), &more);
}

/// As a program that is started for itself alone: a server, until somebody kills it.
fn serve_until_killed(then: impl Fn(&Postgres)) -> ! {
    // From a thread that ends, as those of tests do, and the server must not end with it.
    let server = thread::spawn(|| Arc::new(Postgres::start().unwrap())).join().unwrap();
    let _bouncer = PgBouncer::before(&server, 2).unwrap();
    thread::sleep(Duration::from_millis(100));
    tell(&server);
    then(&server);
    loop {
        thread::park();
    }
}

fn must_die_with(mut child: Child) {
    let told = hear(&mut child);
    told.must_be_there();
    must_run(&told);
    child.kill().unwrap();
    child.wait().unwrap();
    must_be_gone(&told);
}

fn must_run(told: &Told) {
    assert!(told.more.len() > 5 && told.more[1..].iter().filter(|process| runs(process)).count() > 4);
}

fn must_be_gone(told: &Told) {
    told.wait_until_gone();
    let (segment, processes) = told.more.split_first().unwrap();
    wait_until("its processes run", || {
        let left: Vec<&String> = processes.iter().filter(|process| runs(process)).collect();
        if left.is_empty() { Ok(()) } else { Err(left) }
    });
    wait_until("its shared memory is kept", || if is_kept(segment) { Err(segment) } else { Ok(()) });
}

/// One that was killed and that nobody has waited for yet counts as gone.
fn runs(process: &str) -> bool {
    let state = Command::new("ps").args(["-o", "state=", "-p", process]).output().unwrap().stdout;
    !matches!(state.first(), None | Some(b'Z'))
}

fn is_kept(segment: &str) -> bool {
    let listed = Command::new("ipcs").arg("-m").output().unwrap();
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    listed.lines().any(|line| line.split_whitespace().nth(1) == Some(segment))
}

#[test]
fn a_server_dies_with_a_killed_process() {
    if is_started() {
        serve_until_killed(|_| {});
    }
    must_die_with(again("postgres::a_server_dies_with_a_killed_process").spawn().unwrap());
}

#[test]
fn a_frozen_server_dies_with_a_killed_process() {
    if is_started() {
        serve_until_killed(Postgres::freeze);
    }
    must_die_with(again("postgres::a_frozen_server_dies_with_a_killed_process").spawn().unwrap());
}

/// Where nothing binds it to the process, the guard kills it.
#[test]
fn a_server_dies_with_a_killed_process_where_there_is_no_setpriv() {
    if is_started() {
        serve_until_killed(|_| {});
    }
    let path = programs(&["sh", "cat", "cp", "rm", "sleep", "ps", "ipcrm", "pgbouncer"]);
    let bin = find().unwrap().server().parent().unwrap().to_owned();
    let mut program = again("postgres::a_server_dies_with_a_killed_process_where_there_is_no_setpriv");
    program.env("PATH", path.path()).env("TESTKIT_POSTGRES_BIN", bin);
    must_die_with(program.spawn().unwrap());
}

#[test]
fn a_program_that_is_about_to_end_can_end_all_at_once() {
    if is_started() {
        let server = Arc::new(Postgres::start().unwrap());
        tell(&server);
        testservers::end_all();
        let why = Postgres::start().unwrap_err().to_string();
        assert!(why.contains("is ending"), "{why}");
        return;
    }
    let mut child = again("postgres::a_program_that_is_about_to_end_can_end_all_at_once").spawn().unwrap();
    let told = hear(&mut child);
    assert!(child.wait().unwrap().success());
    must_be_gone(&told);
}
