//! What is wrong with a configuration: everything at once, each with its variable.

use std::error::Error as StdError;
use std::fmt;

use limiter_core::{Error, ErrorKind};

use crate::redact::{REDACTED, is_secret, shown, shown_choice};

/// In what way a variable is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ConfigProblem {
    /// It is required and not set.
    Unset,
    /// It is set to nothing.
    Empty,
    /// It names a backend that there isn't.
    UnknownBackend,
    /// It is a URL, and no backend has its scheme.
    UnknownScheme,
    /// It names a backend that this build doesn't have, or is a setting of one.
    NotCompiledIn,
    /// It starts as our settings do and is none, or its name is a slip of one.
    UnknownVariable,
    /// Its value isn't UTF-8.
    NotUnicode,
    /// Its value isn't what the setting accepts.
    Malformed,
    /// It contradicts another variable, or says how something is to be that another variable leaves out.
    Contradiction,
    /// The backend refused its settings, or its store didn't answer.
    StartFailed,
    /// The program, not the environment: a backend was registered under a name that can't be.
    BadRegistration,
}

impl ConfigProblem {
    /// Whether it was found by reading the value, not by using it.
    const fn is_of_the_value(self) -> bool {
        matches!(self, Self::Malformed | Self::Contradiction)
    }
}

/// One thing that is wrong: the variable, what it holds, what is accepted, and what was probably meant.
#[derive(Debug)]
pub struct ConfigError(Box<Inner>);

#[derive(Debug)]
struct Inner {
    variable: String,
    problem: ConfigProblem,
    value: Option<String>,
    accepted: String,
    nearest: Option<String>,
    backend: &'static str,
    settings: Vec<String>,
    needed_by: String,
    source: Option<Error>,
}

impl ConfigError {
    pub(crate) fn new(problem: ConfigProblem, variable: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            variable: variable.into(),
            problem,
            value: None,
            accepted: String::new(),
            nearest: None,
            backend: "",
            settings: Vec::new(),
            needed_by: String::new(),
            source: None,
        }))
    }

    /// A backend that this build doesn't have: chosen by `RATE_LIMITER`, or one of its settings is set.
    pub(crate) fn not_compiled_in(variable: &str, backend: &'static str) -> Self {
        let mut error = Self::new(ConfigProblem::NotCompiledIn, variable);
        error.0.backend = backend;
        error
    }

    /// What the variable holds: secrets are redacted here, once and for all.
    pub(crate) fn with_value(mut self, value: &str) -> Self {
        self.0.value = Some(shown(&self.0.variable, value));
        self
    }

    /// What a variable holds that chooses a backend, likewise.
    pub(crate) fn with_choice(mut self, value: &str) -> Self {
        self.0.value = Some(shown_choice(value));
        self
    }

    pub(crate) fn with_accepted(mut self, accepted: impl Into<String>) -> Self {
        self.0.accepted = accepted.into();
        self
    }

    /// What was probably meant. The value of an unknown variable stays hidden unless it is nearly one that
    /// holds no secret: a misspelt password variable must not be shown.
    pub(crate) fn with_nearest(mut self, nearest: Option<impl Into<String>>) -> Self {
        self.0.nearest = nearest.map(Into::into);
        let known_to_be_harmless = self.0.nearest.as_deref().is_some_and(|name| !is_secret(name));
        if self.0.problem == ConfigProblem::UnknownVariable && !known_to_be_harmless {
            self.0.value = self.0.value.map(|_| REDACTED.to_owned());
        }
        self
    }

    /// Nobody can know whether a value is a secret whose variable this build doesn't know.
    pub(crate) fn with_hidden_value(mut self) -> Self {
        self.0.value = Some(REDACTED.to_owned());
        self
    }

    /// A variable that is set and was probably meant to be this one.
    pub(crate) fn with_set_instead(self, variable: Option<&str>) -> Self {
        self.with_nearest(variable.map(|variable| format!("{variable}, which is set")))
    }

    /// What chose the backend that can't be built without this variable.
    pub(crate) fn with_needed_by(mut self, choice: String) -> Self {
        self.0.needed_by = choice;
        self
    }

    /// The variables that are set for the backend.
    pub(crate) fn with_settings(mut self, variables: Vec<String>) -> Self {
        self.0.settings = variables;
        self
    }

    pub(crate) fn with_source(mut self, source: Error) -> Self {
        self.0.source = Some(source);
        self
    }

    /// The whole name of the variable, or the method of [`Factory`](crate::Factory) where the program is wrong.
    pub fn variable(&self) -> &str {
        &self.0.variable
    }

    /// In what way it is wrong.
    pub fn problem(&self) -> ConfigProblem {
        self.0.problem
    }

    /// What it holds, in quotes, secrets redacted; `None` where there is nothing to show.
    pub fn value(&self) -> Option<&str> {
        self.0.value.as_deref()
    }

    /// What is accepted; empty where the value isn't at fault.
    pub fn accepted(&self) -> &str {
        &self.0.accepted
    }

    /// The variables that are set for a backend that didn't start; of nothing else.
    pub fn settings(&self) -> &[String] {
        &self.0.settings
    }

    /// The valid name nearest to what was written, where one is near.
    pub fn nearest(&self) -> Option<&str> {
        self.0.nearest.as_deref()
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.0.value.as_deref().unwrap_or(REDACTED);
        write!(f, "{} ", self.0.variable)?;
        match self.0.problem {
            ConfigProblem::Unset if self.0.needed_by.is_empty() => f.write_str("is not set")?,
            ConfigProblem::Unset => write!(f, "is not set, which {} needs", self.0.needed_by)?,
            ConfigProblem::Empty => f.write_str("is empty")?,
            ConfigProblem::UnknownBackend => write!(f, "is {value}, which is no backend's name")?,
            ConfigProblem::UnknownScheme => write!(f, "is {value}, whose scheme is no backend's")?,
            ConfigProblem::NotCompiledIn => {
                let backend = self.0.backend;
                write!(
                    f,
                    "is {value}, but this build has no {backend} (limiter-factory's feature {backend:?})"
                )?;
            }
            ConfigProblem::UnknownVariable => write!(f, "is {value}, but there is no such setting")?,
            ConfigProblem::NotUnicode => f.write_str("is not UTF-8")?,
            ConfigProblem::Malformed | ConfigProblem::Contradiction | ConfigProblem::BadRegistration => {
                write!(f, "is {value}")?;
            }
            ConfigProblem::StartFailed => write!(f, "is {value}, which didn't start")?,
        }
        match &self.0.source {
            // It says itself what is accepted of the part that is wrong.
            Some(source) if self.0.problem.is_of_the_value() => {
                write!(f, ": {}", source.message())?;
            }
            Some(source) => write!(f, ": {source}")?,
            None if self.0.accepted.is_empty() => {}
            None => write!(f, "; accepted: {}", self.0.accepted)?,
        }
        if !self.0.settings.is_empty() {
            write!(f, "; its settings: {}", self.0.settings.join(", "))?;
        }
        self.0.nearest.as_ref().map_or(Ok(()), |nearest| write!(f, "; nearest: {nearest}"))
    }
}

