//! What every backend promises apart from limiting.

use crate::broken::Kept;
use crate::candidate::Candidate;
use crate::trial::Trial;

/// The store answers a ping, and the backend says what it is.
pub async fn a_store_that_is_there_answers(candidate: &Candidate, trial: &Trial) -> Kept {
    let promise = trial.promise("a store that is there answers");
    let control = &candidate.backend().control;
    control.ping().await.map_err(|error| promise.broken("ping", "an answer", error))?;
    let words = control.describe();
    if words.trim().is_empty() {
        return Err(promise.broken("describe", "what it is, in words", "nothing"));
    }
    Ok(())
}

/// The cases of the whole backend, by what they need.
#[doc(hidden)]
#[macro_export]
macro_rules! __control_cases {
    ($then:ident $($args:tt)*) => {
        $crate::$then! { $($args)* control
            plain {
                a_store_that_is_there_answers
            }
            clock {}
            together {}
            together_clock {}
            apart {}
            shared {}
            durable {}
        }
    };
}

crate::__control_cases!(__registry);
