//! The variables that concern the factory, picked out of a whole process's.

use std::collections::BTreeMap;
use std::ffi::OsString;

/// The variable that says where the counts live.
pub(crate) const RATE_LIMITER: &str = "RATE_LIMITER";
/// What the name of every setting starts with.
pub(crate) const PREFIX: &str = "LIMITER_";

/// Our variables. A later one of the same name replaces an earlier one. Never shown whole: they hold secrets.
#[derive(Default)]
pub(crate) struct Vars {
    /// What `RATE_LIMITER` holds.
    pub(crate) choice: Option<OsString>,
    /// What every `LIMITER_*` variable holds. Names that are no UTF-8 stand here with replacement characters:
    /// they can't be a setting's.
    pub(crate) settings: BTreeMap<String, OsString>,
    /// What the settings hold whose names others may use too.
    pub(crate) shared: BTreeMap<String, OsString>,
    /// A variable that is set and is called nearly as `RATE_LIMITER`.
    pub(crate) lookalike: Option<String>,
    /// The same for settings whose names others may use too.
    shared_lookalikes: BTreeMap<String, String>,
}

impl Vars {
    /// Picks ours; `shared` are the names among them that don't start as ours do. Everything else is passed by
    /// unread, whatever bytes it has.
    pub(crate) fn pick(vars: impl Iterator<Item = (OsString, OsString)>, shared: &[String]) -> Self {
        let mut picked = Self::default();
        for (name, value) in vars {
            let name = name.to_string_lossy();
            if name == RATE_LIMITER {
                picked.choice = Some(value);
            } else if starts_as_ours(&name) {
                picked.settings.insert(name.into_owned(), value);
            } else if shared.iter().any(|own| *own == name) {
                picked.shared.insert(name.into_owned(), value);
            } else if is_lookalike(&name, RATE_LIMITER) {
                picked.lookalike = Some(name.into_owned());
            } else if let Some(own) = shared.iter().find(|own| is_lookalike(&name, own)) {
                picked.shared_lookalikes.insert(own.clone(), name.into_owned());
            }
        }
        picked
    }

    /// What a setting's variable holds.
    pub(crate) fn setting(&self, variable: &str) -> Option<&OsString> {
        self.settings.get(variable).or_else(|| self.shared.get(variable))
    }

    /// A variable that is set and is called nearly as a setting whose name others may use too.
    pub(crate) fn lookalike_of(&self, setting: &str) -> Option<&str> {
        self.shared_lookalikes.get(setting).map(String::as_str)
    }

    /// Whether `RATE_LIMITER` is set, but under a name of the wrong case.
    pub(crate) fn choice_is_in_wrong_case(&self) -> bool {
        let lookalike = self.lookalike.as_deref().unwrap_or_default();
        self.choice.is_none() && lookalike.eq_ignore_ascii_case(RATE_LIMITER)
    }
}

/// Whether a name is one that nobody else uses. Names in the wrong case count as ours, so that they are refused and
/// not overlooked.
pub(crate) fn starts_as_ours(name: &str) -> bool {
    name.get(..PREFIX.len()).is_some_and(|start| start.eq_ignore_ascii_case(PREFIX))
}

fn is_lookalike(name: &str, own: &str) -> bool {
    const SLIPS: usize = 2;
    name.len().abs_diff(own.len()) <= SLIPS && strsim::damerau_levenshtein(&name.to_uppercase(), own) <= SLIPS
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pick(vars: &[(&str, &str)]) -> Vars {
        let shared = ["REDIS_URL".to_owned(), "DYNAMO_TABLE".to_owned()];
        Vars::pick(vars.iter().map(|(name, value)| (name.into(), value.into())), &shared)
    }

    #[test]
    fn only_ours_are_picked() {
        let vars = pick(&[
            ("RATE_LIMITER", "memory"),
            ("LIMITER_MEMORY_LEASES", "5"),
            ("limiter_memory_leases", "5"),
            ("MY_LIMITER_X", "1"),
            ("PATH", "/bin"),
        ]);
        assert_eq!(vars.choice, Some("memory".into()));
        let names: Vec<_> = vars.settings.keys().map(String::as_str).collect();
        assert_eq!(names, ["LIMITER_MEMORY_LEASES", "limiter_memory_leases"]);
        assert_eq!(vars.lookalike, None);
    }

    #[test]
    fn slips_in_the_name_of_the_choice_are_seen() {
        for name in ["RATE_LIMTER", "RATELIMITER", "rate_limiter", "RATE_LIMITERS"] {
            assert_eq!(pick(&[(name, "memory")]).lookalike.as_deref(), Some(name));
        }
        assert_eq!(pick(&[("RATE", "1"), ("LIMIT", "1")]).lookalike, None);
        assert!(pick(&[("Rate_Limiter", "memory")]).choice_is_in_wrong_case());
        assert!(!pick(&[("RATE_LIMIT", "100")]).choice_is_in_wrong_case());
    }

    #[test]
    fn settings_with_names_of_their_own_are_picked_by_them_alone() {
        let vars = pick(&[("REDIS_URL", "redis://a"), ("REDIS_USER", "app"), ("LIMITER_PREFIX", "p")]);
        let names: Vec<_> = vars.shared.keys().map(String::as_str).collect();
        assert_eq!(names, ["REDIS_URL"]);
        assert_eq!(vars.setting("REDIS_URL"), Some(&"redis://a".into()));
        assert_eq!(vars.setting("LIMITER_PREFIX"), Some(&"p".into()));
        assert_eq!(vars.setting("REDIS_USER"), None);
        for slip in ["REDIS_URI", "REDISURL", "redis_url", "REDIS_URLS", "REDSI_URL"] {
            assert_eq!(pick(&[(slip, "x")]).lookalike_of("REDIS_URL"), Some(slip));
        }
        assert_eq!(pick(&[("REDIS_HOST", "x"), ("REDIS", "x")]).lookalike_of("REDIS_URL"), None);
        assert_eq!(pick(&[("REDIS_URI", "x")]).lookalike_of("DYNAMO_TABLE"), None);
    }
}
