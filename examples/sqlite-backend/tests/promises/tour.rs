//! The cases of the suite and the worked traces, from four processes on one file, while somebody else takes the lock
//! again and again.

use limiter_factory::ManualClock;
use limiter_testkit::processes::{Crowd, Member};
use limiter_testkit::replay::{Trace, packaged};
use limiter_testkit::{Trial, cases};

use crate::blocker::Blocker;
use crate::file::File;

const PROCESSES: usize = 4;
/// What many callers of one process do is the suite's to prove; here the processes are the crowd.
const CROWDED: [&str; 4] = ["at_once", "flood", "half_a_hit", "many"];

/// Runs the cases one after the other, each on clients of its own, and tells the name of each.
async fn every_case(file: &File, member: &Member) -> Result<(), String> {
    let crowded = |name: &str| CROWDED.iter().any(|word| name.contains(word));
    for case in cases::all().filter(|case| case.group() != "durable" && !crowded(case.name())) {
        let candidate = file.candidate_by_clock().await;
        if case.applies_to(&candidate) {
            let kept = case.run(&candidate, &Trial::of(&candidate)).await;
            kept.map_err(|broken| format!("{}: {broken}", case.name()))?;
            member.tell(&Some(case.name())).unwrap();
        }
    }
    Ok(())
}

/// Replays the traces, each in a partition of its own, and tells the name of each.
async fn every_trace(file: &File, member: &Member) -> Result<(), String> {
    for (name, text) in packaged() {
        let clock = ManualClock::default();
        let partition = format!("{name} in {}", std::process::id());
        let trace = Trace::parse(name, text).unwrap().within(&partition);
        let report = trace.run(&file.client(Some(&clock)).await, &clock).await;
        if !report.is_clean() {
            return Err(format!("{name}: {report}"));
        }
        member.tell(&Some(name)).unwrap();
    }
    Ok(())
}

async fn take_part(mut member: Member) {
    let file = File::of_this_test();
    member.ready().unwrap();
    while let Ok(traces) = member.work().await {
        let done = if traces { every_trace(&file, &member).await } else { every_case(&file, &member).await };
        match done {
            Ok(()) => member.tell(&None::<String>).unwrap(),
            Err(why) => member.fail(why).unwrap(),
        }
    }
}

/// Has four processes do it; tells how many things each has done.
async fn from_four_processes(test: &str, traces: bool) -> Vec<usize> {
    let file = File::new();
    let mut crowd = Crowd::start(test, &file.store(), PROCESSES).await.unwrap();
    drop(file.client(None).await);
    let blocker = Blocker::start(file.path(), [1..=5, 40..=80]).await;
    crowd.tell_all(&traces).await.unwrap();
    let mut done = vec![0; PROCESSES];
    for (process, done) in done.iter_mut().enumerate() {
        while crowd.next::<Option<String>>(process).await.unwrap().unwrap().is_some() {
            *done += 1;
        }
    }
    assert!(blocker.busy() > 10, "SQLITE_BUSY was seen {} times", blocker.busy());
    crowd.end().await.unwrap();
    done
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn four_processes_keep_every_promise_at_once() {
    if let Some(member) = Member::here() {
        return take_part(member).await;
    }
    let done = from_four_processes("tour::four_processes_keep_every_promise_at_once", false).await;
    assert!(done.iter().all(|cases| *cases > 100), "{done:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn four_processes_answer_every_worked_trace_at_once() {
    if let Some(member) = Member::here() {
        return take_part(member).await;
    }
    let done = from_four_processes("tour::four_processes_answer_every_worked_trace_at_once", true).await;
    assert_eq!(done, [packaged().count(); PROCESSES]);
}
