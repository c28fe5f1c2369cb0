//! What is asked of a quota tracker in the course of time, and how it is drawn.

use limiter_core::{EXACT, MAX_UTC_OFFSET_MINUTES, Period, Quota};
use proptest::collection::{SizeRange, vec};
use proptest::prelude::*;
use proptest::sample::Index;

use crate::laws::oracle::calendar;

/// One call: the clock is set, and something is asked. Reservations are named by their numbers: each stands for an id
/// that nobody else has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// What the clock shows.
    pub at_ms: u64,
    /// What is asked.
    pub ask: Ask,
}

/// What a call asks. Quotas are named by their places, each on a key of its own; amounts stand in their order, `None`
/// of those that take no part. One takes part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// Whether anything is left of a quota.
    Check(usize),
    /// Records so much of a quota.
    Record(usize, u64),
    /// Sets so much of each quota aside.
    Reserve {
        /// Under which id.
        id: u8,
        /// How much of each.
        amounts: Vec<Option<u64>>,
        /// For how long.
        ttl_ms: u64,
    },
    /// Settles what was set aside, if it was.
    Settle {
        /// Under which id.
        id: u8,
        /// How much was really used of each.
        amounts: Vec<Option<u64>>,
    },
}

/// Calls in view of quotas: amounts lie about what they allow, and times about the turns of their periods. The clock
/// steps back now and then, also so far that counters are to be taken as new.
pub fn calls(quotas: &[Quota], calls: impl Into<SizeRange>) -> BoxedStrategy<Vec<Call>> {
    raw(quotas.len(), calls.into()).prop_map(calls_of(quotas.to_vec())).boxed()
}

/// Draws so many quotas too, what they are changed to, and the calls.
pub(super) fn any_calls(
    quotas: usize,
    size: impl Into<SizeRange>,
) -> impl Strategy<Value = (Vec<Quota>, Vec<Quota>, Vec<Call>)> {
    (vec(changing_quotas(), quotas), raw(quotas, size.into())).prop_map(|(quotas, raw)| {
        let (quotas, changed): (Vec<_>, _) = quotas.into_iter().unzip();
        (quotas.clone(), changed, calls_of(quotas)(raw))
    })
}

fn changing_quotas() -> impl Strategy<Value = (Quota, Quota)> {
    let max = || prop_oneof![12 => 0..15_u64, 1 => Just(EXACT)];
    let offset = prop_oneof![Just(0), -MAX_UTC_OFFSET_MINUTES..=MAX_UTC_OFFSET_MINUTES];
    let period = prop::sample::select(Period::ALL.to_vec());
    (max(), max(), period, offset).prop_filter_map("a quota", |(one, other, period, offset)| {
        let quota =
            |max| Quota::new(max, period).and_then(|quota| quota.with_utc_offset_minutes(offset)).ok();
        Some((quota(one)?, quota(other)?))
    })
}

/// A move of the clock.
#[derive(Clone, Copy, Debug)]
enum Move {
    On(u64),
    Back(u64),
    /// To so many milliseconds after the last one of the period of one of the quotas.
    Turn(Index, u64),
}

/// An amount in view of a quota.
#[derive(Clone, Copy, Debug)]
enum Amount {
    Units(u64),
    Quarters(u64),
}

type Amounts = Vec<Option<Amount>>;

#[derive(Clone, Debug)]
enum RawAsk {
    Check(Index),
    Record(Index, Amount),
    Reserve(u8, Amounts, u64),
    Settle(u8, Amounts),
}

type Raw = (u64, Vec<(Move, RawAsk)>);

