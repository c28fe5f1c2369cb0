//! A variable that is read, as documentation shows it.

use std::fmt;

use crate::layer_settings;
use crate::part::Part;
use crate::registry::Registry;
use crate::setting::Setting;
use crate::vars::PREFIX;

/// A variable that a [`Factory`](crate::Factory) reads: for a program's own documentation. One that several backends
/// have stands there once for each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variable {
    name: String,
    backend: Option<String>,
    accepted: String,
    default: String,
}

impl Variable {
    /// The whole name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The backend that it is a setting of; `None` for what concerns all.
    pub fn backend(&self) -> Option<&str> {
        self.backend.as_deref()
    }

    /// What it may hold, in words.
    pub fn accepted(&self) -> &str {
        &self.accepted
    }

    /// What holds where it isn't set, in words; `required` where nothing does, and empty where nobody has said.
    pub fn default(&self) -> &str {
        &self.default
    }
}

/// As one line of a text.
impl fmt::Display for Variable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.accepted)?;
        if !self.default.is_empty() {
            write!(f, " (default: {})", self.default)?;
        }
        self.backend.as_ref().map_or(Ok(()), |backend| write!(f, ", of {backend}"))
    }
}

/// Every variable of a registry's backends, of the layers, and those that choose.
pub(crate) fn variables(registry: &Registry) -> Vec<Variable> {
    let choices = Part::ALL.into_iter().map(|part| choice(part, registry));
    let layers = layer_settings::settings();
    let layers = layers.iter().map(|setting| of_setting(None, setting.variable(PREFIX), setting));
    let backends = registry.iter().flat_map(|registration| {
        let own = registration.variables();
        own.map(|(name, setting)| of_setting(Some(registration.name().to_owned()), name, setting))
    });
    choices.chain(layers).chain(backends).collect()
}

fn choice(part: Part, registry: &Registry) -> Variable {
    let default = if part == Part::Rates { "required" } else { "as RATE_LIMITER" };
    Variable {
        name: part.variable().to_owned(),
        backend: None,
        accepted: registry.choices(),
        default: default.to_owned(),
    }
}

fn of_setting(backend: Option<String>, name: String, setting: &Setting) -> Variable {
    let default = if setting.is_required() { "required" } else { setting.default() };
    Variable { name, backend, accepted: setting.accepted().to_owned(), default: default.to_owned() }
}
