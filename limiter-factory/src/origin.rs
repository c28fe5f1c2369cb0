//! Who chose a store.

use crate::part::Part;

/// Where the program names a default.
const DEFAULT: &str = "Factory::default_backend";

/// Who chose a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The environment, by the variable of a part.
    Variable(Part),
    Default,
    Program,
}

impl Origin {
    /// The variable, or the method, by which it was chosen.
    pub(crate) const fn variable(self) -> &'static str {
        match self {
            Self::Variable(part) => part.variable(),
            Self::Default => DEFAULT,
            Self::Program => "Limiters::from_backend",
        }
    }

    pub(crate) fn in_words(self) -> String {
        match self {
            Self::Variable(part) => format!("from {}", part.variable()),
            Self::Default => "the program's default, for RATE_LIMITER isn't set".to_owned(),
            Self::Program => "given by the program".to_owned(),
        }
    }
}
