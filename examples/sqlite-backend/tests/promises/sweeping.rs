//! What has expired goes away, and nothing else does.

use std::time::Duration;

use limiter_factory::{CasStore, CasWrite, ManualClock};
use sqlite_backend::SqliteStore;
use tokio::time::{Instant, sleep};

use crate::file::File;

const NOW_MS: u64 = 1_700_000_000_000;
/// More than goes in one commit.
const EACH: usize = 450;

fn write(name: String, expires_ms: u64) -> CasWrite {
    CasWrite { name: name.into_bytes(), before: None, after: Some(vec![1]), expires_ms }
}

/// As many that have expired by now as are still to go.
async fn fill(store: &SqliteStore) {
    let names = |what, expires_ms| (0..EACH).map(move |number| write(format!("{number}-{what}"), expires_ms));
    let writes: Vec<_> = names("gone", NOW_MS).chain(names("live", NOW_MS + 1)).collect();
    assert!(store.commit(&writes).await.unwrap());
}

/// How many values of each kind are there.
async fn left(store: &SqliteStore) -> [usize; 2] {
    let mut left = [0; 2];
    for (place, what) in ["gone", "live"].into_iter().enumerate() {
        let names: Vec<_> = (0..EACH).map(|number| format!("{number}-{what}").into_bytes()).collect();
        left[place] = store.load(&names).await.unwrap().values.iter().flatten().count();
    }
    left
}

#[tokio::test]
async fn a_sweep_removes_what_has_expired_to_the_millisecond() {
    let clock = ManualClock::new(NOW_MS - 1);
    let file = File::new();
    let store = SqliteStore::open_with_clock(file.config(), clock.clone()).await.unwrap();
    fill(&store).await;
    assert_eq!(store.sweep().await.unwrap(), 0);
    assert_eq!(left(&store).await, [EACH, EACH]);
    clock.set_ms(NOW_MS);
    assert_eq!(store.sweep().await.unwrap(), EACH as u64);
    assert_eq!(left(&store).await, [0, EACH]);
}

#[tokio::test]
async fn what_has_expired_goes_by_itself_in_real_time_and_stays_while_time_is_handed_in() {
    let file = File::new();
    let by_hand =
        SqliteStore::open_with_clock(file.config(), ManualClock::new(NOW_MS + 1_000_000)).await.unwrap();
    fill(&by_hand).await;
    sleep(Duration::from_millis(100)).await;
    assert_eq!(left(&by_hand).await, [EACH, EACH]);
    let store = SqliteStore::open(file.config()).await.unwrap();
    let begun = Instant::now();
    assert!(store.commit(&[write("new".to_owned(), u64::MAX)]).await.unwrap());
    while left(&store).await != [0, 0] {
        assert!(begun.elapsed() < Duration::from_secs(10), "{:?} left", left(&store).await);
        sleep(Duration::from_millis(10)).await;
    }
    let loaded = store.load(&[b"new".to_vec()]).await.unwrap();
    assert_eq!(loaded.values, [Some(vec![1])]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_value_that_was_written_again_meanwhile_is_not_swept() {
    let clock = ManualClock::new(NOW_MS);
    let file = File::new();
    let store = SqliteStore::open_with_clock(file.config(), clock.clone()).await.unwrap();
    fill(&store).await;
    let renewing = async {
        for number in 0..EACH {
            let renewed = CasWrite {
                before: Some(vec![1]),
                after: Some(vec![2]),
                ..write(format!("{number}-gone"), NOW_MS + 1)
            };
            let new = CasWrite { before: None, ..renewed.clone() };
            assert!(store.commit(&[renewed]).await.unwrap() || store.commit(&[new]).await.unwrap());
        }
    };
    let (swept, ()) = tokio::join!(store.sweep(), renewing);
    assert!(swept.unwrap() <= EACH as u64);
    store.sweep().await.unwrap();
    assert_eq!(left(&store).await, [EACH, EACH]);
}
