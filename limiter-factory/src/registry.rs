//! Which backends there are: those of this build, those of the program, and those left out.

use crate::error::{ConfigError, ConfigProblem};
use crate::layer_settings;
use crate::nearest::nearest;
use crate::part::Part;
use crate::registration::{Registration, prefix_of};
use crate::setting::{self, Setting};
use crate::vars::{PREFIX, bare, starts_as_ours};

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

/// The schemes of theirs, as far as the first `+`.
const KNOWN_SCHEMES: [(&str, &str); 7] = [
    ("memory", "memory"),
    ("redis", "redis"),
    ("rediss", "redis"),
    ("valkey", "redis"),
    ("valkeys", "redis"),
    ("postgres", "postgres"),
    ("postgresql", "postgres"),
];

const NAMES: &str = "1 to 32 of a-z 0-9 - from a letter on, each once, and not memory, redis or postgres";

const SCHEMES: &str = "1 to 32 of a-z 0-9 + - . from a letter on, in one setting of one backend, and none of memory, redis, \
                       valkey and postgres";

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

    /// The backend that a URL with this scheme chooses, and the setting that the URL is read as. None: nothing stands
    /// behind the scheme, which is the backend's name.
    pub(crate) fn find_scheme(&self, scheme: &str) -> Option<(&Registration, Option<&Setting>)> {
        self.iter().find_map(|registration| match registration.url_setting() {
            Some(url) => url.schemes().iter().any(|own| own == scheme).then_some((registration, Some(url))),
            None => (registration.name() == scheme).then_some((registration, None)),
        })
    }

    /// What can be chosen, for a person to read.
    pub(crate) fn choices(&self) -> String {
        if self.0.is_empty() {
            return "nothing, for no backend is compiled into this build".to_owned();
        }
        let names: Vec<_> = self.iter().map(Registration::name).collect();
        let urls: Vec<_> = self.iter().map(Registration::url_in_words).collect();
        format!("{}, or a URL: {}", names.join(", "), urls.join(", "))
    }

    /// Every variable that is a setting, of a layer or a backend, each once.
    pub(crate) fn settings(&self) -> Vec<String> {
        let mut variables: Vec<_> = layer_settings::names().collect();
        for (variable, _) in self.iter().flat_map(Registration::variables) {
            if !variables.contains(&variable) {
                variables.push(variable);
            }
        }
        variables
    }

    /// The setting, of all there are, or the choice that was probably meant by a variable which is neither: `REDIS_URL`
    /// too by `LIMITER_REDIS_URL`, and `LIMITER_PREFIX` by `LIMITER_REDIS_PREFIX`.
    pub(crate) fn nearest_variable(&self, variable: &str, settings: &[String]) -> Option<String> {
        let choices = Part::ALL.map(|part| part.variable().to_owned());
        let known: Vec<_> = settings.iter().chain(&choices).cloned().collect();
        let without_backend = self.iter().find_map(|registration| {
            let rest = variable.strip_prefix(&prefix_of(registration.name()))?;
            Some(format!("{PREFIX}{rest}"))
        });
        if let Some(exact) = without_backend.as_ref().filter(|name| known.contains(name)) {
            return Some(exact.clone());
        }
        if !starts_as_ours(variable) {
            return nearest(variable, known.iter().map(String::as_str)).map(str::to_owned);
        }
        // What all of ours begin with says nothing of which was meant.
        let meant = |given: &str| {
            let found = nearest(bare(given), known.iter().map(|name| bare(name)))?;
            known.iter().find(|name| bare(name) == found).cloned()
        };
        meant(variable).or_else(|| meant(&without_backend?))
    }

    /// The name nearest to one that is unknown. One that isn't compiled in is named too.
    pub(crate) fn nearest_name(&self, given: &str) -> Option<&str> {
        let own = self.iter().map(Registration::name);
        nearest(given, own.chain(KNOWN))
    }

    /// The same for the scheme of a URL, as it stands at the front of one.
    pub(crate) fn nearest_scheme(&self, given: &str) -> Option<String> {
        let own = self.iter().flat_map(|registration| match registration.url_setting() {
            Some(url) => url.schemes().iter().map(String::as_str).collect(),
            None => vec![registration.name()],
        });
        let known = KNOWN_SCHEMES.into_iter().map(|(scheme, _)| scheme);
        nearest(given, own.chain(known)).map(|scheme| format!("{scheme}://"))
    }

    /// What is wrong with the names of what the program has registered.
    pub(crate) fn check(&self) -> Vec<ConfigError> {
        let compiled_in = Self::compiled_in().0.len();
        let bad = |(index, registration): (usize, &Registration)| {
            let name = registration.name();
            let taken =
                KNOWN.contains(&name) || self.iter().take(index).any(|earlier| earlier.name() == name);
            let bad_name = (taken || !is_name(name)).then(|| refused("Factory::register", name, NAMES));
            bad_name.or_else(|| self.bad_setting(index, registration))
        };
        self.iter().enumerate().skip(compiled_in).filter_map(bad).collect()
    }

    fn bad_setting(&self, index: usize, registration: &Registration) -> Option<ConfigError> {
        if let Some(setting) = bad_setting(registration) {
            return Some(refused("Registration::with_setting", &setting, setting::NAMES));
        }
        let mut own = registration.variables().flat_map(|(_, setting)| setting.schemes());
        let several =
            registration.variables().filter(|(_, setting)| !setting.schemes().is_empty()).count() > 1;
        let taken = |scheme: &str| {
            let mut earlier = self.iter().take(index);
            KNOWN_SCHEMES.iter().any(|(known, _)| *known == base_of(scheme))
                || earlier.any(|earlier| earlier.has_scheme(scheme))
        };
        let bad = own.find(|scheme| several || !is_scheme(scheme) || taken(scheme))?;
        Some(refused("Setting::with_schemes", bad, SCHEMES))
    }
}

