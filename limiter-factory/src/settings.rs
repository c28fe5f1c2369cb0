//! Reads the variables that are settings: which belong to a backend, and what is wrong with the others.

use std::collections::BTreeMap;
use std::ffi::OsStr;

use crate::error::{ConfigError, ConfigProblem};
use crate::registration::Registration;
use crate::registry::{Registry, left_out_setting};
use crate::service_link::is_service_link;
use crate::setting::Setting;
use crate::vars::Vars;

/// The settings that are well-formed, trimmed, by the names of their variables. They hold secrets.
#[derive(Default)]
pub(crate) struct Settings(BTreeMap<String, String>);

impl Settings {
    /// Reads every variable that is ours alone, of chosen and of other backends alike, and of the others those of the
    /// chosen backend. Adds what is wrong to `errors`.
    pub(crate) fn read(
        vars: &Vars,
        registry: &Registry,
        chosen: Option<&Registration>,
        errors: &mut Vec<ConfigError>,
    ) -> Self {
        let is_chosens = |variable: &&String| chosen.is_some_and(|chosen| has(chosen, variable));
        let shared = vars.shared.iter().filter(|(variable, _)| is_chosens(variable));
        let mut settings = Self::default();
        for (variable, value) in vars.settings.iter().chain(shared) {
            match read_one(variable, value, registry, chosen) {
                Ok(Some(value)) => {
                    settings.0.insert(variable.clone(), value);
                }
                Ok(None) => {}
                Err(error) => errors.push(error),
            }
        }
        settings
    }

    /// The settings of one backend.
    pub(crate) fn of(&self, backend: &Registration) -> BTreeMap<String, String> {
        let own = self.0.iter().filter(|(variable, _)| has(backend, variable));
        own.map(|(variable, value)| (variable.clone(), value.clone())).collect()
    }

    /// The variables that are set for other backends than this one.
    pub(crate) fn unused(&self, backend: &Registration) -> Vec<String> {
        self.0.keys().filter(|variable| !has(backend, variable)).cloned().collect()
    }
}

fn has(backend: &Registration, variable: &str) -> bool {
    backend.variables().any(|(own, _)| own == variable)
}

/// The settings that a chosen backend requires and that aren't set at all.
pub(crate) fn missing(vars: &Vars, registration: &Registration) -> Vec<ConfigError> {
    let missing =
        |(variable, setting): &(String, &Setting)| setting.is_required() && vars.setting(variable).is_none();
    let unset = |(variable, setting): (String, &Setting)| {
        let lookalike = vars.lookalike_of(&variable);
        let error = ConfigError::new(ConfigProblem::Unset, &variable).with_accepted(setting.accepted());
        error.with_set_instead(lookalike)
    };
    registration.variables().filter(missing).map(unset).collect()
}

/// The trimmed value of a variable; `None` for what is nobody's setting on purpose. Of several backends with a setting
/// of this name the chosen one decides, otherwise any may accept it.
fn read_one(
    variable: &str,
    value: &OsStr,
    registry: &Registry,
    chosen: Option<&Registration>,
) -> Result<Option<String>, ConfigError> {
    let is_chosen = |owner: &Registration| chosen.is_some_and(|chosen| chosen.name() == owner.name());
    if let Some((owner, setting)) = registry.owners(variable).find(|(owner, _)| is_chosen(owner)) {
        return accepted_by(owner, setting, variable, value).map(Some);
    }
    let mut refusal = None;
    for (owner, setting) in registry.owners(variable) {
        match accepted_by(owner, setting, variable, value) {
            Ok(value) => return Ok(Some(value)),
            Err(error) => refusal = refusal.or(Some(error)),
        }
    }
    match refusal {
        Some(error) => Err(error),
        None if is_service_link(variable) => Ok(None),
        None => Err(nobodys(variable, value, registry)),
    }
}

/// The trimmed value, if it is what one backend's setting accepts.
fn accepted_by(
    owner: &Registration,
    setting: &Setting,
    variable: &str,
    value: &OsStr,
) -> Result<String, ConfigError> {
    let wrong = |problem| ConfigError::new(problem, variable).with_accepted(setting.accepted());
    let value = value.to_str().ok_or_else(|| wrong(ConfigProblem::NotUnicode))?.trim();
    if value.is_empty() {
        return Err(wrong(ConfigProblem::Empty));
    }
    let malformed = || wrong(ConfigProblem::Malformed).with_value(value);
    setting.check(value).map_err(|error| malformed().with_source(error))?;
    if owner.accepts(setting, value) { Ok(value.to_owned()) } else { Err(malformed()) }
}

/// The error for a variable that starts as our settings do and is none.
fn nobodys(variable: &str, value: &OsStr, registry: &Registry) -> ConfigError {
    if let Some(backend) = left_out_setting(registry, variable) {
        return ConfigError::not_compiled_in(variable, backend).with_hidden_value();
    }
    ConfigError::new(ConfigProblem::UnknownVariable, variable)
        .with_value(&value.to_string_lossy())
        .with_accepted(registry.variables().join(", "))
        .with_nearest(registry.nearest_variable(variable))
}
