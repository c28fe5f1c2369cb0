//! Builds what was planned, and waits until it answers.

use std::collections::BTreeMap;
use std::time::Duration;

use limiter_core::{Backend, Error, ErrorKind, Result};
use tokio::runtime::Handle;
use tokio::time::{Instant, timeout, timeout_at};

use crate::error::{ConfigError, ConfigErrors, ConfigProblem};
use crate::join::{Joined, all};
use crate::limiters::Limiters;
use crate::plan::{Build, Plan};
use crate::registration::Registration;
use crate::stack::{Started, stack};

/// How long a backend may take until it is usable.
const START: Duration = Duration::from_secs(10);
/// How long one may take to end that didn't answer, or stands beside one that didn't.
const END: Duration = Duration::from_secs(1);

/// Builds all stores at a time. When one of them doesn't start, those that did are ended.
pub(crate) async fn start(plan: Plan) -> Result<Limiters, ConfigErrors> {
    let Plan { stores, fallback, layers, idle } = plan;
    let builds = stores.iter().map(|store| &store.build).chain(&fallback);
    let starts = builds.map(|build| -> Joined<'_, _> { Box::pin(one(build)) });
    let (mut started, mut errors) = (Vec::new(), Vec::new());
    for answer in all(starts.collect()).await {
        match answer {
            Ok(backend) => started.push(backend),
            Err(error) => errors.push(error),
        }
    }
    if !errors.is_empty() {
        for backend in started {
            // What failed is told; that the end of something else failed too says nothing more.
            let _ = timeout(END, backend.control.shutdown()).await;
        }
        return Err(ConfigErrors::new(errors));
    }
    let fallback = if fallback.is_some() { started.pop() } else { None };
    let stores = stores.into_iter().zip(started);
    let stores = stores.map(|(store, backend)| Started { store, backend }).collect();
    let (backend, told) = stack(stores, fallback, &layers, idle);
    Ok(Limiters::new(backend, told, layers.max_waiters))
}

async fn one(build: &Build) -> Result<Backend, ConfigError> {
    answering(&build.registration, &build.held).await.map_err(|error| {
        ConfigError::new(ConfigProblem::StartFailed, build.variable)
            .with_choice(&build.written)
            .with_settings(build.set.clone())
            .with_source(error)
    })
}

/// Builds a backend and waits until its store answers.
async fn answering(registration: &Registration, held: &BTreeMap<String, String>) -> Result<Backend> {
    if Handle::try_current().is_err() {
        return Err(Error::new(ErrorKind::Config, "a backend starts within a tokio runtime only"));
    }
    let deadline = Instant::now() + START;
    let mut backend = in_time(deadline, registration.build(held)).await?;
    registration.name().clone_into(&mut backend.name);
    let answer = in_time(deadline, backend.control.ping()).await;
    if answer.is_err() {
        let _ = timeout(END, backend.control.shutdown()).await;
    }
    answer.map(|()| backend)
}

async fn in_time<T>(deadline: Instant, step: impl Future<Output = Result<T>> + Send) -> Result<T> {
    match timeout_at(deadline, step).await {
        Ok(done) => done,
        Err(_) => Err(Error::new(ErrorKind::Timeout, format!("it doesn't answer within {START:?}"))),
    }
}
