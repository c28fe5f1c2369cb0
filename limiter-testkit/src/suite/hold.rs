//! Finds a property by its name and puts it to the proof.

use super::property::Running;
use super::{Declared, Make, runtime};
use crate::{laws, sequences};

/// Puts one property to the proof, as the test that it was stamped as.
///
/// # Panics
/// When the promise is broken: that fails the test.
#[expect(clippy::panic, reason = "a broken promise fails the test that was stamped for it")]
pub fn hold(declared: &Declared, group: &str, name: &str, make: &Make<'_>) {
    let mut all = laws::all().chain(sequences::ALL);
    let Some(property) = all.find(|property| property.group == group && property.name == name) else {
        panic!("no property is called {group}::{name}");
    };
    let runtime = runtime();
    let candidate = runtime.block_on(async { make().await });
    let running = Running::new(&candidate, &runtime);
    if let Err(why) = declared.check(&candidate).and_then(|()| (property.run)(&running)) {
        panic!("{why}");
    }
}
