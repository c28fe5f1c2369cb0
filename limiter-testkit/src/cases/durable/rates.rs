//! Counts of hits after a restart.

use limiter_core::{Charge, Outcome, RateLimiterExt};

use crate::broken::Kept;
use crate::candidate::Candidate;
use crate::cases::clients::Clients;
use crate::trial::Trial;

/// What was charged before the store ended is charged when it is there again, by each algorithm.
pub async fn a_restart_keeps_counts(candidate: &Candidate, trial: &Trial) -> Kept {
    let clients = Clients::new(candidate, trial, "a restart keeps counts");
    let (key, limits) = (clients.key("user")?, Clients::one_of_each(5)?);
    for limit in &limits {
        let allowed =
            clients.got("a hit", clients.first().rates.hit_cost(&key, limit, 3).await)?.is_allowed();
        clients.expect(allowed, "a hit of cost 3 of 5", "allowed", "denied")?;
    }
    let restarted = clients.restarted().await?;
    for limit in &limits {
        let asked = format!("a peek of {limit} after a hit of cost 3 and a restart");
        let left = clients.got(&asked, restarted.rates.peek(&[Charge::new(&key, limit)]).await)?;
        let left = left.outcomes().first().map_or(0, Outcome::remaining);
        clients.expect(left == 2, &asked, "2 remaining", left)?;
    }
    Ok(())
}
