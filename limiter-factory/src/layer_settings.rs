//! The settings of the layers: of what stands between a service and its stores.

use std::collections::BTreeMap;
use std::time::Duration;

use limiter_core::{Error, ErrorKind, Result};
use limiter_layers::WhenUnavailableLayer;
use serde::Deserialize;

use crate::by_part::{ByPart, INSTEADS, Instead, PARTS};
use crate::error::{ConfigError, ConfigProblem};
use crate::setting::Setting;
use crate::vars::{PREFIX, Vars};

pub(crate) const TIMEOUT_MS: &str = "LIMITER_TIMEOUT_MS";
pub(crate) const BREAKER_FAILURES: &str = "LIMITER_BREAKER_FAILURES";
pub(crate) const BREAKER_OPEN_MS: &str = "LIMITER_BREAKER_OPEN_MS";
pub(crate) const WHEN_UNAVAILABLE: &str = "LIMITER_WHEN_UNAVAILABLE";
pub(crate) const UNSENT: &str = "LIMITER_UNSENT";
pub(crate) const DENY_CACHE: &str = "LIMITER_DENY_CACHE";
pub(crate) const PREFETCH: &str = "LIMITER_PREFETCH";
pub(crate) const SHADOW: &str = "LIMITER_SHADOW";
pub(crate) const METRICS: &str = "LIMITER_METRICS";
pub(crate) const TRACES: &str = "LIMITER_TRACES";
pub(crate) const TRACE_SUBJECTS: &str = "LIMITER_TRACE_SUBJECTS";
pub(crate) const MAX_WAITERS: &str = "LIMITER_MAX_WAITERS";

/// How long a call on a backend of the program's own may take unless a variable says otherwise.
pub(crate) const OWN_TIMEOUT: Duration = Duration::from_secs(5);

const SWITCH: &str = "true or false";

/// Every setting of a layer, in the order of the layers from the store outwards.
pub(crate) fn settings() -> Vec<Setting> {
    let timeout =
        Setting::named_number(TIMEOUT_MS, "milliseconds that a call may take (0: any)", 0..=600_000);
    let failures =
        Setting::named_number(BREAKER_FAILURES, "failures in a row (0: no breaker)", 0..=1_000_000);
    let open = Setting::named_number(BREAKER_OPEN_MS, "milliseconds", 1..=3_600_000);
    let unsent =
        Setting::named_number(UNSENT, "settles, and of releases, that wait for the store", 0..=10_000_000);
    let cache =
        Setting::named_number(DENY_CACHE, "counters whose denials are remembered (0: none)", 0..=100_000_000);
    let prefetch =
        Setting::named_number(PREFETCH, "units of a counter held at a time (0: none)", 0..=1_000_000);
    let waiters = Setting::named_number(MAX_WAITERS, "callers that wait at a time", 0..=10_000_000);
    vec![
        timeout.with_default("5000 for a backend of your own that doesn't answer at once, else 0"),
        failures.with_default("0"),
        open.with_default("1000"),
        Setting::named(WHEN_UNAVAILABLE, INSTEADS).checked(check::<Instead>).with_default("refuse"),
        unsent.with_default(WhenUnavailableLayer::DEFAULT_QUEUE.to_string()),
        cache.with_default("0"),
        prefetch.with_default("0"),
        Setting::named(SHADOW, PARTS).checked(check::<bool>).with_default("none"),
        Setting::named(METRICS, SWITCH).with_default("false"),
        Setting::named(TRACES, SWITCH).with_default("false"),
        Setting::named(TRACE_SUBJECTS, SWITCH).with_default("false"),
        waiters.with_default("1000"),
    ]
}

/// What the settings of the layers hold; `None` where one isn't set and what it is for knows best.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct LayerSettings {
    pub(crate) timeout_ms: Option<u64>,
    pub(crate) breaker_failures: u32,
    pub(crate) breaker_open_ms: Option<u64>,
    pub(crate) when_unavailable: ByPart<Instead>,
    pub(crate) unsent: Option<usize>,
    pub(crate) deny_cache: u64,
    pub(crate) prefetch: u64,
    pub(crate) shadow: ByPart<bool>,
    pub(crate) metrics: bool,
    pub(crate) traces: bool,
    pub(crate) trace_subjects: bool,
    pub(crate) max_waiters: Option<usize>,
}

impl LayerSettings {
    /// Reads what has been found acceptable one by one.
    pub(crate) fn read(held: &BTreeMap<String, String>) -> Result<Self, ConfigError> {
        let own = held.iter().filter(|(variable, _)| is_one(variable));
        // The reader's own text would show values.
        from_iter(own).map_err(|_| {
            let text = "the settings of the layers can't be read together";
            ConfigError::new(ConfigProblem::Malformed, "LIMITER_*")
                .with_source(Error::new(ErrorKind::Config, text))
        })
    }

