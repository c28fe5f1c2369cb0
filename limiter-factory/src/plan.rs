//! Decides what to build, or finds everything that is wrong.

use std::collections::BTreeMap;

use crate::choice::{self, Choice, Choices};
use crate::error::{ConfigError, ConfigErrors};
use crate::layer_settings::{self, LayerSettings, WHEN_UNAVAILABLE};
use crate::origin::Origin;
use crate::part::Part;
use crate::registration::Registration;
use crate::registry::{Registry, is_own, left_out};
use crate::settings::{Settings, missing, wrong_urls};
use crate::vars::Vars;

/// The backend that counts in the process while a store is down.
const FALLBACK: &str = "memory";

/// What is to be built: every variable has been found acceptable.
pub(crate) struct Plan {
    /// Each store once, however many parts it counts.
    pub(crate) stores: Vec<Store>,
    /// What counts in the process while a store is down.
    pub(crate) fallback: Option<Build>,
    pub(crate) layers: LayerSettings,
    pub(crate) idle: Idle,
}

/// A store that is to be built.
pub(crate) struct Store {
    pub(crate) build: Build,
    /// What it counts.
    pub(crate) parts: Vec<Part>,
    /// Who chose it.
    pub(crate) origins: Vec<Origin>,
    /// Whether the program registered its backend.
    pub(crate) is_own: bool,
}

/// A backend that is to be built, and where a person is to look if it doesn't start.
pub(crate) struct Build {
    pub(crate) registration: Registration,
    /// What its variables hold, or its URL in the place of one.
    pub(crate) held: BTreeMap<String, String>,
    pub(crate) variable: &'static str,
    pub(crate) written: String,
    /// Those of its variables that are set.
    pub(crate) set: Vec<String>,
}

/// What is set to no effect, as it is to be told.
#[derive(Debug, Default)]
pub(crate) struct Idle {
    /// Settings of backends that aren't chosen.
    pub(crate) of_others: Vec<String>,
    /// Settings of layers that are switched off.
    pub(crate) ready: Vec<String>,
    /// Variables that may be somebody else's, and the choice by a URL that makes each idle.
    pub(crate) passed_by: Vec<(String, &'static str)>,
}

/// Decides what to build from some variables.
pub(crate) fn plan(vars: &Vars, registry: &Registry, default: Option<&str>) -> Result<Plan, ConfigErrors> {
    let mut wrong_choices = Vec::new();
    let choices = choice::read(vars, registry, default, &mut wrong_choices);
    let mut errors = registry.check();
    let settings = Settings::read(vars, registry, &choices, &mut errors);
    errors.extend(missing(vars, &choices));
    errors.extend(layer_settings::contradictions(settings.all(), vars));
    let layers = LayerSettings::read(settings.all()).unwrap_or_else(|error| {
        errors.push(error);
        LayerSettings::default()
    });
    let fallback = layers.falls_back().then(|| fallback(registry, &settings)).transpose();
    wrong_choices.extend(wrong_urls(&settings, &choices));
    let fallback = fallback.unwrap_or_else(|error| {
        errors.push(error);
        None
    });
    ConfigErrors::check(wrong_choices, errors)?;
    let idle = idle(vars, &settings, &choices, fallback.as_ref());
    Ok(Plan { stores: stores(&settings, &choices), fallback, layers, idle })
}

/// The stores: two choices of the same backend with the same settings are one.
fn stores(settings: &Settings, choices: &Choices<'_>) -> Vec<Store> {
    let mut stores: Vec<Store> = Vec::new();
    for (part, choice) in choices {
        let build = Build::of(choice, settings);
        let same = stores.iter_mut().find(|store| {
            store.build.registration.name() == build.registration.name() && store.build.held == build.held
        });
        if let Some(store) = same {
            store.parts.push(*part);
            store.origins.push(choice.origin);
        } else {
            let is_own = is_own(choice.registration);
            stores.push(Store { build, parts: vec![*part], origins: vec![choice.origin], is_own });
        }
    }
    let rest = Part::ALL.into_iter().filter(|part| choices.iter().all(|(chosen, _)| chosen != part));
    if let Some(rates) = stores.first_mut() {
        rates.parts.extend(rest);
        rates.parts.sort_unstable();
    }
    stores
}

impl Build {
    fn of(choice: &Choice<'_>, settings: &Settings) -> Self {
        let held = settings.of(choice);
        Self {
            registration: choice.registration.clone(),
            set: held.keys().filter(|variable| choice.reads(variable)).cloned().collect(),
            held,
            variable: choice.origin.variable(),
            written: choice.written().to_owned(),
        }
    }
}

fn fallback(registry: &Registry, settings: &Settings) -> Result<Build, ConfigError> {
    let Some(registration) = registry.find(FALLBACK) else {
        let left_out = left_out(registry, FALLBACK).unwrap_or(FALLBACK);
        return Err(ConfigError::not_compiled_in(WHEN_UNAVAILABLE, left_out).with_value(FALLBACK));
    };
    let choice = Choice { origin: Origin::Program, registration, url: None };
    Ok(Build { variable: WHEN_UNAVAILABLE, ..Build::of(&choice, settings) })
}

fn idle(vars: &Vars, settings: &Settings, choices: &Choices<'_>, fallback: Option<&Build>) -> Idle {
    let mut of_others = settings.unused(choices);
    of_others.retain(|variable| fallback.is_none_or(|fallback| !fallback.held.contains_key(variable)));
    let passed_by = choices.iter().filter_map(|(_, choice)| {
        let own = choice.registration.variable_of(choice.url?.0);
        let is_set = vars.shared.contains_key(&own) && choices.iter().all(|(_, other)| !other.reads(&own));
        is_set.then(|| (own, choice.origin.variable()))
    });
    let mut passed_by: Vec<_> = passed_by.collect();
    passed_by.dedup_by(|one, other| one.0 == other.0);
    Idle { of_others, ready: layer_settings::ready(settings.all()), passed_by }
}
