//! Networks and servers that fail while calls are under way.

use super::*;
use tokio::task::JoinSet;

#[tokio::test]
async fn a_caller_that_gives_up_leaves_its_call_alone() {
    let database = Database::new();
    let connection = database.connect().await;
    let first = backend(&connection).await;
    for _ in 0..20 {
        let call = connection.run(slow("k", Duration::from_millis(10)), Instant::now() + RESPONSE);
        assert!(tokio::time::timeout(Duration::from_millis(1), call).await.is_err());
        // Nobody else reads its answer.
        run(&connection, slow("other", Duration::from_millis(1))).await.unwrap();
    }
    sleep(Duration::from_millis(200)).await;
    assert_eq!(database.counted(&SERVER, "k"), 20);
    assert_eq!(database.counted(&SERVER, "other"), 20);
    // No connection was lost.
    let text = format!("select count(*) from pg_stat_activity where pid = {first}");
    assert_eq!(SERVER.psql(&database.name, &["-c", &text]).unwrap(), "1");
}

#[tokio::test]
async fn a_call_that_is_run_here_and_dropped_takes_its_connection_along() {
    let database = Database::new();
    let connection = database.connect().await;
    let first = backend(&connection).await;
    let call = slow("k", Duration::from_millis(50));
    let call = connection.run_here(&call, Instant::now() + RESPONSE);
    assert!(tokio::time::timeout(Duration::from_millis(5), call).await.is_err());
    assert_ne!(backend(&connection).await, first);
    let deadline = Instant::now() + RESPONSE;
    assert_eq!(
        connection.run_here(&counting("here"), deadline).await.unwrap()[0].try_get::<i64, _>(0).unwrap(),
        1
    );
}

#[tokio::test]
async fn a_frozen_server_costs_each_call_its_timeout_and_no_more() {
    let server = Postgres::start().unwrap();
    let database = Database::on(&server);
    let connection = database.connect().await;
    let mut warm = JoinSet::new();
    for _ in 0..4 {
        let connection = connection.clone();
        warm.spawn(async move { run(&connection, slow("k", Duration::from_millis(20))).await.unwrap() });
    }
    warm.join_all().await;
    server.freeze();
    let mut calls = JoinSet::new();
    for _ in 0..40 {
        let connection = connection.clone();
        calls.spawn(async move { count(&connection, "k").await.unwrap_err() });
    }
    let errors = calls.join_all().await;
    let unsure = errors.iter().filter(|error| error.may_have_charged()).count();
    // Those that had a connection; the others were never sent.
    assert_eq!(unsure, 4);
    for error in &errors {
        assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
    }
    let pause = Instant::now();
    while pause.elapsed() < Duration::from_secs(1) {
        count(&connection, "k").await.unwrap_err();
    }
    server.thaw();
    until_it_works(&connection, "k", Duration::from_secs(3)).await;
}

#[tokio::test]
async fn a_reply_that_is_lost_is_told_and_counted_once() {
    let database = Database::new();
    let (proxy, connection) = database.proxied().await;
    count(&connection, "k").await.unwrap();
    for (place, mode) in [Mode::DropRepliesAndCut, Mode::Reset { after_bytes: 3 }].into_iter().enumerate() {
        proxy.set(mode).await;
        let error = count(&connection, "k").await.unwrap_err();
        assert_eq!(told(&error), (ErrorKind::Unavailable, true), "{error}");
        proxy.set(Mode::Forward).await;
        until_it_works(&connection, "k", Duration::from_secs(2)).await;
        assert_eq!(database.counted(&SERVER, "k"), 3 + 2 * u64::try_from(place).unwrap(), "{mode:?}");
    }
}

#[tokio::test]
async fn an_answer_that_never_comes_ends_its_connection() {
    let database = Database::new();
    let (proxy, connection) = database.proxied().await;
    let first = backend(&connection).await;
    count(&connection, "k").await.unwrap();
    proxy.set(Mode::DropReplies).await;
    let error = count(&connection, "k").await.unwrap_err();
    assert_eq!(told(&error), (ErrorKind::Timeout, true), "{error}");
    proxy.set(Mode::Forward).await;
    assert_ne!(backend(&connection).await, first);
    assert_eq!(database.counted(&SERVER, "k"), 2);
}

