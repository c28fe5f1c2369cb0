//! Sets units aside. Where the counters don't all live together it goes part by part, and what was set aside is taken
//! back when a later part refuses: it may refuse too much for a moment, and never sets too much aside.

mod told;

use limiter_core::{Error, ErrorKind, QuotaOutcome, Reservation, ReservationId, Reserved, Result};

use self::told::{Seen, Told, told};
use super::line::Line;
use crate::reply::unexpected;
use crate::script::{Script, script};
use crate::store::{Store, Words};
use crate::task::to_its_end;

static RESERVE: Script = script!("reserve");
static UNRESERVE: Script = script!("unreserve");

/// A reservation on its way.
#[derive(Debug)]
pub(super) struct Reserve {
    store: Store,
    id: ReservationId,
    ttl_ms: u64,
    lines: Vec<Line>,
}

/// What is known of the counters so far.
#[derive(Debug, Default)]
struct Known {
    seen: Vec<(usize, Seen)>,
    granted: Vec<Vec<usize>>,
    refused: bool,
}

impl Reserve {
    pub(super) fn new(store: &Store, reservation: &Reservation) -> Self {
        let lines = reservation.charges().iter().map(|charge| Line::new(&store.names, charge)).collect();
        Self { store: store.clone(), id: reservation.id().clone(), ttl_ms: reservation.ttl_ms(), lines }
    }

    pub(super) async fn run(self) -> Result<Reserved> {
        let names: Vec<_> = self.lines.iter().map(|line| line.name().to_owned()).collect();
        let parts = self.store.parts(&names);
        if parts.len() == 1 {
            self.run_parts(parts).await
        } else {
            to_its_end("reserve", self.store.connection.response_timeout(), self.run_parts(parts)).await
        }
    }

    async fn run_parts(self, parts: Vec<Vec<usize>>) -> Result<Reserved> {
        let mut known = Known::default();
        for part in parts {
            if let Err(error) = self.ask(part, &mut known).await {
                return Err(self.failed(error, known).await);
            }
        }
        if known.refused {
            self.take_all_back(&known).await.map_err(Error::possibly_charged)?;
        }
        known.seen.sort_unstable_by_key(|(place, _)| *place);
        let outcome = |(place, seen): &(usize, Seen)| self.outcome(*place, *seen, known.refused);
        let outcomes = known.seen.iter().map(outcome).collect();
        Ok(if known.refused { Reserved::Refused(outcomes) } else { Reserved::Granted(outcomes) })
    }

    /// Has a part set units aside, or, once another has refused, tell whether they would fit.
    async fn ask(&self, part: Vec<usize>, known: &mut Known) -> Result<()> {
        let ttl_ms = if known.refused { 0 } else { self.ttl_ms };
        match self.send(&part, ttl_ms).await? {
            Told::Granted(seen) => {
                known.seen.extend(part.iter().copied().zip(seen));
                known.granted.push(part);
            }
            Told::Asked(seen) => {
                known.seen.extend(part.iter().copied().zip(seen));
                known.refused = true;
            }
            Told::Held { place, units } => {
                let asked = part.get(place).map(|place| self.lines[*place].amount());
                let asked = asked.ok_or_else(|| unexpected("names a charge that there isn't"))?;
                let id = &self.id;
                return Err(conflict(format!(
                    "reservation {id} holds {units}, asked for again with {asked}"
                )));
            }
            Told::Settled => {
                let id = &self.id;
                return Err(conflict(format!("reservation {id} was settled less than ten minutes ago")));
            }
        }
        Ok(())
    }

    /// One call.
    async fn send(&self, part: &[usize], ttl_ms: u64) -> Result<Told> {
        let charges = part.iter().flat_map(|place| self.lines[*place].numbers());
        let numbers: Vec<_> = charges.chain([ttl_ms]).collect();
        let words = Words { numbers: &numbers, word: self.id.as_str() };
        let changes = ttl_ms > 0;
        let reply = self.store.run(&RESERVE, ("reserve", changes), &self.keys(part), words).await?;
        told(&reply, part.len(), changes).map_err(|error| {
            let error = error.with_operation("reserve");
            if changes { error.possibly_charged() } else { error }
        })
    }

    /// A part failed: what others have set aside is taken back. Where the failure isn't an answer of the store, that
    /// may take as long again, and the caller doesn't wait for it.
    async fn failed(self, error: Error, known: Known) -> Error {
        if known.granted.is_empty() {
            return error;
        }
        if error.kind() == ErrorKind::Conflict {
            return match self.take_all_back(&known).await {
                Ok(()) => error,
                Err(_) => error.possibly_charged(),
            };
        }
        tokio::spawn(async move { self.take_all_back(&known).await });
        error.possibly_charged()
    }

    /// Goes on where a part fails; tells the first failure.
    async fn take_all_back(&self, known: &Known) -> Result<()> {
        let mut first_failure = Ok(());
        for part in &known.granted {
            first_failure = first_failure.and(self.take_back(part, &known.seen).await);
        }
        first_failure
    }

    async fn take_back(&self, part: &[usize], seen: &[(usize, Seen)]) -> Result<()> {
        let granted = part.iter().filter_map(|place| seen.iter().find(|(seen, _)| seen == place));
        let numbers: Vec<_> = granted.flat_map(|(_, seen)| [seen.until_ms, seen.before_ms]).collect();
        let words = Words { numbers: &numbers, word: self.id.as_str() };
        self.store.run(&UNRESERVE, ("reserve", true), &self.keys(part), words).await.map(drop)
    }

    /// How a counter stands in the end, what was taken back left out.
    fn outcome(&self, place: usize, seen: Seen, refused: bool) -> QuotaOutcome {
        let (line, mut standing) = (&self.lines[place], seen.standing);
        if refused && seen.is_new() {
            standing.reserved = standing.reserved.saturating_sub(line.amount());
        }
        standing.outcome(line.max())
    }

    fn keys(&self, part: &[usize]) -> Vec<String> {
        part.iter().flat_map(|place| self.lines[*place].keys()).collect()
    }
}

fn conflict(message: String) -> Error {
    Error::new(ErrorKind::Conflict, message).with_operation("reserve")
}
