//! The variables that concern the factory, picked out of a whole process's.

use std::collections::BTreeMap;
use std::ffi::OsString;

use crate::part::Part;

/// What the name of every setting starts with.
pub(crate) const PREFIX: &str = "LIMITER_";

/// Our variables. A later one of the same name replaces an earlier one. Never shown whole: they hold secrets.
#[derive(Default)]
pub(crate) struct Vars {
    /// What `RATE_LIMITER` and the like hold.
    choices: BTreeMap<Part, OsString>,
    /// Variables that are set and are called nearly as those are.
    choice_lookalikes: Vec<Lookalike>,
    /// What every `LIMITER_*` variable holds, and those whose name is nearly that of one of ours. Names that are no UTF-8
    /// stand here with replacement characters: they can't be a setting's.
    pub(crate) settings: BTreeMap<String, OsString>,
    /// What the settings hold whose names others may use too.
    pub(crate) shared: BTreeMap<String, OsString>,
    /// Variables that are called nearly as one of those.
    shared_lookalikes: BTreeMap<String, String>,
}

/// A variable that is called nearly as the one that chooses for a part.
pub(crate) struct Lookalike {
    pub(crate) part: Part,
    pub(crate) variable: String,
    pub(crate) value: OsString,
}

impl Lookalike {
    /// Whether it is that name but for upper and lower case.
    pub(crate) fn differs_in_case_alone(&self) -> bool {
        self.variable.eq_ignore_ascii_case(self.part.variable())
    }
}

impl Vars {
    /// Picks ours, of which `settings` are the names that there are. Everything else is passed by unread, whatever bytes
    /// it has.
    pub(crate) fn pick(vars: impl Iterator<Item = (OsString, OsString)>, settings: &[String]) -> Self {
        let mut picked = Self::default();
        for (name, value) in vars {
            picked.take(name.to_string_lossy().into_owned(), value, settings);
        }
        picked
    }

    fn take(&mut self, name: String, value: OsString, settings: &[String]) {
        if let Some(part) = Part::of_variable(&name) {
            self.choices.insert(part, value);
        } else if starts_as_ours(&name) {
            self.settings.insert(name, value);
        } else if settings.contains(&name) {
            self.shared.insert(name, value);
        } else if let Some(part) = part_of_lookalike(&name) {
            self.choice_lookalikes.push(Lookalike { part, variable: name, value });
        } else if let Some(own) = settings.iter().find(|own| is_lookalike(&name, own)) {
            if !starts_as_ours(own) {
                self.shared_lookalikes.insert(own.clone(), name);
            } else if starts_nearly_as_ours(&name) {
                self.settings.insert(name, value);
            }
        }
    }

    /// What the variable of a part holds.
    pub(crate) fn choice(&self, part: Part) -> Option<&OsString> {
        self.choices.get(&part)
    }

    /// Variables that are set and were perhaps meant to be the one of a part, which isn't.
    pub(crate) fn instead_of(&self, part: Part) -> impl Iterator<Item = &Lookalike> {
        let unset = self.choice(part).is_none();
        self.choice_lookalikes.iter().filter(move |lookalike| unset && lookalike.part == part)
    }

    /// What a setting's variable holds.
    pub(crate) fn setting(&self, variable: &str) -> Option<&OsString> {
        self.settings.get(variable).or_else(|| self.shared.get(variable))
    }

    /// A variable that is set and is called nearly as a setting whose name others may use too.
    pub(crate) fn lookalike_of(&self, setting: &str) -> Option<&str> {
        self.shared_lookalikes.get(setting).map(String::as_str)
    }
}

/// Whether a name is one that nobody else uses. Names in the wrong case count as ours, so that they are refused and
/// not overlooked.
pub(crate) fn starts_as_ours(name: &str) -> bool {
    name.get(..PREFIX.len()).is_some_and(|start| start.eq_ignore_ascii_case(PREFIX))
}

/// A name without what all of ours start with.
pub(crate) fn bare(name: &str) -> &str {
    if starts_as_ours(name) { name.get(PREFIX.len()..).unwrap_or_default() } else { name }
}

/// Whether a name starts with our word, or with that but for one slip. One more, and it is somebody's `LINTER_` or
/// `DELIMITER_`.
fn starts_nearly_as_ours(name: &str) -> bool {
    let name = name.to_uppercase();
    let (ours, first) = (PREFIX.trim_end_matches('_'), name.split('_').next().unwrap_or_default());
    name.starts_with(ours) || (first != "LIMITED" && strsim::damerau_levenshtein(first, ours) <= 1)
}

