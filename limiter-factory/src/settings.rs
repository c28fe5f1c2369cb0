//! Reads the variables that are settings: which belong to whom, and what is wrong with the others.

use std::collections::BTreeMap;
use std::ffi::OsStr;

use limiter_core::{Error, ErrorKind};

use crate::choice::{Choice, Choices};
use crate::error::{ConfigError, ConfigProblem};
use crate::layer_settings;
use crate::part::Part;
use crate::registration::Registration;
use crate::registry::{Registry, left_out_setting};
use crate::service_link::ServiceLinks;
use crate::setting::Setting;
use crate::vars::Vars;

/// The settings that are well-formed, trimmed, by the names of their variables. They hold secrets.
#[derive(Default)]
pub(crate) struct Settings(BTreeMap<String, String>);

impl Settings {
    /// Reads every variable that is ours alone, of chosen and of other backends alike, and of the others those of the
    /// chosen backends. Adds what is wrong to `errors`.
    pub(crate) fn read(
        vars: &Vars,
        registry: &Registry,
        choices: &Choices<'_>,
        errors: &mut Vec<ConfigError>,
    ) -> Self {
        let reader = Reader { vars, registry, choices, links: ServiceLinks::among(&vars.settings) };
        let shared = vars.shared.iter().filter(|(variable, _)| is_read(choices, variable));
        let mut settings = Self::default();
        for (variable, value) in vars.settings.iter().chain(shared) {
            match reader.read(variable, value) {
                Ok(Some(value)) => {
                    settings.0.insert(variable.clone(), value);
                }
                Ok(None) => {}
                Err(error) => errors.push(error),
            }
        }
        settings
    }

    /// What the backend of a choice reads, its URL included.
    pub(crate) fn of(&self, choice: &Choice<'_>) -> BTreeMap<String, String> {
        let own = self.0.iter().filter(|(variable, _)| choice.reads(variable));
        let mut held: BTreeMap<_, _> =
            own.map(|(variable, value)| (variable.clone(), value.clone())).collect();
        if let Some((setting, url)) = choice.url {
            held.insert(choice.registration.variable_of(setting), url.to_owned());
        }
        held
    }

    /// All of them, whoever reads them.
    pub(crate) fn all(&self) -> &BTreeMap<String, String> {
        &self.0
    }

    /// The variables that are set for backends that aren't chosen. One in whose place the same URL stands isn't.
    pub(crate) fn unused(&self, choices: &Choices<'_>) -> Vec<String> {
        let is_owned = |variable: &str| choices.iter().any(|(_, choice)| choice.owns(variable));
        let unused = |variable: &&String| !is_owned(variable) && !layer_settings::is_one(variable);
        self.0.keys().filter(unused).cloned().collect()
    }
}

/// The settings that a chosen backend requires and that aren't set at all.
pub(crate) fn missing(vars: &Vars, choices: &Choices<'_>) -> Vec<ConfigError> {
    let mut found: Vec<ConfigError> = Vec::new();
    for (_, choice) in choices {
        for (variable, setting) in choice.variables() {
            let is_new = found.iter().all(|error| error.variable() != variable);
            if setting.is_required() && vars.setting(&variable).is_none() && is_new {
                let error = ConfigError::new(ConfigProblem::Unset, &variable)
                    .with_accepted(setting.accepted())
                    .with_set_instead(vars.lookalike_of(&variable));
                let by = format!("{}={}", choice.origin.variable(), choice.registration.name());
                found.push(error.with_needed_by(by));
            }
        }
    }
    found
}

/// What is wrong with the URLs that choose a backend, as the setting that each is read as, and whether that setting,
/// where it is nobody else's, says otherwise.
pub(crate) fn wrong_urls(settings: &Settings, choices: &Choices<'_>) -> Vec<ConfigError> {
    let wrong = |(_, choice): &(Part, Choice<'_>)| {
        let (setting, url) = choice.url?;
        let own = choice.registration.variable_of(setting);
        let shown = |problem| {
            ConfigError::new(problem, choice.origin.variable())
                .with_choice(url)
                .with_accepted(setting.accepted())
        };
        if let Err(source) = setting.check(url) {
            return Some(shown(ConfigProblem::Malformed).with_source(source));
        }
        if !choice.registration.accepts(setting, url, &settings.of(choice)) {
            return Some(shown(ConfigProblem::Malformed));
        }
        let other = settings.0.get(&own).filter(|other| other.as_str() != url && !is_read(choices, &own));
        other.map(|_| {
            let text = format!("{own} is set to another; accepted: one of the two, or the same URL in both");
            shown(ConfigProblem::Contradiction).with_source(Error::new(ErrorKind::Config, text))
        })
    };
    choices.iter().filter_map(wrong).collect()
}

