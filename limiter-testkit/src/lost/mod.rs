//! Answers that are lost after the store has done what was asked: what was asked was done once, its caller is told that
//! it may have been, and what carries an id can be asked again.
//!
//! ```no_run
//! use limiter_core::Backend;
//! use limiter_testkit::lost;
//! use limiter_testkit::proxy::{Mode, Proxy};
//!
//! # async fn client(_store: std::net::SocketAddr) -> Backend {
//! #     let model = limiter_testkit::Model::new(limiter_core::ManualClock::new(0));
//! #     Backend::new("mine", std::sync::Arc::new(model))
//! # }
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let store = "127.0.0.1:1234".parse()?;
//! let proxy = Proxy::start(store).await?;
//! let (direct, lossy) = (client(store).await, client(proxy.address()).await);
//! lost::prove(&direct, &lossy, &proxy, Mode::DropReplies).await?;
//! # Ok(())
//! # }
//! ```

mod operation;
mod ready;

use std::time::Duration;

use limiter_core::{Backend, Key};
use tokio::time::{sleep, timeout};

pub use self::operation::Operation;
pub use self::ready::Ready;

use crate::broken::{Broken, Kept};
use crate::proxy::{Mode, Proxy};

/// How long a backend may take until calls are answered again.
const HEALED: Duration = Duration::from_secs(10);

/// Loses the answer to each operation in turn, in one mode of the proxy through which `lossy` reaches the store. `direct`
/// reaches it by itself. The keys are in the space `lost`: a store that is proven in several modes wants another for each.
///
/// # Errors
/// What was done other than once, or told other than as possibly done.
pub async fn prove(direct: &Backend, lossy: &Backend, proxy: &Proxy, mode: Mode) -> Kept {
    for operation in Operation::ALL {
        let key = |which| Key::new("lost", &format!("{mode:?}.{operation:?}.{which}"));
        let mut ready = Ready::new(operation, [key("a")?, key("b")?, key("c")?], direct).await?;
        // What a connection has to learn first is learnt on other keys: the next call is one message.
        let mut other = Ready::new(operation, [key("x")?, key("y")?, key("z")?], lossy).await?;
        other.make(lossy).await?;
        proxy.set(mode).await;
        ready.lose(lossy).await?;
        heal(proxy, lossy, &key("a")?).await?;
        ready.was_executed_once(direct).await?;
        if operation.is_repeatable() {
            ready.make(lossy).await?;
        }
        ready.was_executed_once(direct).await?;
    }
    Ok(())
}

/// Ends the connections that a fault has left, and waits until calls are answered again.
///
/// # Errors
/// They aren't, for ten seconds.
pub async fn heal(proxy: &Proxy, backend: &Backend, somebody: &Key) -> Kept {
    proxy.set(Mode::Cut { after_bytes: 0 }).await;
    sleep(Duration::from_millis(20)).await;
    proxy.set(Mode::Forward).await;
    let answered = async {
        while backend.slots.in_use(somebody).await.is_err() {
            sleep(Duration::from_millis(5)).await;
        }
    };
    let late = |_| {
        let promise = "a backend recovers by itself";
        Broken::new(promise, "calls after a lost connection", "an answer", format!("none in {HEALED:?}"))
    };
    timeout(HEALED, answered).await.map_err(late)
}
