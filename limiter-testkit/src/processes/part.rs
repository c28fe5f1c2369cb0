//! A copy's part in the cases of the suite.

use std::future::IntoFuture;

use limiter_core::{Error, ErrorKind};

use super::member::Member;
use super::work::Order;
use crate::candidate::Candidate;

/// In a copy of the test program: makes a candidate on the store of the test and does what its case asks for, until
/// that is done. Says whether this process is one; else nothing was done.
///
/// The tests that [`suite!`](crate::suite!) stamps do so by themselves. A test that calls cases of
/// [`shared`](crate::cases::shared) itself does it first, and names itself with
/// [`Candidate::with_copies`].
///
/// ```no_run
/// use limiter_testkit::{Broken, Candidate, Trial, cases, processes};
///
/// # async fn on_my_store(_store: String) -> Candidate {
/// #     let model = limiter_testkit::Model::new(limiter_core::SystemClock::default());
/// #     Candidate::new(limiter_core::Backend::new("model", std::sync::Arc::new(model)))
/// # }
/// # async fn start_store() -> String { String::new() }
/// async fn candidate() -> Candidate {
///     let store = match processes::store() {
///         Some(store) => store,
///         None => start_store().await,
///     };
///     on_my_store(store).await
/// }
///
/// #[tokio::test]
/// async fn four_processes_count_together() -> Result<(), Broken> {
///     if processes::take_part(candidate).await {
///         return Ok(());
///     }
///     let candidate = candidate().await.with_copies("four_processes_count_together");
///     let trial = Trial::of(&candidate);
///     cases::shared::hits_of_several_processes_admit_exactly_the_limit(&candidate, &trial).await
/// }
/// ```
pub async fn take_part<F>(make: impl FnOnce() -> F) -> bool
where
    F: IntoFuture<Output = Candidate>,
{
    let Some(mut member) = Member::here() else {
        return false;
    };
    let candidate = make().into_future().await;
    if let Err(error) = serve(&candidate, &mut member).await {
        // The test learns it from the copy that it waits for; here nobody else can be told.
        member.fail(error).ok();
    }
    true
}

/// Does one piece of work after the other. The process ends with the last.
async fn serve(candidate: &Candidate, member: &mut Member) -> limiter_core::Result<()> {
    let unheard = |error| {
        Error::new(ErrorKind::Internal, "the copy and its test don't understand each other")
            .with_source(error)
    };
    member.ready().map_err(unheard)?;
    loop {
        let order: Order = member.work().await.map_err(unheard)?;
        let answer = order.follow(candidate, member).await?;
        member.tell(&answer).map_err(unheard)?;
    }
}
