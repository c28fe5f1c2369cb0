//! Reads the variables that choose: which backend is to count what.

use std::ffi::OsStr;

use limiter_core::{Error, ErrorKind};

use crate::error::{ConfigError, ConfigProblem};
use crate::origin::Origin;
use crate::part::Part;
use crate::registration::Registration;
use crate::registry::{Registry, left_out, left_out_scheme};
use crate::setting::Setting;
use crate::vars::{Lookalike, Vars};

/// A backend that was chosen, by its name or by a URL.
#[derive(Clone, Copy)]
pub(crate) struct Choice<'a> {
    pub(crate) origin: Origin,
    pub(crate) registration: &'a Registration,
    /// The URL that stands in the place of the name, and the setting that it is read as.
    pub(crate) url: Option<(&'a Setting, &'a str)>,
}

impl<'a> Choice<'a> {
    /// What was written.
    pub(crate) fn written(&self) -> &'a str {
        self.url.map_or_else(|| self.registration.name(), |(_, url)| url)
    }

    /// The settings that its backend reads from variables, each with the whole name of its own.
    pub(crate) fn variables(&self) -> impl Iterator<Item = (String, &'a Setting)> {
        let by_url = self.url.is_some();
        self.registration.variables().filter(move |(_, setting)| !by_url || setting.schemes().is_empty())
    }

    /// Whether its backend reads a variable.
    pub(crate) fn reads(&self, variable: &str) -> bool {
        self.variables().any(|(own, _)| own == variable)
    }

    /// Whether its backend has a variable, read or replaced by a URL.
    pub(crate) fn owns(&self, variable: &str) -> bool {
        self.registration.variables().any(|(own, _)| own == variable)
    }
}

/// What counts each part that has a choice of its own; the others go where the rates are.
pub(crate) type Choices<'a> = Vec<(Part, Choice<'a>)>;

/// Reads what is chosen, be it by the program's default. Adds what is wrong to `errors`.
pub(crate) fn read<'a>(
    vars: &'a Vars,
    registry: &'a Registry,
    default: Option<&'a str>,
    errors: &mut Vec<ConfigError>,
) -> Choices<'a> {
    let default = || default.map(|written| chosen(registry, Origin::Default, written));
    let mut choices = Vec::new();
    for part in Part::ALL {
        let found = match (vars.choice(part), part) {
            (Some(value), _) => Some(from_variable(registry, part, value)),
            (None, Part::Rates) => Some(rates_unset(vars, registry, default())),
            (None, _) => misspelt(vars, registry, part).map(Err),
        };
        match found {
            Some(Ok(choice)) => choices.push((part, choice)),
            Some(Err(error)) => errors.push(error),
            None => {}
        }
    }
    // A default that can't be is an error also while it isn't needed.
    if let (Some(_), Some(Err(error))) = (vars.choice(Part::Rates), default()) {
        errors.push(error);
    }
    choices
}

type Found<'a> = Result<Choice<'a>, ConfigError>;

fn wrong(registry: &Registry, problem: ConfigProblem, variable: &str) -> ConfigError {
    ConfigError::new(problem, variable).with_accepted(registry.choices())
}

fn from_variable<'a>(registry: &'a Registry, part: Part, value: &'a OsStr) -> Found<'a> {
    let wrong = |problem| wrong(registry, problem, part.variable());
    let written = value.to_str().ok_or_else(|| wrong(ConfigProblem::NotUnicode))?;
    if written.is_empty() {
        return Err(wrong(ConfigProblem::Empty));
    }
    chosen(registry, Origin::Variable(part), written)
}

