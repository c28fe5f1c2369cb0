//! Keeps leases alive while they are held, and gives them back.

mod call;
mod guard;
mod held;
mod lanes;
mod order;
mod pace;
mod phase;
mod releases;
mod task;
mod term;

use std::sync::Arc;
use std::time::Duration;

use limiter_core::{Key, LeaseId, LeaseRequest, Result, SlotLimiter};
use tokio::runtime::Handle;
use tokio::sync::mpsc;

use self::order::Desk;
use self::phase::Phase;
use self::task::Task;

pub use self::guard::{Slot, SlotGuard};

/// Acquires slots and keeps them: renews their leases while their guards live, tells a holder when its lease is
/// lost, and gives each back when its guard is dropped.
///
/// Clones are handles of one keeper. A service makes one for its store and shares it.
///
/// # Behavior
/// A task of the keeper's renews each lease when a third of its TTL has passed, many in one call. A renewal that
/// fails or isn't answered is repeated until the lease can't be relied on any more; then, or as soon as the store
/// says that a lease isn't live, [`SlotGuard::lost`] completes. A lost lease never comes back to life. Leases that
/// couldn't be renewed together are tried in smaller calls, and in ever smaller ones while that works for others, down to
/// one by one: a key on which the store fails takes no other along, as long as there is time for five tries. At most 16
/// calls that repeat a renewal are begun at once, and more as these end or hang.
///
/// Releases go many in one call too, and are repeated while the store fails in a way that may pass, until the TTL
/// has freed the lease. A store call that hangs holds up neither other leases nor their releases.
///
/// An acquire is waited for as long as its lease would last, a renewal until the lease is over, a release for 2 s. A
/// time-out further in, such as [`TimeoutLayer`](crate::TimeoutLayer), should be below 2 s and below half of the TTL:
/// otherwise a call on a store that hangs is dropped before anybody could answer in the store's place.
///
/// The task runs on the tokio runtime within which the keeper was made, and ends when the last handle and the
/// last guard have gone and what they held is released.
///
/// # Example
/// ```
/// use std::sync::Arc;
/// use std::time::Duration;
/// use limiter_core::{Key, LeaseRequest, Scope};
/// use limiter_layers::{LeaseKeeper, Slot};
/// use limiter_memory::{Config, MemoryBackend};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> limiter_core::Result<()> {
/// let keeper = LeaseKeeper::new(Arc::new(MemoryBackend::new(Config::default())?));
///
/// // At most 1000 streams in all and 1 for this user; free again 30 s after this process has died.
/// let scopes = [Scope::new(Key::all("streams")?, 1000), Scope::new(Key::new("streams", "u1")?, 1)];
/// let request = LeaseRequest::new(scopes, Duration::from_secs(30))?;
///
/// let Slot::Acquired(first) = keeper.acquire(&request).await? else { panic!("nobody holds one") };
/// let Slot::Full(full) = keeper.acquire(&request).await? else { panic!("the user has one already") };
/// assert_eq!((full.denied_by, full.in_use), (1, vec![1, 1]));
///
/// tokio::select! {
///     () = async { /* the stream */ } => {}
///     () = first.lost() => { /* end it: the slot may be somebody else's */ }
/// }
/// assert!(first.release().await?); // or just drop it
/// assert!(keeper.acquire(&request).await?.is_acquired());
///
/// keeper.shutdown().await
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct LeaseKeeper {
    slots: Arc<dyn SlotLimiter>,
    desk: Desk,
}

impl LeaseKeeper {
    /// How long [`LeaseKeeper::shutdown`] waits for the store: 5 s.
    pub const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(5);

    /// A keeper of leases in `slots`. To be called within a tokio runtime that has its timers enabled and lives
    /// as long as the keeper is used; otherwise every acquire errs and says so.
    pub fn new(slots: Arc<dyn SlotLimiter>) -> Self {
        let (orders, received) = mpsc::unbounded_channel();
        let phase = Arc::new(Phase::default());
        if let Ok(runtime) = Handle::try_current() {
            let task = Task::new(Arc::clone(&slots), received, Arc::clone(&phase));
            runtime.spawn(task.run(Self::SHUTDOWN_TIMEOUT));
        }
        let desk = Desk::new(orders, phase);
        Self { slots, desk }
    }

    /// Asks for permits in all scopes of the request: granted in all or in none. What is granted is held until
    /// the guard is dropped.
    ///
    /// Each call asks for a lease of its own, under an id of its own (not the request's), so one request may be
    /// used any number of times, also while what it got earlier is held.
    ///
    /// # Errors
    /// A refusal is an answer: [`Slot::Full`]. Otherwise as
    /// [`SlotLimiter::acquire`]; the keeper gives back what was possibly
    /// granted. [`Timeout`](limiter_core::ErrorKind::Timeout) also when the answer takes about as long as the
    /// lease would last. [`Unavailable`](limiter_core::ErrorKind::Unavailable) when the keeper is shut down or its
    /// runtime has ended.
    ///
    /// # Cancellation
    /// Nothing stays held: the call goes on without its caller, and what it is granted is released at once.
    pub async fn acquire(&self, request: &LeaseRequest) -> Result<Slot> {
        // A release of an earlier lease may be on its way still: under the same id it would free this one.
        let request = request.clone().with_id(LeaseId::random()?);
        self.desk.acquire(request).await.map(Slot::from)
    }

    /// The limiter whose leases it keeps: to ask it what is [in use](SlotLimiter::in_use).
    pub fn slots(&self) -> &Arc<dyn SlotLimiter> {
        &self.slots
    }

    /// Permits of the live leases of a key, whoever holds them.
    ///
    /// # Errors
    /// As [`SlotLimiter::in_use`](limiter_core::SlotLimiter::in_use).
    pub async fn in_use(&self, key: &Key) -> Result<u64> {
        self.slots.in_use(key).await
    }

    /// Gives everything back: what waits to be released, and what is still held, whose guards are told that it is
    /// lost. Acquires that are under way, and all later ones, err. It ends when the store has taken all, or after
    /// [`LeaseKeeper::SHUTDOWN_TIMEOUT`]. Several calls, one after another too, get the same answer.
    ///
    /// # Errors
    /// [`Unavailable`](limiter_core::ErrorKind::Unavailable) with the number of leases that couldn't be released:
    /// their TTL frees them; and when the keeper's runtime has ended.
    ///
    /// # Cancellation
    /// Dropping the future doesn't stop the shutdown once it was polled; another call waits for its end.
    pub async fn shutdown(&self) -> Result<()> {
        self.desk.shut_down().await
    }
}
