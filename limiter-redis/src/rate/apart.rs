//! A call whose counters don't all live together: part by part, and given back when a later part denies.
//!
//! It may refuse too much for a moment. It never admits too much.

use limiter_core::{Error, Outcome, Result};

use super::line::Line;
use super::{Act, Rates};
use crate::task::{in_time, to_its_end};

impl Rates {
    /// Makes all charges or none. It runs in a task of its own: a caller that gives up leaves nothing half done.
    pub(super) async fn hit_apart(self, parts: Vec<Vec<Line>>) -> Result<Vec<Outcome>> {
        let response_timeout = self.store.connection.response_timeout();
        to_its_end("hit", response_timeout, async move { self.hit_parts(parts).await }).await
    }

    /// Gives back what was charged in every part, likewise. Goes on where a part fails; tells the first failure.
    pub(super) async fn refund_apart(self, parts: Vec<Vec<Line>>) -> Result<()> {
        let response_timeout = self.store.connection.response_timeout();
        let refund = async move {
            let mut first_failure = Ok(());
            for part in &parts {
                first_failure = first_failure.and(self.give_back("refund", part).await);
            }
            // The others were given back.
            first_failure.map_err(Error::possibly_charged)
        };
        to_its_end("refund", response_timeout, refund).await
    }

    /// Describes every part.
    pub(super) async fn look_apart(
        &self,
        operation: &'static str,
        parts: Vec<Vec<Line>>,
    ) -> Result<Vec<Outcome>> {
        let look = async {
            let mut told = Vec::new();
            for part in &parts {
                told.extend(self.ask(operation, part, Act::Look).await?);
            }
            Ok(told)
        };
        in_time(operation, self.store.connection.response_timeout(), look).await
    }

    async fn hit_parts(&self, parts: Vec<Vec<Line>>) -> Result<Vec<Outcome>> {
        let mut told: Vec<Outcome> = Vec::new();
        for (number, part) in parts.iter().enumerate() {
            match self.ask("hit", part, Act::Charge).await {
                Ok(outcomes) if outcomes.iter().all(Outcome::is_allowed) => told.extend(outcomes),
                Ok(outcomes) => {
                    let (before, after) = (&parts[..number], &parts[number + 1..]);
                    return self.denied(before, &told, outcomes, after).await;
                }
                Err(error) => {
                    let given_back = self.give_all_back(&parts[..number], &told).await;
                    return Err(if given_back.is_err() { error.possibly_charged() } else { error });
                }
            }
        }
        Ok(told)
    }

    /// Gives back what the parts before have charged, and has the parts after count their denied hits.
    async fn denied(
        &self,
        before: &[Vec<Line>],
        charged: &[Outcome],
        denied: Vec<Outcome>,
        after: &[Vec<Line>],
    ) -> Result<Vec<Outcome>> {
        self.give_all_back(before, charged).await.map_err(Error::possibly_charged)?;
        let mut told = denied;
        for part in before {
            told.extend(self.ask("hit", part, Act::Look).await?);
        }
        for part in after {
            told.extend(self.ask("hit", part, Act::Deny).await?);
        }
        Ok(told)
    }

    /// Goes on where a part fails; tells the first failure.
    async fn give_all_back(&self, parts: &[Vec<Line>], charged: &[Outcome]) -> Result<()> {
        let mut first_failure = Ok(());
        for part in parts {
            let lines: Vec<_> = part.iter().filter_map(|line| as_charged(line, charged)).collect();
            if !lines.is_empty() {
                first_failure = first_failure.and(self.give_back("hit", &lines).await);
            }
        }
        first_failure
    }
}

/// The line with the time at which it was charged; `None` where nothing was.
fn as_charged(line: &Line, charged: &[Outcome]) -> Option<Line> {
    let outcome = charged.iter().find(|outcome| outcome.charge() == line.place())?;
    Some(line.clone().charged_at(outcome.charged_at_ms()?))
}
