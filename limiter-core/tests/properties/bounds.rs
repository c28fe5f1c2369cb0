//! No number and no order of calls makes an algorithm panic or overflow, and every answer is exact.

use limiter_core::algorithm::AnyCounter;
use limiter_core::{Charge, EXACT, ErrorKind, Key, Outcome, Retry, check_charges};
use limiter_testkit::laws::strategies::{LimitParts, limit_parts, limits};
use proptest::prelude::*;

use crate::cases::cases;

fn any_time() -> impl Strategy<Value = u64> {
    prop_oneof![
        4 => 1_700_000_000_000..1_700_000_100_000_u64,
        2 => 0..200_000_u64,
        2 => EXACT - 200_000..=EXACT,
        2 => 0..=EXACT,
        1 => prop::sample::select(vec![0, 1, EXACT - 1, EXACT]),
    ]
}

fn any_cost() -> impl Strategy<Value = u64> {
    prop_oneof![4 => 0..9_u64, 2 => 0..=EXACT, 1 => prop::sample::select(vec![0, 1, EXACT - 1, EXACT])]
}

/// A limit that changes from call to call and keeps its counter.
fn changed(parts: LimitParts, (max, burst, count_denied): (u64, u64, bool)) -> LimitParts {
    LimitParts { max, burst, count_denied, ..parts }
}

fn is_exact(outcome: &Outcome) -> bool {
    let exact = |wait: std::time::Duration| wait.as_millis() <= u128::from(EXACT);
    outcome.remaining() <= EXACT
        && exact(outcome.reset_after())
        && outcome.retry_after().and_then(Retry::after).is_none_or(exact)
        && outcome.charged_at_ms().is_none_or(|at_ms| at_ms <= EXACT)
}

#[derive(Clone, Copy, Debug)]
enum Call {
    Hit,
    Peek,
    Refund(u64),
}

proptest! {
    #![proptest_config(cases(800))]

    #[test]
    fn no_call_on_a_rate_panics_or_leaves_the_exact_range(
        parts in limit_parts(),
        calls in prop::collection::vec((
            any_time(),
            any_cost(),
            (any_cost(), any_cost(), any::<bool>()),
            prop_oneof![3 => Just(Call::Hit), 1 => Just(Call::Peek), 1 => any_time().prop_map(Call::Refund)],
        ), 1..40),
    ) {
        let key = Key::all("chat").unwrap();
        let mut counter = AnyCounter::new(parts.algorithm);
        for (clock_ms, cost, change, call) in calls {
            let limit = changed(parts, change).limit().unwrap();
            let charges = [Charge::new(&key, &limit).with_cost(cost)];
            let mut judged = [counter.clone()];
            let decision = match call {
                Call::Hit => AnyCounter::hit(&mut judged, &charges, clock_ms),
                Call::Peek => AnyCounter::peek(&mut judged, &charges, clock_ms),
                Call::Refund(at_ms) => {
                    let mut refunded = counter.clone();
                    if refunded.refund(&charges[0], at_ms, clock_ms) {
                        counter = refunded;
                    }
                    AnyCounter::peek(&mut [counter.clone()], &charges, clock_ms)
                }
            };
            let outcome = decision.outcomes()[0];
            prop_assert!(is_exact(&outcome), "{limit:?} at {clock_ms}: {outcome:?}");
            if outcome.charged_at_ms().is_some() {
                let [judged] = judged;
                counter = judged;
            }
        }
    }

    #[test]
    fn a_cost_beyond_the_exact_range_is_refused_before_anything_is_counted(
        limit in limits(),
        cost in EXACT + 1..=u64::MAX,
        others in 0..3_usize,
    ) {
        let key = Key::all("chat").unwrap();
        let keys: Vec<_> = (0..others)
            .map(|other| Key::new("chat", &format!("other {other}")).unwrap())
            .collect();
        let mut charges: Vec<_> = keys.iter().map(|key| Charge::new(key, &limit)).collect();
        prop_assert!(others == 0 || check_charges(&charges).is_ok());
        charges.push(Charge::new(&key, &limit).with_cost(cost));
        let error = check_charges(&charges).unwrap_err();
        prop_assert_eq!(error.kind(), ErrorKind::InvalidRequest);
        prop_assert!(error.to_string().contains(&cost.to_string()), "{}", error);
    }

    #[test]
    fn every_limit_is_built_or_refused_and_never_panics(
        parts in limit_parts(),
        max in prop_oneof![0..20_u64, any::<u64>()],
        burst in prop_oneof![0..20_u64, any::<u64>()],
        window in prop_oneof![
            (0..400 * 86_400_000_u64).prop_map(std::time::Duration::from_millis),
            (any::<u64>(), 0..1_000_000_000_u32).prop_map(|(s, ns)| std::time::Duration::new(s, ns)),
        ],
    ) {
        use limiter_core::{Algorithm, Limit, MAX_LOG_UNITS};
        let built = match parts.algorithm {
            Algorithm::FixedWindow => Limit::fixed_window(max, window),
            Algorithm::SlidingWindow => Limit::sliding_window(max, window),
            Algorithm::SlidingLog => Limit::sliding_log(max, window),
            _ => Limit::token_bucket(max, window).and_then(|limit| limit.with_burst(burst)),
        };
        let window_ms = window.as_millis();
        let exact = |units: u64| u128::from(units) * window_ms <= u128::from(EXACT);
        let valid = window.as_nanos().is_multiple_of(1_000_000)
            && (1..=366 * 86_400_000).contains(&window_ms)
            && max <= EXACT
            && match parts.algorithm {
                Algorithm::FixedWindow => true,
                Algorithm::SlidingWindow => exact(max),
                Algorithm::SlidingLog => max <= MAX_LOG_UNITS,
                _ => max > 0 && burst > 0 && exact(max) && exact(burst),
            };
        prop_assert_eq!(built.is_ok(), valid, "{:?}", built);
    }
}
