//! Which backends there are: those of this build, those of the program, and those left out.

use crate::error::{ConfigError, ConfigProblem};
use crate::nearest::nearest;
use crate::registration::{Registration, prefix_of};
use crate::setting::{Setting, WHOLE_NAMES};
use crate::vars::{PREFIX, starts_as_ours};

/// The backends of the SDK. Each is compiled in by the feature of its name.
const KNOWN: [&str; 3] = ["memory", "redis", "postgres"];

/// Settings of theirs whose names don't tell whose they are.
const KNOWN_SETTINGS: [(&str, &str); 6] = [
    ("LIMITER_PREFIX", "redis"),
    ("LIMITER_STRICT", "redis"),
    ("LIMITER_SCHEMA", "postgres"),
    ("LIMITER_MIGRATE", "postgres"),
    ("LIMITER_DURABILITY", "postgres"),
    ("LIMITER_PGBOUNCER", "postgres"),
];

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
            #[cfg(feature = "redis")]
            crate::redis::registration(),
            #[cfg(feature = "postgres")]
            crate::postgres::registration(),
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

    /// Each backend that a variable is a setting of, and the setting.
    pub(crate) fn owners(&self, variable: &str) -> impl Iterator<Item = (&Registration, &Setting)> {
        self.iter().filter_map(move |registration| {
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

    /// Every variable that is a setting, each once.
    pub(crate) fn variables(&self) -> Vec<String> {
        let mut variables = Vec::new();
        for (variable, _) in self.iter().flat_map(Registration::variables) {
            if !variables.contains(&variable) {
                variables.push(variable);
            }
        }
        variables
    }

    /// Those of them whose names others may use too.
    pub(crate) fn shared_variables(&self) -> Vec<String> {
        let mut variables = self.variables();
        variables.retain(|variable| !starts_as_ours(variable));
        variables
    }

    /// The setting that was probably meant by a variable which is none: `REDIS_URL` too by `LIMITER_REDIS_URL`, and
    /// `LIMITER_PREFIX` by `LIMITER_REDIS_PREFIX`.
    pub(crate) fn nearest_variable(&self, variable: &str) -> Option<String> {
        let known = self.variables();
        let without_ours = variable.strip_prefix(PREFIX).map(str::to_owned);
        let without_backend = self.iter().find_map(|registration| {
            let rest = variable.strip_prefix(&prefix_of(registration.name()))?;
            Some(format!("{PREFIX}{rest}"))
        });
        let mut shorter = without_ours.iter().chain(&without_backend);
        if let Some(exact) = shorter.clone().find(|name| known.contains(name)) {
            return Some(exact.clone());
        }
        let meant = |given: &str| nearest(given, known.iter().map(String::as_str));
        meant(variable).or_else(|| shorter.find_map(|name| meant(name))).map(str::to_owned)
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
            let bad_name = (taken || !is_name(name)).then(|| refused("Factory::register", name, NAMES));
            bad_name.or_else(|| {
                let setting = bad_setting(registration)?;
                Some(refused("Registration::with_setting", &setting, WHOLE_NAMES))
            })
        };
        self.iter().enumerate().skip(compiled_in).filter_map(bad).collect()
    }
}

fn refused(method: &str, name: &str, accepted: &str) -> ConfigError {
    ConfigError::new(ConfigProblem::BadRegistration, method).with_value(name).with_accepted(accepted)
}

/// The name of a setting that can't be, or that can't be told from another of the same backend.
fn bad_setting(registration: &Registration) -> Option<String> {
    let mut fields = Vec::new();
    registration.variables().find_map(|(variable, setting)| {
        let again = fields.contains(&setting.field());
        fields.push(setting.field());
        (again || setting.bad_name().is_some()).then_some(variable)
    })
}

/// The known backend of this name that isn't compiled in.
pub(crate) fn left_out(registry: &Registry, name: &str) -> Option<&'static str> {
    let known = KNOWN.into_iter().find(|known| *known == name)?;
    registry.find(known).is_none().then_some(known)
}

/// The known backend that a variable is a setting of and that isn't compiled in.
pub(crate) fn left_out_setting(registry: &Registry, variable: &str) -> Option<&'static str> {
    let by_prefix = KNOWN.into_iter().find(|known| variable.starts_with(&prefix_of(known)));
    let by_name =
        KNOWN_SETTINGS.into_iter().find(|(setting, _)| *setting == variable).map(|(_, known)| known);
    left_out(registry, by_prefix.or(by_name)?)
}

fn is_name(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=32).contains(&name.len())
        && name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.bytes().all(allowed)
}