#[tokio::test]
async fn an_answer_that_comes_a_little_late_saves_its_connection() {
    let database = Database::new();
    let connection = database.connect().await;
    let first = backend(&connection).await;
    let call = slow("k", Duration::from_millis(100));
    let failure = connection.run(call, Instant::now() + Duration::from_millis(50)).await.unwrap_err();
    assert_eq!(told(&failure.into_error("hit", true)), (ErrorKind::Timeout, true));
    // Nobody else gets its answer.
    assert_eq!(count(&connection, "other").await.unwrap(), 1);
    sleep(Duration::from_millis(200)).await;
    assert_eq!(backend(&connection).await, first);
    assert_eq!(database.counted(&SERVER, "k"), 1);
}

#[tokio::test]
async fn what_cant_be_answered_in_time_is_not_sent() {
    let database = Database::new();
    let connection = database.connect().await;
    for left in [Duration::ZERO, RESPONSE / 50] {
        let failure = connection.run(counting("k"), Instant::now() + left).await.unwrap_err();
        assert_eq!(told(&failure.into_error("hit", true)), (ErrorKind::Timeout, false));
    }
    assert_eq!(count(&connection, "k").await.unwrap(), 1);
}

#[tokio::test]
async fn a_connection_that_ended_while_it_was_idle_is_noticed_before_it_is_used() {
    let database = Database::new();
    let connection = database.connect().await;
    let first = backend(&connection).await;
    // The server says why when it ends a session: nothing was done.
    SERVER.psql(&database.name, &["-c", &format!("select pg_terminate_backend({first})")]).unwrap();
    sleep(Duration::from_millis(50)).await;
    let failure = connection.run(counting("k"), Instant::now() + RESPONSE).await.unwrap_err();
    assert!(matches!(failure, crate::error::Failure::NothingDone(_)), "{failure:?}");
    assert_eq!(count(&connection, "k").await.unwrap(), 1);
}

#[tokio::test]
async fn a_connection_that_was_cut_while_it_was_idle_for_long_costs_no_call() {
    let database = Database::new();
    let (proxy, connection) = database.proxied().await;
    let first = backend(&connection).await;
    proxy.set(Mode::Cut { after_bytes: 0 }).await;
    sleep(Duration::from_millis(1100)).await;
    proxy.set(Mode::Forward).await;
    assert_ne!(backend(&connection).await, first);
    // One that goes on without answering, too.
    let second = backend(&connection).await;
    proxy.set(Mode::Stall).await;
    let stalled = connection.clone();
    sleep(Duration::from_millis(1100)).await;
    let call = tokio::spawn(async move { backend(&stalled).await });
    sleep(Duration::from_millis(100)).await;
    proxy.set(Mode::Forward).await;
    assert!(call.await.unwrap() > 0, "{second}");
}

#[tokio::test]
async fn of_connections_that_end_together_one_costs_a_call() {
    let database = Database::new();
    let (proxy, connection) = database.proxied().await;
    let mut calls = JoinSet::new();
    for _ in 0..4 {
        let connection = connection.clone();
        calls.spawn(async move { run(&connection, slow("k", Duration::from_millis(50))).await.unwrap() });
    }
    calls.join_all().await;
    proxy.set(Mode::Down).await;
    proxy.set(Mode::Forward).await;
    let mut failed = 0;
    for _ in 0..10 {
        failed += u32::from(count(&connection, "k").await.is_err());
    }
    assert!(failed <= 1, "{failed}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_killed_and_started_again_under_load_is_found_again() {
    let server = Postgres::start().unwrap();
    let database = Database::on(&server);
    let connection = database.connect().await;
    let end = Instant::now() + Duration::from_secs(3);
    let mut callers = JoinSet::new();
    for _ in 0..16 {
        let connection = connection.clone();
        callers.spawn(async move {
            let (mut sure, mut unsure) = (0_u64, 0_u64);
            while Instant::now() < end {
                match count(&connection, "k").await {
                    Ok(_) => sure += 1,
                    Err(error) => {
                        unsure += u64::from(error.may_have_charged());
                        sleep(Duration::from_millis(2)).await;
                    }
                }
            }
            (sure, unsure)
        });
    }
    sleep(Duration::from_millis(500)).await;
    let server = tokio::task::spawn_blocking(move || {
        server.kill();
        server.start_again().unwrap();
        server
    });
    let server = server.await.unwrap();
    let took = until_it_works(&connection, "other", Duration::from_secs(5)).await;
    assert!(took < Duration::from_secs(2), "{took:?}");
    let counts = callers.join_all().await;
    let (sure, unsure) = counts.iter().fold((0, 0), |(a, b), (c, d)| (a + c, b + d));
    let counted = database.counted(&server, "k");
    assert!((sure..=sure + unsure).contains(&counted), "{counted} counted, {sure} sure, {unsure} unsure");
    // At most those that were under way.
    assert!(unsure <= 16, "{unsure}");
}
