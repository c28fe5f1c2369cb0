//! Settles reservations. Each counter counts by itself: where they don't all live together, all parts go at once.

use limiter_core::{Error, QuotaOutcome, Result, Settlement};
use tokio::task::JoinSet;

use super::line::Line;
use super::told::outcomes;
use crate::script::{Script, script};
use crate::store::{Store, Words};
use crate::task::{ended_with_its_runtime, to_its_end};

static SETTLE: Script = script!("settle");

/// Settles every counter; the outcomes in the order of the charges.
pub(super) async fn run(store: &Store, settlement: &Settlement) -> Result<Vec<QuotaOutcome>> {
    let lines: Vec<_> = settlement.charges().iter().map(|charge| Line::new(&store.names, charge)).collect();
    let names: Vec<_> = lines.iter().map(|line| line.name().to_owned()).collect();
    let parts = store.parts(&names);
    let id = settlement.id().as_str();
    if parts.len() == 1 {
        return send(store, id, &lines.iter().collect::<Vec<_>>()).await;
    }
    let (store, id) = (store.clone(), id.to_owned());
    to_its_end("settle", store.connection.response_timeout(), async move {
        run_all(store, id, lines, parts).await
    })
    .await
}

/// Goes on where a part fails; tells the first failure. What has been settled by then counts, and isn't counted again
/// when the settlement is repeated.
async fn run_all(
    store: Store,
    id: String,
    lines: Vec<Line>,
    parts: Vec<Vec<usize>>,
) -> Result<Vec<QuotaOutcome>> {
    let mut under_way = JoinSet::new();
    for part in parts {
        let lines: Vec<_> = part.iter().map(|place| lines[*place].clone()).collect();
        let (store, id) = (store.clone(), id.clone());
        under_way.spawn(async move { (send(&store, &id, &lines.iter().collect::<Vec<_>>()).await, part) });
    }
    let (mut told, mut failure) = (Vec::with_capacity(lines.len()), Ok(()));
    while let Some(ended) = under_way.join_next().await {
        match ended {
            Ok((Ok(outcomes), part)) => told.extend(part.into_iter().zip(outcomes)),
            Ok((Err(error), _)) => failure = failure.and(Err(error)),
            Err(ended) => failure = failure.and(Err(ended_with_its_runtime("settle", ended))),
        }
    }
    failure.map_err(|error: Error| if told.is_empty() { error } else { error.possibly_charged() })?;
    told.sort_unstable_by_key(|(place, _)| *place);
    Ok(told.into_iter().map(|(_, outcome)| outcome).collect())
}

/// One call.
async fn send(store: &Store, id: &str, lines: &[&Line]) -> Result<Vec<QuotaOutcome>> {
    let keys: Vec<_> = lines.iter().flat_map(|line| line.keys()).collect();
    let numbers: Vec<_> = lines.iter().flat_map(|line| line.numbers()).collect();
    let maxima: Vec<_> = lines.iter().map(|line| line.max()).collect();
    let words = Words { numbers: &numbers, word: id };
    let reply = store.run(&SETTLE, ("settle", true), &keys, words).await?;
    let unread = |error: Error| error.with_operation("settle").possibly_charged();
    outcomes(&reply, &maxima, true).map_err(unread)
}
