//! Hits of several clients and processes on one counter.

use limiter_core::{Charge, Limit, Outcome, RateLimiterExt};

use crate::broken::Kept;
use crate::candidate::Candidate;
use crate::cases::clients::{Clients, Processes};
use crate::processes::work::Work;
use crate::trial::Trial;

/// How often processes meet at a limit: each time is a chance for them to get in each other's way.
const ROUNDS: usize = 5;

/// What one client has charged is charged for another one too, also where that has looked at the counter before.
pub async fn a_hit_counts_for_every_client_at_once(candidate: &Candidate, trial: &Trial) -> Kept {
    let clients = Clients::new(candidate, trial, "a hit counts for every client at once");
    let (first, other) = (&clients.first().rates, &clients.other()?.rates);
    for limit in Clients::one_of_each(2)? {
        let key = clients.key("user")?;
        clients
            .got("a peek of the other client", other.peek(&[Charge::new(&key, &limit)]).await.map(drop))?;
        let filled = first.hit_cost(&key, &limit, 2).await;
        clients.expect(clients.got("a hit", filled)?.is_allowed(), "a hit of cost 2", "allowed", "denied")?;
        let asked = format!("a hit of the other client by {limit}, which the first has filled");
        let allowed = clients.got(&asked, other.hit_one(&key, &limit).await)?.is_allowed();
        clients.expect(!allowed, &asked, "denied", "allowed")?;
    }
    Ok(())
}

/// Four processes hit a counter together, twice as often as its limit admits: exactly the limit is admitted, by
/// each algorithm, five times over.
pub async fn hits_of_several_processes_admit_exactly_the_limit(candidate: &Candidate, trial: &Trial) -> Kept {
    let clients = Clients::new(candidate, trial, "hits of several processes admit exactly the limit");
    let mut processes = clients.processes(4).await?;
    for _ in 0..ROUNDS {
        for limit in Clients::one_of_each(20)? {
            let charges = vec![(clients.key("crowd")?, limit)];
            let admitted = processes.all(Work::Hit { charges, times: 10 }).await?;
            clients.expect(
                admitted == 20,
                &format!("40 hits of 4 processes by {limit}"),
                "20 allowed",
                admitted,
            )?;
        }
    }
    processes.end().await
}

/// Four processes charge two counters at a time, half of them in the other order: what was admitted is what the
/// tighter limit admits, and stands in both counters. By each algorithm, five times over.
pub async fn charges_of_several_processes_are_all_or_nothing(candidate: &Candidate, trial: &Trial) -> Kept {
    let clients = Clients::new(candidate, trial, "charges of several processes are all or nothing");
    let mut processes = clients.processes(4).await?;
    for _ in 0..ROUNDS {
        for (wide, tight) in Clients::one_of_each(60)?.into_iter().zip(Clients::one_of_each(6)?) {
            charge_both(&clients, &mut processes, wide, tight).await?;
        }
    }
    processes.end().await
}

async fn charge_both(clients: &Clients<'_>, processes: &mut Processes, wide: Limit, tight: Limit) -> Kept {
    let (user, all) = (clients.key("user")?, clients.key("all")?);
    for copy in 0..4 {
        let mut charges = vec![(user.clone(), wide), (all.clone(), tight)];
        charges.rotate_left(copy % 2);
        processes.tell(copy, Work::Hit { charges, times: 5 }).await?;
    }
    let admitted = processes.sum().await?;
    let asked = format!("20 hits of 4 processes by {wide} and {tight}");
    clients.expect(admitted == 6, &asked, "6 allowed", admitted)?;
    let left = clients.first().rates.peek(&[Charge::new(&user, &wide), Charge::new(&all, &tight)]).await;
    let left: Vec<_> = clients.got("a peek", left)?.outcomes().iter().map(Outcome::remaining).collect();
    clients.expect(left == [54, 0], &asked, "54 and 0 remaining", format_args!("{left:?}"))
}
