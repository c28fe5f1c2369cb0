//! The leases that are held: which to renew when, and which have run out.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use limiter_core::{Lease, LeaseId, Source};
use tokio::time::Instant;

use super::lanes::Lanes;
use super::pace::Pace;
use super::term::Term;

/// The book of what is held.
#[derive(Debug, Default)]
pub(super) struct HeldLeases {
    by_id: HashMap<LeaseId, Held>,
    /// Those that go with all others, by when they are due.
    renewals: BTreeSet<(Instant, LeaseId)>,
    /// Those that were asked for and not answered. They go apart, so that they hold up no others.
    repeats: BTreeSet<(Instant, LeaseId)>,
    lanes: Lanes,
    ends: BTreeSet<(Instant, LeaseId)>,
    /// When the last renewal that worked was sent, for those who grant leases each.
    worked: HashMap<Source, Instant>,
}

/// Leases that are renewed in one call, and until when its answer is of use to all of them.
#[derive(Debug)]
pub(super) struct Due {
    pub(super) leases: Vec<Lease>,
    pub(super) until: Instant,
    /// Until when it takes a lane, where it repeats a renewal.
    lane: Option<Instant>,
}

#[derive(Debug)]
struct Held {
    lease: Lease,
    source: Source,
    tenure: Tenure,
    /// When the last call that prolongs it was sent.
    asked: Instant,
    company: Company,
    renew_from: Instant,
    renew_at: Instant,
    ends: Instant,
}

/// With how many others a lease is renewed. A store answers with one error for all of a call, so leases of which one
/// fails must part; but a store that was down for all isn't to be asked for each of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Company {
    All,
    /// It wasn't answered, so many times while others were. Thrown together anew each time, and some of them alone, such
    /// leases find out whether any works.
    Few(u32),
}

/// The holder's term, which ends when the lease leaves the book, however it leaves: with the runtime too.
#[derive(Debug)]
struct Tenure(Arc<Term>);

impl Drop for Tenure {
    fn drop(&mut self) {
        self.0.end();
    }
}

impl HeldLeases {
    /// Holds a lease that was acquired there by a call sent at `sent`, and gives its holder's term.
    pub(super) fn hold(&mut self, lease: Lease, source: Source, sent: Instant) -> Arc<Term> {
        let pace = Pace::new(lease.ttl_ms());
        let term = Arc::new(Term::until(pace.ends(sent)));
        self.enter(Held {
            lease,
            source,
            tenure: Tenure(Arc::clone(&term)),
            asked: sent,
            company: Company::All,
            renew_from: pace.renew_from(sent),
            renew_at: pace.renew_at(sent),
            ends: pace.ends(sent),
        });
        term
    }

    /// Holds a lease no longer. `None` when it was lost before.
    pub(super) fn take(&mut self, id: &LeaseId) -> Option<Lease> {
        self.strike(id).map(|held| held.lease)
    }

    /// Holds nothing any more.
    pub(super) fn take_all(&mut self) -> Vec<Lease> {
        self.renewals.clear();
        self.repeats.clear();
        self.ends.clear();
        self.by_id.drain().map(|(_, held)| held.lease).collect()
    }

    /// A lease that has run out without being renewed. It is held no longer.
    pub(super) fn take_ended(&mut self, now: Instant) -> Option<Lease> {
        let (_, id) = self.ends.first().filter(|(ends, _)| *ends <= now)?.clone();
        self.take(&id)
    }

    /// Up to `most` leases that are to be renewed now, if any is due: those that soon will be go along.
    ///
    /// They will be due again before they run out, in case no answer comes. What was granted elsewhere goes in a call of
    /// its own: a store that is down must not take along the leases that something else has granted meanwhile. Those
    /// that failed before go in several calls, each with a third of those left: one stuck key mustn't take along others.
    pub(super) fn due(&mut self, now: Instant, most: usize) -> Option<Due> {
        let (source, company) = self.most_urgent(now)?;
        let most = company.most(most);
        let mut ids: Vec<LeaseId> = self.renewable(now, source, company).take(most).cloned().collect();
        if company != Company::All {
            fastrand::shuffle(&mut ids);
            ids.truncate(ids.len().div_ceil(3));
        }
        let asked: Vec<Held> = ids.iter().filter_map(|id| self.strike(id)).collect();
        let due = Due::of(&asked, company, now)?;
        if let Some(until) = due.lane {
            self.lanes.take(until);
        }
        for held in asked {
            self.enter(held.asked(now, company));
        }
        Some(due)
    }

    /// The call was answered or failed.
    pub(super) fn ended(&mut self, due: &Due) {
        if let Some(until) = due.lane {
            self.lanes.give_back(until);
        }
    }