/// The part whose variable was perhaps meant.
fn part_of_lookalike(name: &str) -> Option<Part> {
    let of_part =
        |part: Part| part.spellings().into_iter().filter_map(|spelling| slips(name, spelling)).min();
    let nearest = Part::ALL.into_iter().filter_map(|part| Some((of_part(part)?, part))).min();
    nearest.map(|(_, part)| part)
}

fn is_lookalike(name: &str, own: &str) -> bool {
    slips(name, own).is_some()
}

/// By how many slips a name differs, whatever its case, where they are few.
fn slips(name: &str, own: &str) -> Option<usize> {
    const MOST: usize = 2;
    if name.len().abs_diff(own.len()) > MOST {
        return None;
    }
    Some(strsim::damerau_levenshtein(&name.to_uppercase(), own)).filter(|slips| *slips <= MOST)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pick(vars: &[(&str, &str)]) -> Vars {
        let settings = ["LIMITER_STRICT", "REDIS_URL", "DYNAMO_TABLE"].map(str::to_owned);
        Vars::pick(vars.iter().map(|(name, value)| (name.into(), value.into())), &settings)
    }

    fn instead_of(part: Part, name: &str) -> Vec<String> {
        let vars = pick(&[(name, "memory")]);
        vars.instead_of(part).map(|lookalike| lookalike.variable.clone()).collect()
    }

    #[test]
    fn only_ours_are_picked() {
        let vars = pick(&[
            ("RATE_LIMITER", "memory"),
            ("QUOTA_TRACKER", "redis"),
            ("LIMITER_MEMORY_LEASES", "5"),
            ("limiter_memory_leases", "5"),
            ("MY_LIMITER_X", "1"),
            ("PATH", "/bin"),
        ]);
        assert_eq!(vars.choice(Part::Rates), Some(&"memory".into()));
        assert_eq!(vars.choice(Part::Slots), None);
        assert_eq!(vars.choice(Part::Quotas), Some(&"redis".into()));
        let names: Vec<_> = vars.settings.keys().map(String::as_str).collect();
        assert_eq!(names, ["LIMITER_MEMORY_LEASES", "limiter_memory_leases"]);
        assert!(vars.choice_lookalikes.is_empty());
    }

    #[test]
    fn slips_in_what_ours_start_with_are_seen() {
        for name in ["LIMTER_STRICT", "LIMITTER_STRICT", "limiterstrict", "LMITER_STRICTS"] {
            assert!(pick(&[(name, "true")]).settings.contains_key(name), "{name}");
        }
        for name in
            ["LIMIT_STRICT", "Limited_STRICT", "LINTER_STRICT", "DELIMITER_STRICT", "X_LIMITER_STRICT"]
        {
            assert!(pick(&[(name, "true")]).settings.is_empty(), "{name}");
        }
    }

    #[test]
    fn slips_in_the_name_of_a_choice_are_seen() {
        for name in ["RATE_LIMTER", "RATELIMITER", "rate_limiter", "RATE_LIMITERS"] {
            assert_eq!(instead_of(Part::Rates, name), [name]);
        }
        for name in ["SLOTS_LIMITER", "SLOT_LIMITERS", "SLOT_TRACKER", "slot_limiter", "SLOTLIMITER"] {
            assert_eq!(instead_of(Part::Slots, name), [name]);
        }
        for name in ["QUOTA_LIMITER", "QUOTAS_LIMITER", "QUOTAS_TRACKER", "Quota_Tracker", "QUOT_TRACKER"] {
            assert_eq!(instead_of(Part::Quotas, name), [name]);
        }
        for name in ["RATE", "LIMIT", "SLOT", "QUOTA", "RATE_LIMITER_PORT", "SLOTS", "TRACKER"] {
            assert!(pick(&[(name, "1")]).choice_lookalikes.is_empty(), "{name}");
        }
    }

    #[test]
    fn a_slip_is_none_where_the_name_itself_is_set() {
        let vars = pick(&[("RATE_LIMIT", "100"), ("RATE_LIMITER", "memory"), ("slot_limiter", "x")]);
        assert_eq!(vars.instead_of(Part::Rates).count(), 0);
        assert!(vars.instead_of(Part::Slots).all(Lookalike::differs_in_case_alone));
        assert!(!pick(&[("RATE_LIMIT", "1")]).instead_of(Part::Rates).any(Lookalike::differs_in_case_alone));
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
