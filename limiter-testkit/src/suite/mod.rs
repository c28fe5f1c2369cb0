//! The tests that [`suite!`](crate::suite!) stamps.

mod declared;
mod hold;
mod property;
mod stamp;
mod traces;

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;

use crate::candidate::Candidate;
use crate::cases;
use crate::processes;
use crate::trial::Trial;

pub use declared::Declared;
pub use hold::hold;
pub use property::{Property, Running};
pub use traces::replay;

/// A candidate to be.
#[doc(hidden)]
pub type Making = Pin<Box<dyn Future<Output = Candidate>>>;
/// What makes a candidate.
#[doc(hidden)]
pub type Make<'a> = dyn Fn() -> Making + 'a;

/// No case takes longer than this.
const LONGEST: Duration = Duration::from_secs(60);

/// Puts one case to the proof, as the test that it was stamped as.
///
/// # Panics
/// When the promise is broken: that fails the test.
#[doc(hidden)]
#[expect(clippy::panic, reason = "a broken promise fails the test that was stamped for it")]
pub fn prove(declared: &Declared, module: &str, group: &str, name: &str, make: &Make<'_>) {
    if processes::is_copy() {
        runtime().block_on(processes::take_part(make));
        return;
    }
    let Some(case) = cases::all().find(|case| case.group() == group && case.name() == name) else {
        panic!("no case is called {group}::{name}");
    };
    let proof = async {
        let candidate = make().await.with_copies(test_path(module, name));
        declared.check(&candidate)?;
        let trial = Trial::of(&candidate);
        match timeout(LONGEST, case.run(&candidate, &trial)).await {
            Ok(kept) => kept.map_err(|broken| broken.to_string()),
            Err(_) => Err(format!("{name} didn't end within {LONGEST:?}: a call that never answers?")),
        }
    };
    if let Err(why) = runtime().block_on(proof) {
        panic!("{why}");
    }
}

/// What the harness calls a test: its path without the crate's name.
fn test_path(module: &str, name: &str) -> String {
    match module.split_once("::") {
        Some((_, path)) => format!("{path}::{name}"),
        None => name.to_owned(),
    }
}

/// A runtime with threads of its own, as services have.
#[expect(clippy::panic, reason = "without a runtime no test can run")]
pub(crate) fn runtime() -> Runtime {
    let built = Builder::new_multi_thread().worker_threads(2).enable_all().build();
    built.unwrap_or_else(|error| panic!("no runtime: {error}"))
}
