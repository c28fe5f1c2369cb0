//! The server's calendar and core's: the same for all of the range.

use limiter_core::{EXACT, ManualClock, Period, Quota, QuotaTracker};
use limiter_postgres::PostgresBackend;

use crate::store::{Store, client_by, key};

const DAY_MS: u64 = 86_400_000;

/// Numbers without a pattern (SplitMix64), the same in each run.
struct Numbers(u64);

impl Numbers {
    fn up_to(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % (most + 1)
    }

    /// A time near zero, of our days, anywhere, or near the last.
    fn time(&mut self) -> u64 {
        match self.up_to(3) {
            0 => self.up_to(3 * DAY_MS),
            1 => self.up_to(50_000 * DAY_MS),
            2 => self.up_to(EXACT),
            _ => EXACT - self.up_to(400 * DAY_MS),
        }
    }
}

async fn assert_turns(quotas: &PostgresBackend, clock: &ManualClock, now_ms: u64, quota: &Quota) {
    clock.set_ms(now_ms);
    let told = quotas.check(&key("u1"), quota).await.unwrap().reset_after;
    let span = quota.period().span(now_ms, quota.utc_offset_minutes());
    assert_eq!(told.as_millis(), u128::from(span.end_ms - now_ms), "{quota:?} at {now_ms}");
}

#[tokio::test]
async fn periods_turn_when_cores_do() {
    let clock = ManualClock::default();
    let quotas = client_by(&Store::new().url, &clock).await;
    let mut numbers = Numbers(7);
    for period in Period::ALL {
        for _ in 0..40 {
            let minutes = [0, 1080, -1080, 330, i16::try_from(numbers.up_to(2160)).unwrap() - 1080];
            let quota = Quota::new(9, period).unwrap();
            let place = usize::try_from(numbers.up_to(4)).unwrap();
            let quota = quota.with_utc_offset_minutes(minutes[place]).unwrap();
            let now_ms = numbers.time();
            assert_turns(&quotas, &clock, now_ms, &quota).await;
            let end_ms = period.span(now_ms, quota.utc_offset_minutes()).end_ms;
            for near_ms in [end_ms - 1, end_ms].into_iter().filter(|near_ms| *near_ms <= EXACT) {
                assert_turns(&quotas, &clock, near_ms, &quota).await;
            }
        }
    }
}