impl StdError for ConfigError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_ref().and_then(StdError::source)
    }
}

/// Everything that is wrong with a configuration: at least one error, one a line.
pub struct ConfigErrors(Vec<ConfigError>);

impl ConfigErrors {
    /// Errors, at least one.
    pub(crate) const fn new(errors: Vec<ConfigError>) -> Self {
        Self(errors)
    }

    /// `Ok` when there is nothing wrong, neither with the choices nor with anything else. Where a chosen backend isn't
    /// compiled in, its settings are no news.
    pub(crate) fn check(mut choices: Vec<ConfigError>, mut others: Vec<ConfigError>) -> Result<(), Self> {
        let left_out = |other: &ConfigError| {
            let backend = other.0.backend;
            !backend.is_empty() && choices.iter().any(|choice| choice.0.backend == backend)
        };
        others.retain(|other| !left_out(other));
        choices.append(&mut others);
        if choices.is_empty() { Ok(()) } else { Err(Self(choices)) }
    }

    /// Each of them, that of `RATE_LIMITER` first.
    pub fn iter(&self) -> std::slice::Iter<'_, ConfigError> {
        self.0.iter()
    }
}

impl<'a> IntoIterator for &'a ConfigErrors {
    type Item = &'a ConfigError;
    type IntoIter = std::slice::Iter<'a, ConfigError>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.iter().enumerate() {
            let line_end = if index == 0 { "" } else { "\n" };
            write!(f, "{line_end}{error}")?;
        }
        Ok(())
    }
}

/// The same lines as [`Display`](fmt::Display), below one another: it is what a program shows whose `main` returns it.
impl fmt::Debug for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.iter().try_for_each(|error| write!(f, "\n  {error}"))
    }
}

impl StdError for ConfigErrors {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.first().and_then(StdError::source)
    }
}

impl From<ConfigErrors> for Error {
    /// An error of kind [`Config`](ErrorKind::Config) with the same lines.
    fn from(errors: ConfigErrors) -> Self {
        Self::new(ErrorKind::Config, errors.to_string())
    }
}
