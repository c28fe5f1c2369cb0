//! Reads the `LIMITER_*` variables: which belong to a backend, and what is wrong with the others.

use std::collections::BTreeMap;
use std::ffi::OsStr;

use crate::error::{ConfigError, ConfigProblem};
use crate::nearest::nearest;
use crate::registration::{Registration, Setting};
use crate::registry::{Registry, left_out_setting};
use crate::service_link::is_service_link;
use crate::vars::Vars;

/// The settings that are well-formed, by backend, each as variable and trimmed value. They hold secrets.
#[derive(Default)]
pub(crate) struct Settings(BTreeMap<String, Vec<(String, String)>>);

impl Settings {
    /// Reads every variable, of chosen and of other backends alike, and adds what is wrong to `errors`.
    pub(crate) fn read(vars: &Vars, registry: &Registry, errors: &mut Vec<ConfigError>) -> Self {
        let mut settings = Self::default();
        for (variable, value) in &vars.settings {
            match read_one(variable, value, registry) {
                Ok(Some((backend, value))) => {
                    let of_backend = settings.0.entry(backend.to_owned()).or_default();
                    of_backend.push((variable.clone(), value));
                }
                Ok(None) => {}
                Err(error) => errors.push(error),
            }
        }
        settings
    }

    /// The settings of one backend.
    pub(crate) fn of(&self, backend: &str) -> Vec<(String, String)> {
        self.0.get(backend).cloned().unwrap_or_default()
    }

    /// The variables that are set for other backends than this one.
    pub(crate) fn unused(&self, backend: &str) -> Vec<String> {
        let others = self.0.iter().filter(|(name, _)| *name != backend);
        others.flat_map(|(_, settings)| settings).map(|(variable, _)| variable.clone()).collect()
    }
}

/// The settings that a chosen backend requires and that aren't set at all.
pub(crate) fn missing(vars: &Vars, registration: &Registration) -> Vec<ConfigError> {
    let missing = |(variable, setting): &(String, &Setting)| {
        setting.is_required() && !vars.settings.contains_key(variable)
    };
    registration
        .variables()
        .filter(missing)
        .map(|(variable, setting)| {
            ConfigError::new(ConfigProblem::Unset, variable).with_accepted(setting.accepted())
        })
        .collect()
}

/// The backend a variable belongs to and its trimmed value; `None` for what is nobody's setting on purpose.
fn read_one<'a>(
    variable: &str,
    value: &OsStr,
    registry: &'a Registry,
) -> Result<Option<(&'a str, String)>, ConfigError> {
    let Some((registration, setting)) = registry.setting(variable) else {
        return if is_service_link(variable) { Ok(None) } else { Err(nobodys(variable, value, registry)) };
    };
    let wrong = |problem| ConfigError::new(problem, variable).with_accepted(setting.accepted());
    let value = value.to_str().ok_or_else(|| wrong(ConfigProblem::NotUnicode))?.trim();
    if value.is_empty() {
        return Err(wrong(ConfigProblem::Empty));
    }
    if !registration.accepts(variable, setting, value) {
        return Err(wrong(ConfigProblem::Malformed).with_value(value));
    }
    Ok(Some((registration.name(), value.to_owned())))
}

/// The error for a variable that starts as our settings do and is none.
fn nobodys(variable: &str, value: &OsStr, registry: &Registry) -> ConfigError {
    let value = value.to_string_lossy();
    if let Some(backend) = left_out_setting(registry, variable) {
        return ConfigError::not_compiled_in(variable, backend).with_hidden_value();
    }
    let known = registry.variables();
    ConfigError::new(ConfigProblem::UnknownVariable, variable)
        .with_value(&value)
        .with_accepted(known.join(", "))
        .with_nearest(nearest(variable, known.iter().map(String::as_str)))
}
