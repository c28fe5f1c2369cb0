//! Tests with several processes, as the users of the testkit write them.
#![allow(clippy::unwrap_used, reason = "a test stops when anything is off")]

use std::process;
use std::thread;
use std::time::{Duration, Instant};

use limiter_testkit::processes::{self, Crowd, Member};

const STORE: &str = "somewhere:1234";
/// Longer than any test takes.
const FOR_GOOD: Duration = Duration::from_secs(600);

#[tokio::test]
async fn copies_do_what_they_are_told() {
    if let Some(mut member) = Member::here() {
        member.ready().unwrap();
        loop {
            let (text, times): (String, usize) = member.work().await.unwrap();
            println!("what a test writes is no answer");
            member.tell(&format!("{}: {}", member.store(), text.repeat(times))).unwrap();
        }
    }
    assert_eq!((processes::is_copy(), processes::store()), (false, None));
    let mut crowd = Crowd::start("copies_do_what_they_are_told", STORE, 3).await.unwrap();
    assert_eq!(crowd.len(), 3);
    crowd.tell_all(&("ab", 2)).await.unwrap();
    let answers: Vec<String> = crowd.one_each().await.unwrap();
    assert_eq!(answers, [format!("{STORE}: abab"), format!("{STORE}: abab"), format!("{STORE}: abab")]);
    crowd.tell(1, &("c", 3)).await.unwrap();
    assert_eq!(crowd.next::<String>(1).await.unwrap().unwrap(), format!("{STORE}: ccc"));
    assert!(crowd.tell(3, &("d", 1)).await.unwrap_err().to_string().contains("no copy 3"));
    crowd.end().await.unwrap();
}

#[tokio::test]
async fn what_the_killed_have_told_is_heard() {
    if let Some(mut member) = Member::here() {
        member.ready().unwrap();
        let first: u64 = member.work().await.unwrap();
        member.tell(&first).unwrap();
        member.tell(&(first + 1)).unwrap();
        thread::sleep(FOR_GOOD);
    }
    let mut crowd = Crowd::start("what_the_killed_have_told_is_heard", STORE, 2).await.unwrap();
    crowd.tell_all(&7).await.unwrap();
    assert_eq!(crowd.next(0).await.unwrap(), Some(7_u64));
    crowd.kill(0).await.unwrap();
    crowd.kill(0).await.unwrap();
    assert!(crowd.next::<u64>(0).await.unwrap().is_none_or(|told| told == 8));
    assert_eq!(crowd.next::<u64>(0).await.unwrap(), None);
    assert!(crowd.tell(0, &1).await.unwrap_err().to_string().contains("ended too soon"));
    assert_eq!((crowd.next(1).await.unwrap(), crowd.next(1).await.unwrap()), (Some(7_u64), Some(8_u64)));
    crowd.end().await.unwrap();
}

#[tokio::test]
async fn a_copy_ends_also_while_it_is_busy() {
    if let Some(member) = Member::here() {
        member.ready().unwrap();
        thread::sleep(FOR_GOOD);
    }
    let crowd = Crowd::start("a_copy_ends_also_while_it_is_busy", STORE, 2).await.unwrap();
    let asked = Instant::now();
    crowd.end().await.unwrap();
    assert!(asked.elapsed() < Duration::from_secs(20), "{:?}", asked.elapsed());
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn copies_do_not_outlive_their_crowd() {
    if let Some(member) = Member::here() {
        member.ready().unwrap();
        member.tell(&process::id()).unwrap();
        thread::sleep(FOR_GOOD);
    }
    let mut crowd = Crowd::start("copies_do_not_outlive_their_crowd", STORE, 2).await.unwrap();
    let ids: Vec<u32> = crowd.one_each().await.unwrap();
    assert!(ids.iter().all(|id| runs(*id)));
    drop(crowd);
    let dropped = Instant::now();
    while ids.iter().any(|id| runs(*id)) {
        assert!(dropped.elapsed() < Duration::from_secs(20), "{ids:?} still run");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Whether the process is there, and isn't only waiting to be buried.
#[cfg(target_os = "linux")]
fn runs(id: u32) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
    status.lines().any(|line| line.starts_with("State:") && !line.contains('Z'))
}

#[tokio::test]
async fn a_copy_that_cannot_go_on_says_why() {
    if let Some(mut member) = Member::here() {
        member.ready().unwrap();
        if let Err(error) = member.work::<u64>().await {
            member.fail(error).unwrap();
        }
        return;
    }
    let mut crowd = Crowd::start("a_copy_that_cannot_go_on_says_why", STORE, 1).await.unwrap();
    crowd.tell_all(&"no number").await.unwrap();
    let why = crowd.next::<u64>(0).await.unwrap_err().to_string();
    assert!(why.contains("copy 0 of the test a_copy_that_cannot_go_on_says_why"), "{why}");
    assert!(why.contains("no number") && why.contains("both sides must name the same type"), "{why}");
}

#[tokio::test]
async fn a_copy_that_ends_by_itself_is_missed() {
    if let Some(member) = Member::here() {
        member.ready().unwrap();
        println!("last words");
        process::exit(3);
    }
    let mut crowd = Crowd::start("a_copy_that_ends_by_itself_is_missed", STORE, 1).await.unwrap();
    let why = crowd.one_each::<u64>().await.unwrap_err().to_string();
    assert!(why.contains("exit status: 3") && why.contains("last words"), "{why}");
}

#[tokio::test]
async fn a_test_that_is_not_there_is_named() {
    let why = Crowd::start("nobody::wrote_this", STORE, 1).await.unwrap_err().to_string();
    assert!(why.contains("nobody::wrote_this") && why.contains("a test of that name"), "{why}");
}

#[test]
fn the_test_itself_takes_no_part() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    assert!(!runtime.block_on(processes::take_part(|| -> limiter_testkit::Candidate { unreachable!() })));
    assert!(Member::here().is_none());
}