fn refused(method: &str, name: &str, accepted: &str) -> ConfigError {
    ConfigError::new(ConfigProblem::BadRegistration, method).with_value(name).with_accepted(accepted)
}

/// The name of a setting that can't be, or that can't be told from another of the same backend or from a layer's.
fn bad_setting(registration: &Registration) -> Option<String> {
    let mut fields = Vec::new();
    registration.variables().find_map(|(variable, setting)| {
        let again = fields.contains(&setting.field());
        fields.push(setting.field());
        (again || !setting.has_good_name() || layer_settings::is_one(&variable)).then_some(variable)
    })
}

/// Whether the program has registered it.
pub(crate) fn is_own(registration: &Registration) -> bool {
    !KNOWN.contains(&registration.name())
}

/// The known backend of this name that isn't compiled in.
pub(crate) fn left_out(registry: &Registry, name: &str) -> Option<&'static str> {
    let known = KNOWN.into_iter().find(|known| *known == name)?;
    registry.find(known).is_none().then_some(known)
}

/// The known backend that a URL's scheme stands for and that isn't compiled in.
pub(crate) fn left_out_scheme(registry: &Registry, scheme: &str) -> Option<&'static str> {
    let (_, known) = KNOWN_SCHEMES.into_iter().find(|(known, _)| *known == base_of(scheme))?;
    left_out(registry, known)
}

/// What kind of store a scheme stands for: what comes before `+`.
fn base_of(scheme: &str) -> &str {
    scheme.split('+').next().unwrap_or(scheme)
}

/// The known backend that a variable is a setting of and that isn't compiled in.
pub(crate) fn left_out_setting(registry: &Registry, variable: &str) -> Option<&'static str> {
    let by_prefix = KNOWN.into_iter().find(|known| variable.starts_with(&prefix_of(known)));
    let by_name =
        KNOWN_SETTINGS.into_iter().find(|(setting, _)| *setting == variable).map(|(_, known)| known);
    left_out(registry, by_prefix.or(by_name)?)
}

fn is_name(name: &str) -> bool {
    is_made_of(name, b"-")
}

fn is_scheme(scheme: &str) -> bool {
    is_made_of(scheme, b"+-.")
}

fn is_made_of(name: &str, besides: &[u8]) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || besides.contains(&byte);
    (1..=32).contains(&name.len())
        && name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.bytes().all(allowed)
}