fn raw(quotas: usize, size: SizeRange) -> impl Strategy<Value = Raw> {
    // One takes part for sure.
    let amounts = move || {
        let others = vec(prop::option::of(amount()), quotas);
        (others, any::<Index>(), amount()).prop_map(move |(mut amounts, sure, amount)| {
            if let Some(sure) = amounts.get_mut(sure.index(quotas.max(1))) {
                *sure = Some(amount);
            }
            amounts
        })
    };
    let ttl_ms = prop_oneof![Just(1), 1..2_000_u64, 1..1_000_000_u64, Just(30 * 86_400_000)];
    let id = || 0..4_u8;
    let ask = prop_oneof![
        1 => any::<Index>().prop_map(RawAsk::Check),
        2 => (any::<Index>(), amount()).prop_map(|(of, amount)| RawAsk::Record(of, amount)),
        5 => (id(), amounts(), ttl_ms).prop_map(|(id, amounts, ttl_ms)| RawAsk::Reserve(id, amounts, ttl_ms)),
        3 => (id(), amounts()).prop_map(|(id, amounts)| RawAsk::Settle(id, amounts)),
    ];
    (starts_ms(), vec((moves(), ask), size))
}

fn amount() -> impl Strategy<Value = Amount> {
    prop_oneof![
        10 => (0..6_u64).prop_map(Amount::Units),
        2 => (1..=4_u64).prop_map(Amount::Quarters),
        1 => (0..=EXACT).prop_map(Amount::Units),
        1 => Just(Amount::Units(EXACT)),
    ]
}

fn moves() -> impl Strategy<Value = Move> {
    let steps = vec![1, 599_999, 600_000, 600_001, 3_600_000, 86_400_000];
    prop_oneof![
        3 => Just(Move::On(0)),
        4 => (0..2_000_u64).prop_map(Move::On),
        2 => prop::sample::select(steps).prop_map(Move::On),
        2 => (any::<Index>(), 0..3_u64).prop_map(|(of, by_ms)| Move::Turn(of, by_ms)),
        1 => prop::sample::select(vec![1, 1_000, 59_999, 60_000, 60_001, 700_000]).prop_map(Move::Back),
    ]
}

fn starts_ms() -> impl Strategy<Value = u64> {
    // About a leap day, a year's end, a Monday, and any time.
    let turns = vec![1_709_164_799_000_u64, 1_709_251_199_500, 1_735_689_599_000, 1_767_571_199_000];
    prop_oneof![prop::sample::select(turns), 1_000_000_000_000..4_000_000_000_000_u64]
}

fn calls_of(quotas: Vec<Quota>) -> impl Fn(Raw) -> Vec<Call> {
    move |(mut at_ms, raw)| {
        if quotas.is_empty() {
            return Vec::new();
        }
        let amounts_of = |amounts: Amounts| {
            let each = quotas.iter().zip(amounts);
            each.map(|(quota, amount)| Some(amount?.of(quota))).collect()
        };
        let call = |(step, ask): (Move, RawAsk)| {
            at_ms = step.from(at_ms, &quotas);
            let ask = match ask {
                RawAsk::Check(of) => Ask::Check(of.index(quotas.len())),
                RawAsk::Record(of, amount) => {
                    let of = of.index(quotas.len());
                    Ask::Record(of, amount.of(&quotas[of]))
                }
                RawAsk::Reserve(id, amounts, ttl_ms) => {
                    Ask::Reserve { id, amounts: amounts_of(amounts), ttl_ms }
                }
                RawAsk::Settle(id, amounts) => Ask::Settle { id, amounts: amounts_of(amounts) },
            };
            Call { at_ms, ask }
        };
        raw.into_iter().map(call).collect()
    }
}

impl Move {
    fn from(self, clock_ms: u64, quotas: &[Quota]) -> u64 {
        match self {
            Self::On(by_ms) => clock_ms + by_ms,
            Self::Back(by_ms) => clock_ms.saturating_sub(by_ms),
            Self::Turn(of, by_ms) => {
                let quota = of.get(quotas);
                let span = calendar::span(quota.period(), clock_ms, quota.utc_offset_minutes());
                span.end_ms - 1 + by_ms
            }
        }
    }
}

impl Amount {
    fn of(self, quota: &Quota) -> u64 {
        match self {
            Self::Units(units) => units,
            Self::Quarters(quarters) => {
                let amount = u128::from(quota.max()) * u128::from(quarters) / 4;
                u64::try_from(amount).unwrap_or(EXACT)
            }
        }
    }
}
