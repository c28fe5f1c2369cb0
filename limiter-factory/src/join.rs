//! Several futures at a time.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;

/// A future that is one of several.
pub(crate) type Joined<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What each answers, in their order, once all have. They run within the caller's task: dropped with it, none goes on.
pub(crate) async fn all<T>(mut futures: Vec<Joined<'_, T>>) -> Vec<T> {
    let mut answers: Vec<Option<T>> = futures.iter().map(|_| None).collect();
    poll_fn(|cx| {
        for (future, answer) in futures.iter_mut().zip(&mut answers) {
            if answer.is_none()
                && let Poll::Ready(ready) = future.as_mut().poll(cx)
            {
                *answer = Some(ready);
            }
        }
        if answers.iter().all(Option::is_some) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    answers.into_iter().flatten().collect()
}
