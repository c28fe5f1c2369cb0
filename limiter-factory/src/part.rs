//! The three parts that a backend has, and the variable that sends each somewhere.

/// What the counts are of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Part {
    Rates,
    Slots,
    Quotas,
}

impl Part {
    /// In the order in which they are told.
    pub(crate) const ALL: [Self; 3] = [Self::Rates, Self::Slots, Self::Quotas];

    /// The variable that says where its counts live. That of the rates decides for the others where theirs isn't set.
    pub(crate) const fn variable(self) -> &'static str {
        match self {
            Self::Rates => "RATE_LIMITER",
            Self::Slots => "SLOT_LIMITER",
            Self::Quotas => "QUOTA_TRACKER",
        }
    }

    /// What it is called in a value and in a log.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Rates => "rates",
            Self::Slots => "slots",
            Self::Quotas => "quotas",
        }
    }

    /// What somebody may take for its variable's name who doesn't remember it; its own name first.
    pub(crate) const fn spellings(self) -> [&'static str; 2] {
        match self {
            Self::Rates => ["RATE_LIMITER", "RATE_TRACKER"],
            Self::Slots => ["SLOT_LIMITER", "SLOT_TRACKER"],
            Self::Quotas => ["QUOTA_TRACKER", "QUOTA_LIMITER"],
        }
    }

    /// Several of them, for a person to read.
    pub(crate) fn in_words(parts: &[Self]) -> String {
        let names: Vec<_> = parts.iter().map(|part| part.name()).collect();
        match names.split_last() {
            Some((last, [])) => (*last).to_owned(),
            Some((last, others)) => format!("{} and {last}", others.join(", ")),
            None => String::new(),
        }
    }

    /// The part whose variable has this name.
    pub(crate) fn of_variable(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|part| part.variable() == name)
    }

    /// The part of this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|part| part.name() == name)
    }
}
