//! Looking out for another primary while one is used.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;

use super::open::{Open, Usage};
use super::sentinel::Sentinels;
use crate::target::Address;

/// How often the sentinels are asked.
const EVERY: Duration = Duration::from_secs(1);

/// Ends a connection to the primary that was `named` once most of all sentinels name another, and that says so itself.
///
/// A primary that was replaced and lives on takes what is sent to it for several seconds more, and forgets all of it in
/// the end.
pub(super) async fn look_out(sentinels: Arc<Sentinels>, usage: Usage, named: Address) {
    let mut kept = vec![None; sentinels.count()];
    while usage.goes_on() {
        if let Some((sentinel, another)) = agreed(&sentinels, &mut kept).await
            && another != named
            && sentinels.open_primary(&another).await.is_ok()
        {
            // One that hasn't heard yet would lead back.
            sentinels.prefer(sentinel);
            usage.end();
        }
        sleep(EVERY).await;
    }
}

/// What most of all sentinels say is the primary, and one of those that say so.
async fn agreed(sentinels: &Sentinels, kept: &mut [Option<Open>]) -> Option<(usize, Address)> {
    let mut named = Vec::new();
    for (sentinel, kept) in kept.iter_mut().enumerate() {
        if let Ok(address) = sentinels.named_by(sentinel, kept).await {
            named.push((sentinel, address));
        }
    }
    let votes = |address: &Address| named.iter().filter(|(_, other)| other == address).count();
    named.iter().find(|(_, address)| 2 * votes(address) > sentinels.count()).cloned()
}