    /// A renewal that was sent at `sent` answered that the lease is live. `false` when that came too late: the
    /// holder has been told, or must be now, that it is lost.
    pub(super) fn renewed(&mut self, id: &LeaseId, sent: Instant) -> bool {
        let Some(mut held) = self.strike(id) else {
            return true;
        };
        let worked = self.worked.entry(held.source).or_insert(sent);
        *worked = sent.max(*worked);
        held.company = Company::All;
        let pace = held.pace();
        held.ends = held.ends.max(pace.ends(sent));
        let in_time = held.tenure.0.extend(held.ends);
        held.renew_from = pace.renew_from(sent);
        held.renew_at = pace.renew_at(sent);
        if held.asked > sent {
            // It has been asked for again meanwhile: that answer is awaited first.
            held.renew_again(held.renew_at.max(held.patient_until()));
        }
        self.enter(held);
        in_time
    }

    /// A renewal that was sent at `sent` failed. It is repeated soon, unless that has been done already.
    pub(super) fn not_renewed(&mut self, id: &LeaseId, sent: Instant, now: Instant) {
        if self.by_id.get(id).is_some_and(|held| held.asked == sent)
            && let Some(mut held) = self.strike(id)
        {
            held.renew_again(now + held.pace().pause());
            self.enter(held);
        }
    }

    /// When the next of them is to be renewed or runs out.
    pub(super) fn next(&self) -> Option<Instant> {
        let first = |times: &BTreeSet<(Instant, LeaseId)>| times.first().map(|(at, _)| *at);
        let repeat = first(&self.repeats).map(|at| self.lanes.free_at().map_or(at, |free| free.max(at)));
        [first(&self.renewals), repeat, first(&self.ends)].into_iter().flatten().min()
    }

    /// Whose turn it is, if anybody's.
    fn most_urgent(&mut self, now: Instant) -> Option<(Source, Company)> {
        let mut due = self.renewals.first().filter(|(at, _)| *at <= now);
        if due.is_none() && self.lanes.are_free(now) {
            due = self.repeats.first().filter(|(at, _)| *at <= now);
        }
        let held = self.by_id.get(&due?.1)?;
        Some((held.source, self.company(held)))
    }

    fn company(&self, held: &Held) -> Company {
        let others_work = self.worked.get(&held.source).is_some_and(|sent| *sent >= held.asked);
        match held.company {
            Company::Few(times) if others_work => Company::Few(times.saturating_add(1)),
            company => company,
        }
    }

    /// The leases of one source and company that may be renewed now, in the order in which they are due.
    fn renewable(&self, now: Instant, source: Source, company: Company) -> impl Iterator<Item = &LeaseId> {
        let times = if company == Company::All { &self.renewals } else { &self.repeats };
        let held = times.iter().filter_map(|(_, id)| self.by_id.get(id));
        let renewable = held.take_while(move |held| held.renew_from <= now);
        let same = move |held: &&Held| held.source == source && self.company(held) == company;
        renewable.filter(same).map(|held| held.lease.id())
    }

    /// Where it waits for its turn.
    fn turns(&mut self, company: Company) -> &mut BTreeSet<(Instant, LeaseId)> {
        if company == Company::All { &mut self.renewals } else { &mut self.repeats }
    }

    fn enter(&mut self, held: Held) {
        let id = held.lease.id().clone();
        self.turns(held.company).insert((held.renew_at, id.clone()));
        self.ends.insert((held.ends, id.clone()));
        self.by_id.insert(id, held);
    }

    fn strike(&mut self, id: &LeaseId) -> Option<Held> {
        let held = self.by_id.remove(id)?;
        self.turns(held.company).remove(&(held.renew_at, id.clone()));
        self.ends.remove(&(held.ends, id.clone()));
        Some(held)
    }
}

impl Due {
    /// The call that renews these, if there are any.
    fn of(asked: &[Held], company: Company, now: Instant) -> Option<Self> {
        let lane = asked.iter().map(|held| now + held.pace().pause() / 4).min();
        Some(Self {
            leases: asked.iter().map(|held| held.lease.clone()).collect(),
            until: asked.iter().map(|held| held.pace().ends(now)).min()?,
            lane: lane.filter(|_| company != Company::All),
        })
    }
}

impl Company {
    /// How many leases one call is made of, where `most` go in one at most.
    fn most(self, most: usize) -> usize {
        match self {
            Self::All => most,
            Self::Few(times) => most.checked_shr(times.saturating_mul(3)).unwrap_or(0).max(1),
        }
    }
}

impl Held {
    /// As it is once it was asked for in that company.
    fn asked(mut self, now: Instant, company: Company) -> Self {
        self.asked = now;
        self.company = if company == Company::All { Company::Few(0) } else { company };
        self.renew_again(self.patient_until());
        self
    }

    fn pace(&self) -> Pace {
        Pace::new(self.lease.ttl_ms())
    }

    /// Until when the answer to the last renewal is awaited.
    fn patient_until(&self) -> Instant {
        let left = self.ends.saturating_duration_since(self.asked);
        self.asked + self.pace().patience(left)
    }

    fn renew_again(&mut self, at: Instant) {
        self.renew_from = at.min(self.ends);
        self.renew_at = self.renew_from;
    }
}