    /// Whether any part is counted in the process while its store is down.
    pub(crate) fn falls_back(&self) -> bool {
        self.when_unavailable.each().iter().any(|(_, instead)| *instead == Instead::Memory)
    }
}

fn from_iter<'a>(held: impl Iterator<Item = (&'a String, &'a String)>) -> Result<LayerSettings, envy::Error> {
    let held = held.map(|(variable, value)| (variable.clone(), value.clone()));
    envy::prefixed(PREFIX).from_iter(held)
}

/// Whether a variable is a setting of a layer.
pub(crate) fn is_one(variable: &str) -> bool {
    settings().iter().any(|setting| setting.variable(PREFIX) == variable)
}

/// The names of all of them.
pub(crate) fn names() -> impl Iterator<Item = String> {
    settings().into_iter().map(|setting| setting.variable(PREFIX))
}

/// The setting of a layer that a variable is.
pub(crate) fn find(variable: &str) -> Option<Setting> {
    settings().into_iter().find(|setting| setting.variable(PREFIX) == variable)
}

/// Whether the value of one setting is what it accepts, all others left aside.
pub(crate) fn accepts(setting: &Setting, value: &str) -> bool {
    let held = (setting.variable(PREFIX), value.to_owned());
    setting.in_range(value) && from_iter([(&held.0, &held.1)].into_iter()).is_ok()
}

fn check<T>(value: &str) -> Result<()>
where
    ByPart<T>: TryFrom<String, Error = Error>,
{
    ByPart::try_from(value.to_owned()).map(drop)
}

/// A setting that says how something is, and the one that says that it is.
struct Needs {
    variable: &'static str,
    needed: &'static str,
    /// What is left out where the needed one isn't set.
    what: &'static str,
    /// A value that would make it.
    accepted: &'static str,
}

const NEEDS: [Needs; 2] = [
    Needs {
        variable: BREAKER_OPEN_MS,
        needed: BREAKER_FAILURES,
        what: "no circuit breaker",
        accepted: "1 or more",
    },
    Needs { variable: TRACE_SUBJECTS, needed: TRACES, what: "no trace", accepted: "true" },
];

/// Settings of what nobody asked for: whoever sets one believes that it is there. Where it is switched off aloud they
/// stand ready, and are no error. What is set and wrong was asked for too.
pub(crate) fn contradictions(held: &BTreeMap<String, String>, vars: &Vars) -> Vec<ConfigError> {
    let contradiction = |needs: &Needs| {
        let value = held.get(needs.variable).filter(|value| *value != "false")?;
        if vars.setting(needs.needed).is_some() {
            return None;
        }
        let Needs { variable, needed, what, accepted } = needs;
        let text = format!(
            "there is {what}, for {needed} is not set; accepted: beside {needed}={accepted}, or neither"
        );
        let error = ConfigError::new(ConfigProblem::Contradiction, *variable).with_value(value);
        Some(error.with_accepted(accepted_of(variable)).with_source(Error::new(ErrorKind::Config, text)))
    };
    NEEDS.iter().filter_map(contradiction).chain(no_place(held)).collect()
}

/// Slots and quotas that go on without their store leave something to tell it: releases of what it may have granted,
/// settles and reservations.
fn no_place(held: &BTreeMap<String, String>) -> Option<ConfigError> {
    let settings = LayerSettings::read(held).ok()?;
    let ByPart { slots, quotas, .. } = settings.when_unavailable;
    let goes_on = [slots, quotas].iter().any(|instead| *instead != Instead::Refuse);
    (settings.unsent == Some(0) && goes_on).then(|| {
        let text = format!(
            "it leaves no place for what the store is told later of slots and quotas that {WHEN_UNAVAILABLE} lets go on; \
             accepted: 1 or more, or slots=refuse,quotas=refuse"
        );
        ConfigError::new(ConfigProblem::Contradiction, UNSENT)
            .with_value("0")
            .with_accepted(accepted_of(UNSENT))
            .with_source(Error::new(ErrorKind::Config, text))
    })
}

fn accepted_of(variable: &str) -> String {
    find(variable).map(|setting| setting.accepted().to_owned()).unwrap_or_default()
}

/// The settings that stand ready for what is switched off.
pub(crate) fn ready(held: &BTreeMap<String, String>) -> Vec<String> {
    let off = |needs: &&Needs| {
        held.contains_key(needs.variable)
            && held.get(needs.needed).is_some_and(|value| matches!(value.as_str(), "0" | "false"))
    };
    NEEDS.iter().filter(off).map(|needs| needs.variable.to_owned()).collect()
}
