//! Histories written by hand, which some order explains or none does.
#![allow(clippy::unwrap_used, reason = "a test stops when anything is off")]

use std::time::Duration;

use limiter_core::{
    Key, LeaseId, LeaseRequest, Limit, Period, Quota, QuotaCharge, Reservation, ReservationId, Scope,
    Settlement,
};
use limiter_testkit::histories::{
    Operation, QuotaAnswer, QuotaCall, Quotas, RateAnswer, RateCall, Rates, Recorder, SlotAnswer, SlotCall,
    Slots, Specification, explain,
};

const NOW_MS: u64 = 1_700_000_000_000;
const DAY: Duration = Duration::from_secs(86_400);

type History<S> = Vec<Operation<<S as Specification>::Call, <S as Specification>::Answer>>;

fn operation<C, A>((begun, end): (u64, u64), call: C, answer: A) -> Operation<C, A> {
    Operation { call, begun, answered: Some((end, answer)) }
}

fn rates(history: &History<Rates>) -> Option<Vec<usize>> {
    explain(&Rates::at(NOW_MS), history)
}

fn key() -> Key {
    Key::new("chat", "u1").unwrap()
}

/// Two units a day.
fn line() -> Vec<(Key, Limit, u64)> {
    vec![(key(), Limit::fixed_window(2, DAY).unwrap(), 1)]
}

fn hit(when: (u64, u64), allowed: bool, remaining: u64) -> Operation<RateCall, RateAnswer> {
    operation(when, RateCall::Hit(line()), RateAnswer::Decided(vec![(allowed, remaining)]))
}

fn peek(when: (u64, u64), allowed: bool, remaining: u64) -> Operation<RateCall, RateAnswer> {
    operation(when, RateCall::Peek(line()), RateAnswer::Decided(vec![(allowed, remaining)]))
}

#[test]
fn nothing_is_explained_by_nothing() {
    assert_eq!(rates(&Vec::new()), Some(Vec::new()));
}

#[test]
fn calls_one_after_the_other_are_explained_as_they_were() {
    let history = vec![hit((0, 1), true, 1), hit((2, 3), true, 0), hit((4, 5), false, 0)];
    assert_eq!(rates(&history), Some(vec![0, 1, 2]));
}

#[test]
fn calls_at_once_are_explained_by_the_order_that_their_answers_tell() {
    let history = vec![hit((0, 3), true, 0), hit((1, 2), true, 1)];
    assert_eq!(rates(&history), Some(vec![1, 0]));
}

#[test]
fn a_read_during_a_write_may_see_it_or_not() {
    assert_eq!(rates(&vec![hit((0, 3), true, 1), peek((1, 2), true, 2)]), Some(vec![1, 0]));
    assert_eq!(rates(&vec![hit((0, 3), true, 1), peek((1, 2), true, 1)]), Some(vec![0, 1]));
}

#[test]
fn a_stale_read_after_a_write_that_had_ended_is_never_explained() {
    assert_eq!(rates(&vec![hit((0, 1), true, 1), peek((2, 3), true, 2)]), None);
}

#[test]
fn a_read_that_sees_a_write_before_one_that_does_not_is_never_explained() {
    let history = vec![hit((0, 5), true, 1), peek((1, 2), true, 1), peek((3, 4), true, 2)];
    assert_eq!(rates(&history), None);
}

#[test]
fn a_lost_update_is_never_explained() {
    assert_eq!(rates(&vec![hit((0, 2), true, 1), hit((1, 3), true, 1)]), None);
}

#[test]
fn one_hit_too_many_is_never_explained() {
    let history = vec![hit((0, 6), true, 1), hit((1, 7), true, 0), hit((2, 8), true, 0)];
    assert_eq!(rates(&history), None);
}

#[test]
fn a_refund_and_a_reset_make_room() {
    let refund = operation((2, 5), RateCall::Refund(line()), RateAnswer::Done);
    let history = vec![hit((0, 1), true, 1), refund.clone(), hit((3, 4), true, 1)];
    assert_eq!(rates(&history), Some(vec![0, 1, 2]));
    let (key, limit, _) = line().remove(0);
    let reset = operation((4, 7), RateCall::Reset(key, limit), RateAnswer::Done);
    let history = vec![hit((0, 1), true, 1), hit((2, 3), true, 0), reset, hit((5, 6), true, 1)];
    assert_eq!(rates(&history), Some(vec![0, 1, 2, 3]));
    assert_eq!(rates(&vec![refund, hit((6, 7), true, 2)]), None);
}

#[test]
fn a_call_that_was_never_answered_may_have_happened_or_not() {
    let lost = Operation { call: RateCall::Hit(line()), begun: 0, answered: None };
    assert_eq!(rates(&vec![lost.clone(), peek((1, 2), true, 2)]), Some(vec![1]));
    assert_eq!(rates(&vec![lost.clone(), peek((1, 2), true, 1)]), Some(vec![0, 1]));
    assert_eq!(rates(&vec![lost.clone(), peek((1, 2), true, 1), peek((3, 4), true, 2)]), None);
    assert_eq!(rates(&vec![lost, peek((1, 2), false, 0)]), None);
}

