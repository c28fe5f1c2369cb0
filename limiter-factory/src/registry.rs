//! Which backends there are: those of this build, those of the program, and those left out.

use crate::error::{ConfigError, ConfigProblem};
use crate::nearest::nearest;
use crate::registration::{Registration, Setting, prefix_of};

/// The backends of the SDK. Each is compiled in by the feature of its name.
const KNOWN: [&str; 3] = ["memory", "redis", "postgres"];

const NAMES: &str = "1 to 32 of a-z 0-9 - from a letter on, each once, and not memory, redis or postgres";

/// Every backend that can be chosen.
#[derive(Clone, Debug)]
pub(crate) struct Registry(Vec<Registration>);

impl Registry {
    /// The backends that are compiled in.
    pub(crate) fn compiled_in() -> Self {
        Self(vec![
            #[cfg(feature = "memory")]
            crate::memory::registration(),
        ])
    }

    pub(crate) fn add(&mut self, registration: Registration) {
        self.0.push(registration);
    }

    pub(crate) fn iter(&self) -> std::slice::Iter<'_, Registration> {
        self.0.iter()
    }

    pub(crate) fn find(&self, name: &str) -> Option<&Registration> {
        self.iter().find(|registration| registration.name() == name)
    }

    /// The registration and setting that a variable belongs to.
    pub(crate) fn setting(&self, variable: &str) -> Option<(&Registration, &Setting)> {
        self.iter().find_map(|registration| {
            let mut variables = registration.variables();
            variables.find(|(name, _)| name == variable).map(|(_, setting)| (registration, setting))
        })
    }

    /// The names that can be chosen, for a person to read.
    pub(crate) fn names(&self) -> String {
        let names: Vec<_> = self.iter().map(Registration::name).collect();
        if names.is_empty() {
            return "nothing, for no backend is compiled into this build".to_owned();
        }
        names.join(", ")
    }

    /// Every variable that is a setting.
    pub(crate) fn variables(&self) -> Vec<String> {
        let variables = self.iter().flat_map(Registration::variables);
        variables.map(|(variable, _)| variable).collect()
    }

    /// The name nearest to one that is unknown. One that isn't compiled in is named too.
    pub(crate) fn nearest_name(&self, given: &str) -> Option<&str> {
        let own = self.iter().map(Registration::name);
        nearest(given, own.chain(KNOWN))
    }

    /// What is wrong with the names of what the program has registered.
    pub(crate) fn check(&self) -> Vec<ConfigError> {
        let compiled_in = Self::compiled_in().0.len();
        let bad = |(index, registration): (usize, &Registration)| {
            let name = registration.name();
            let taken =
                KNOWN.contains(&name) || self.iter().take(index).any(|earlier| earlier.name() == name);
            (index >= compiled_in && (taken || !is_name(name))).then(|| {
                ConfigError::new(ConfigProblem::BadRegistration, "Factory::register")
                    .with_value(name)
                    .with_accepted(NAMES)
            })
        };
        self.iter().enumerate().filter_map(bad).collect()
    }
}

/// The known backend of this name that isn't compiled in.
pub(crate) fn left_out(registry: &Registry, name: &str) -> Option<&'static str> {
    let known = KNOWN.into_iter().find(|known| *known == name)?;
    registry.find(known).is_none().then_some(known)
}

/// The known backend whose settings start so and that isn't compiled in.
pub(crate) fn left_out_setting(registry: &Registry, variable: &str) -> Option<&'static str> {
    let owner = |known: &&str| variable.starts_with(&prefix_of(known));
    let known = KNOWN.into_iter().find(owner)?;
    left_out(registry, known)
}

fn is_name(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=32).contains(&name.len())
        && name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.bytes().all(allowed)
}