/// Whether the backend of any choice reads a variable.
fn is_read(choices: &Choices<'_>, variable: &str) -> bool {
    choices.iter().any(|(_, choice)| choice.reads(variable))
}

/// Who may own a variable.
struct Reader<'a> {
    vars: &'a Vars,
    registry: &'a Registry,
    choices: &'a Choices<'a>,
    links: ServiceLinks,
}

impl Reader<'_> {
    /// The trimmed value of a variable; `None` for what is nobody's setting on purpose.
    fn read(&self, variable: &str, value: &OsStr) -> Result<Option<String>, ConfigError> {
        let by_chosen = self.by_chosen(variable, value);
        let found = by_chosen.or_else(|| self.by_any(variable, value)).or_else(|| by_layers(variable, value));
        match found {
            Some(read) => read.map(Some),
            None if self.links.hold(variable) => Ok(None),
            None => Err(nobodys(variable, value, self.registry)),
        }
    }

    /// All chosen backends with a setting of this name must accept its value.
    fn by_chosen(&self, variable: &str, value: &OsStr) -> Option<Result<String, ConfigError>> {
        let mut last = None;
        for (_, choice) in self.choices {
            let found = choice.variables().find(|(own, _)| own == variable);
            let Some((_, setting)) = found else { continue };
            let given = || self.given(choice.registration, choice.url);
            let accepts = |value: &str| choice.registration.accepts(setting, value, &given());
            let read = accepted_by(setting, accepts, variable, value);
            if read.is_err() {
                return Some(read);
            }
            last = Some(read);
        }
        last
    }

    /// Of those that aren't chosen any may accept it.
    fn by_any(&self, variable: &str, value: &OsStr) -> Option<Result<String, ConfigError>> {
        let mut refusal = None;
        for (owner, setting) in self.registry.owners(variable) {
            let accepts = |value: &str| owner.accepts(setting, value, &self.given(owner, None));
            match accepted_by(setting, accepts, variable, value) {
                Ok(value) => return Some(Ok(value)),
                Err(error) => refusal = refusal.or(Some(Err(error))),
            }
        }
        refusal
    }

    /// All that a backend's variables hold, be it wrong, and the URL in the place of one.
    fn given(&self, owner: &Registration, url: Option<(&Setting, &str)>) -> BTreeMap<String, String> {
        let given = owner.variables().filter_map(|(variable, _)| {
            let value = self.vars.setting(&variable)?.to_string_lossy().trim().to_owned();
            Some((variable, value))
        });
        given.chain(url.map(|(setting, url)| (owner.variable_of(setting), url.to_owned()))).collect()
    }
}

fn by_layers(variable: &str, value: &OsStr) -> Option<Result<String, ConfigError>> {
    let setting = layer_settings::find(variable)?;
    Some(accepted_by(&setting, |value| layer_settings::accepts(&setting, value), variable, value))
}

/// The trimmed value, if it is what a setting accepts.
fn accepted_by(
    setting: &Setting,
    accepts: impl Fn(&str) -> bool,
    variable: &str,
    value: &OsStr,
) -> Result<String, ConfigError> {
    let wrong = |problem| ConfigError::new(problem, variable).with_accepted(setting.accepted());
    let value = value.to_str().ok_or_else(|| wrong(ConfigProblem::NotUnicode))?.trim();
    if value.is_empty() {
        return Err(wrong(ConfigProblem::Empty));
    }
    let malformed = || {
        let error = wrong(ConfigProblem::Malformed).with_value(value);
        if setting.is_secret() { error.with_hidden_value() } else { error }
    };
    setting.check(value).map_err(|error| malformed().with_source(error))?;
    if accepts(value) { Ok(value.to_owned()) } else { Err(malformed()) }
}

/// The error for a variable that starts as our settings do and is none.
fn nobodys(variable: &str, value: &OsStr, registry: &Registry) -> ConfigError {
    if let Some(backend) = left_out_setting(registry, variable) {
        return ConfigError::not_compiled_in(variable, backend).with_hidden_value();
    }
    let known = registry.settings();
    let nearest = registry.nearest_variable(variable, &known);
    let is_secret =
        nearest.iter().flat_map(|name| registry.owners(name)).any(|(_, setting)| setting.is_secret());
    let error = ConfigError::new(ConfigProblem::UnknownVariable, variable)
        .with_value(&value.to_string_lossy())
        .with_accepted(known.join(", "))
        .with_nearest(nearest);
    if is_secret { error.with_hidden_value() } else { error }
}