/// The default, unless a misspelt variable shows that one was to be chosen.
fn rates_unset<'a>(vars: &Vars, registry: &Registry, default: Option<Found<'a>>) -> Found<'a> {
    let chooses = vars.instead_of(Part::Rates).find(|slip| was_to_choose(slip, registry));
    match default {
        Some(default) if chooses.is_none() => default,
        _ => {
            let slip = chooses.or_else(|| vars.instead_of(Part::Rates).last());
            let slip = slip.map(|slip| slip.variable.as_str());
            Err(wrong(registry, ConfigProblem::Unset, Part::Rates.variable()).with_set_instead(slip))
        }
    }
}

/// Whether a variable was probably meant to choose: by its name, and, since it may be somebody else's, by what it holds.
fn was_to_choose(slip: &Lookalike, registry: &Registry) -> bool {
    let value = slip.value.to_string_lossy();
    let scheme = value.split_once("://").map(|(scheme, _)| scheme);
    slip.differs_in_case_alone()
        || registry.nearest_name(&value).is_some()
        || scheme.is_some_and(|scheme| registry.nearest_scheme(scheme).is_some())
}

/// A variable that was probably meant to send a part elsewhere.
fn misspelt(vars: &Vars, registry: &Registry, part: Part) -> Option<ConfigError> {
    let slip = vars.instead_of(part).find(|slip| was_to_choose(slip, registry))?;
    let accepted = Part::ALL.map(Part::variable).join(", ");
    let error = ConfigError::new(ConfigProblem::UnknownVariable, &slip.variable);
    Some(
        error
            .with_choice(&slip.value.to_string_lossy())
            .with_accepted(accepted)
            .with_nearest(Some(part.variable())),
    )
}

/// The backend of a name or a URL, which stands in a variable or in the program.
fn chosen<'a>(registry: &'a Registry, origin: Origin, written: &'a str) -> Found<'a> {
    match written.split_once("://") {
        Some((scheme, behind)) => by_url(registry, origin, written, scheme, behind),
        None => by_name(registry, origin, written),
    }
}

fn by_name<'a>(registry: &'a Registry, origin: Origin, written: &'a str) -> Found<'a> {
    if let Some(registration) = registry.find(written) {
        return Ok(Choice { origin, registration, url: None });
    }
    let variable = origin.variable();
    let error = match left_out(registry, written) {
        Some(backend) => ConfigError::not_compiled_in(variable, backend),
        None if written.contains([':', '/']) => {
            return Err(malformed(registry, origin, written, "it looks like a URL and has no scheme"));
        }
        None => ConfigError::new(ConfigProblem::UnknownBackend, variable)
            .with_nearest(registry.nearest_name(written)),
    };
    Err(error.with_choice(written).with_accepted(registry.choices()))
}

fn by_url<'a>(
    registry: &'a Registry,
    origin: Origin,
    written: &'a str,
    scheme: &str,
    behind: &str,
) -> Found<'a> {
    if written.trim() != written {
        return Err(malformed(registry, origin, written, "whitespace stands around it"));
    }
    match registry.find_scheme(scheme) {
        Some((registration, Some(setting))) => {
            Ok(Choice { origin, registration, url: Some((setting, written)) })
        }
        Some((registration, None)) if behind.is_empty() => Ok(Choice { origin, registration, url: None }),
        Some((registration, None)) => {
            let what = format!("nothing may stand behind {}://", registration.name());
            Err(malformed(registry, origin, written, &what))
        }
        None => {
            let variable = origin.variable();
            let error = match left_out_scheme(registry, scheme) {
                Some(backend) => ConfigError::not_compiled_in(variable, backend),
                None => ConfigError::new(ConfigProblem::UnknownScheme, variable)
                    .with_nearest(registry.nearest_scheme(scheme)),
            };
            Err(error.with_choice(written).with_accepted(registry.choices()))
        }
    }
}

fn malformed(registry: &Registry, origin: Origin, written: &str, what: &str) -> ConfigError {
    let text = format!("{what}; accepted: {}", registry.choices());
    wrong(registry, ConfigProblem::Malformed, origin.variable())
        .with_choice(written)
        .with_source(Error::new(ErrorKind::Config, text))
}
