//! Where the counts live while a verb runs: in the process, or in servers and files that are given or made for it.

mod place;

use place::Place;

use crate::failure::Result;

/// The backend that needs neither server nor file.
pub(crate) const IN_PROCESS: &str = "memory";
/// No backend but three of them, one for each of what can be chosen.
const MIXED: &str = "mixed";

/// What a program is told by these variables, and where it is kept when that is mixed.
const CHOICES: [Choice; 3] = [
    Choice { variable: "RATE_LIMITER", what: "rates", mixed: "redis" },
    Choice { variable: "SLOT_LIMITER", what: "slots", mixed: "sqlite" },
    Choice { variable: "QUOTA_TRACKER", what: "quotas", mixed: "postgres" },
];

struct Choice {
    variable: &'static str,
    what: &'static str,
    mixed: &'static str,
}

/// Where the counts live. What was started or made for it ends with this value.
#[derive(Debug)]
pub(crate) struct Store {
    /// One for all, or one for each choice.
    kept: Vec<Kept>,
}

/// A backend, and where its counts are.
#[derive(Debug)]
struct Kept {
    backend: String,
    place: Place,
}

impl Store {
    /// The store of a backend: the server or file that its variable names, or else a private one, whose programs are
    /// found or installed. `mixed` has three.
    pub(crate) fn of(backend: &str) -> Result<Self> {
        let kept = backends(backend)
            .into_iter()
            .map(|backend| Ok(Kept { backend: backend.to_owned(), place: Place::of(backend)? }));
        Ok(Self { kept: kept.collect::<Result<_>>()? })
    }

    /// The variables by which a program chooses it; those that hold nothing aren't to be set.
    pub(crate) fn choice(&self) -> Vec<(&'static str, &str)> {
        let names = self.kept.iter().map(|kept| kept.backend.as_str()).chain(["", ""]);
        CHOICES.iter().map(|choice| choice.variable).zip(names).collect()
    }

    /// The variables that a program needs to find it, besides those of the caller.
    pub(crate) fn variables(&self) -> Vec<(&'static str, &str)> {
        self.kept.iter().filter_map(|kept| kept.place.variable()).collect()
    }

    /// In a few words, without what may be secret.
    pub(crate) fn in_words(&self) -> String {
        let words: Vec<String> = self.kept.iter().map(Kept::in_words).collect();
        if let [one] = &words[..] {
            return one.clone();
        }
        let each = CHOICES.iter().zip(&words).map(|(choice, words)| format!("{} in {words}", choice.what));
        each.collect::<Vec<_>>().join("; ")
    }
}

impl Kept {
    fn in_words(&self) -> String {
        format!("`{}`{}", self.backend, self.place.in_words())
    }
}

/// What cargo is told besides when it builds what is to find the store: a server that is given may want TLS.
pub(crate) fn features(backend: &str) -> &'static [&'static str] {
    if backends(backend).into_iter().any(Place::is_given) { &["--all-features"] } else { &[] }
}

fn backends(backend: &str) -> Vec<&str> {
    if backend == MIXED { CHOICES.iter().map(|choice| choice.mixed).collect() } else { vec![backend] }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::environment::{DATABASE_URL, LIMITER_SQLITE_PATH, REDIS_URL};

    #[test]
    fn a_backend_in_the_process_needs_nothing() {
        let store = Store::of(IN_PROCESS).unwrap();
        assert!(store.variables().is_empty());
        assert_eq!(store.in_words(), "`memory`");
        assert!(features(IN_PROCESS).is_empty());
    }

    #[test]
    fn one_backend_is_chosen_for_everything() {
        let store = Store::of("memory").unwrap();
        assert_eq!(store.choice(), [("RATE_LIMITER", "memory"), ("SLOT_LIMITER", ""), ("QUOTA_TRACKER", "")]);
    }

    #[test]
    fn a_mixed_store_is_three_each_chosen_and_found() {
        let store = Store::of(MIXED).unwrap();
        let wanted = [("RATE_LIMITER", "redis"), ("SLOT_LIMITER", "sqlite"), ("QUOTA_TRACKER", "postgres")];
        assert_eq!(store.choice(), wanted);
        let words = store.in_words();
        for part in ["rates in `redis`, ", "; slots in `sqlite`, ", "; quotas in `postgres`, "] {
            assert!(words.contains(part), "{words}");
        }
        let found: Vec<_> = store.variables().into_iter().map(|(variable, _)| variable).collect();
        let mut needed = vec![REDIS_URL, LIMITER_SQLITE_PATH, DATABASE_URL];
        needed.retain(|variable| !crate::environment::is_set(variable));
        assert_eq!(found, needed);
    }
}