#[test]
fn many_calls_at_once_are_explained_in_time() {
    let line = || vec![(key(), Limit::fixed_window(40, DAY).unwrap(), 1)];
    let hit = |place: u64| {
        operation((place, 100 + place), RateCall::Hit(line()), RateAnswer::Decided(vec![(true, 39 - place)]))
    };
    assert!(rates(&(0..20).map(hit).collect()).is_some());
    let one_twice = |place: u64| hit(place.min(7)).clone();
    assert_eq!(rates(&(0..9).map(one_twice).collect()), None);
}

#[test]
fn what_is_recorded_is_in_order() {
    let recorder = Recorder::new();
    let first = recorder.begin("first");
    let second = recorder.begin("second");
    second.answered(2);
    drop(recorder.begin("lost"));
    first.answered(1);
    let history = recorder.into_history();
    let told: Vec<_> =
        history.iter().map(|operation| (operation.call, operation.begun, operation.answered)).collect();
    assert_eq!(told, [("first", 0, Some((4, 1))), ("second", 1, Some((2, 2))), ("lost", 3, None)]);
}

fn acquire(id: &str, when: (u64, u64), answer: SlotAnswer) -> Operation<SlotCall, SlotAnswer> {
    let request = LeaseRequest::new([Scope::new(key(), 1)], DAY).unwrap();
    operation(when, SlotCall::Acquire(request.with_id(LeaseId::parse(id).unwrap())), answer)
}

fn slots(history: &History<Slots>) -> Option<Vec<usize>> {
    explain(&Slots::at(NOW_MS), history)
}

#[test]
fn one_slot_is_granted_once_at_a_time() {
    let (granted, full) = (|| SlotAnswer::Acquired(vec![1]), || SlotAnswer::Full(0, vec![1]));
    let twice = vec![acquire("a", (0, 2), granted()), acquire("b", (1, 3), granted())];
    assert_eq!(slots(&twice), None);
    let once = vec![acquire("a", (0, 2), full()), acquire("b", (1, 3), granted())];
    assert_eq!(slots(&once), Some(vec![1, 0]));
    let repeated = vec![acquire("a", (0, 2), granted()), acquire("a", (1, 3), granted())];
    assert_eq!(slots(&repeated), Some(vec![0, 1]));
}

#[test]
fn a_lease_is_released_once() {
    let acquired = acquire("a", (0, 1), SlotAnswer::Acquired(vec![1]));
    let SlotCall::Acquire(request) = acquired.call.clone() else { unreachable!() };
    let release = |when, live| operation(when, SlotCall::Release(request.lease()), SlotAnswer::Live(live));
    let renew = |when, live| operation(when, SlotCall::Renew(request.lease()), SlotAnswer::Live(live));
    let in_use = |when, held| operation(when, SlotCall::InUse(key()), SlotAnswer::InUse(held));
    let once = vec![acquired.clone(), release((2, 4), false), release((3, 5), true), renew((6, 7), false)];
    assert_eq!(slots(&once), Some(vec![0, 2, 1, 3]));
    assert_eq!(slots(&vec![acquired.clone(), release((2, 4), true), release((3, 5), true)]), None);
    assert_eq!(slots(&vec![acquired.clone(), release((2, 3), true), in_use((4, 5), 1)]), None);
    assert_eq!(slots(&vec![acquired, release((2, 5), true), in_use((3, 4), 1)]), Some(vec![0, 2, 1]));
}

fn quota() -> Quota {
    Quota::new(4, Period::Year).unwrap()
}

fn settle(when: (u64, u64), amount: u64, used: u64) -> Operation<QuotaCall, QuotaAnswer> {
    let charge = QuotaCharge::new(key(), quota(), amount);
    let settlement = Settlement::new(ReservationId::parse("r").unwrap(), [charge]).unwrap();
    operation(when, QuotaCall::Settle(settlement), QuotaAnswer::Counted(true, vec![(used, 0)]))
}

fn quotas(history: &History<Quotas>) -> Option<Vec<usize>> {
    explain(&Quotas::at(NOW_MS), history)
}

#[test]
fn a_settle_counts_once() {
    assert_eq!(quotas(&vec![settle((0, 2), 1, 1), settle((1, 3), 1, 1)]), Some(vec![0, 1]));
    assert_eq!(quotas(&vec![settle((0, 2), 1, 3), settle((1, 3), 3, 3)]), Some(vec![1, 0]));
    assert_eq!(quotas(&vec![settle((0, 2), 1, 1), settle((1, 3), 1, 2)]), None);
}

#[test]
fn a_settle_in_two_steps_is_never_explained() {
    let reservation = Reservation::new([QuotaCharge::new(key(), quota(), 2)], DAY).unwrap();
    let reservation = reservation.with_id(ReservationId::parse("r").unwrap());
    let reserved =
        operation((0, 1), QuotaCall::Reserve(reservation), QuotaAnswer::Counted(true, vec![(0, 2)]));
    let check = |when, counted| {
        operation(when, QuotaCall::Check(key(), quota()), QuotaAnswer::Counted(true, vec![counted]))
    };
    let history = |counted| vec![reserved.clone(), settle((2, 5), 2, 2), check((3, 4), counted)];
    assert!(quotas(&history((0, 2))).is_some() && quotas(&history((2, 0))).is_some());
    assert_eq!(quotas(&history((0, 0))), None);
    assert_eq!(quotas(&history((2, 2))), None);
}
