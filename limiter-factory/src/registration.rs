//! How a backend makes itself known: its name, its settings, and what builds it.

use std::fmt;
use std::future::ready;
use std::ops::RangeInclusive;
use std::pin::Pin;
use std::sync::Arc;

use limiter_core::{Backend, Error, ErrorKind, Result};
use serde::de::DeserializeOwned;

type Building = Pin<Box<dyn Future<Output = Result<Backend>> + Send>>;
/// The settings as `(variable, value)`, whole names and trimmed values.
type Given = Vec<(String, String)>;

/// A setting of a backend: one variable, and what it accepts.
///
/// The backend `redis` with a setting `URL` reads `LIMITER_REDIS_URL` into the field `url`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    name: String,
    accepted: String,
    range: Option<RangeInclusive<u64>>,
    required: bool,
}

impl Setting {
    /// A setting by the last part of its variable's name, and in words what it accepts.
    pub fn new(name: impl Into<String>, accepted: impl Into<String>) -> Self {
        Self { name: name.into(), accepted: accepted.into(), range: None, required: false }
    }

    /// A setting that is a whole number of something, within a range.
    pub fn number(name: impl Into<String>, of_what: &str, range: RangeInclusive<u64>) -> Self {
        let (least, most) = (range.start(), range.end());
        let accepted = format!("a whole number of {of_what}, {least} to {most}");
        Self { range: Some(range), ..Self::new(name, accepted) }
    }

    /// The same setting, without which the backend can't be built.
    #[must_use]
    pub fn required(mut self) -> Self {
        self.required = true;
        self
    }

    pub(crate) fn accepted(&self) -> &str {
        &self.accepted
    }

    pub(crate) const fn is_required(&self) -> bool {
        self.required
    }

    fn in_range(&self, value: &str) -> bool {
        let within = |range: &RangeInclusive<u64>| value.parse().is_ok_and(|number| range.contains(&number));
        self.range.as_ref().is_none_or(within)
    }
}

/// A backend that a [`Factory`](crate::Factory) can build: its name, its settings, and the function that builds
/// it. The backends of this package are registered in the same way.
///
/// ```
/// use limiter_factory::{Backend, Factory, Registration, Result, Setting};
///
/// #[derive(serde::Deserialize)]
/// struct Config {
///     table: String,
/// }
///
/// async fn connect(config: Config) -> Result<Backend> {
///     // Here stands what reaches the store; this one counts in the process.
///     # drop(config);
///     limiter_memory::backend(limiter_memory::Config::default())
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), limiter_factory::ConfigErrors> {
/// let dynamo = Registration::new("dynamo", connect)
///     .with_setting(Setting::new("TABLE", "the name of a table").required());
/// let limiters = Factory::new()
///     .register(dynamo)
///     .from_vars([("RATE_LIMITER", "dynamo"), ("LIMITER_DYNAMO_TABLE", "limits")])
///     .await?;
/// assert!(limiters.describe().contains("from RATE_LIMITER"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Registration {
    name: String,
    settings: Vec<Setting>,
    reader: Arc<dyn Reader>,
}

impl Registration {
    /// A backend by the name that `RATE_LIMITER` calls it, 1 to 32 of `a-z 0-9 -` from a letter on, and what
    /// builds it from its settings. `build` answers once the backend is usable.
    ///
    /// `C` is read from the backend's variables by the names of its fields. Fields whose settings aren't
    /// required need a default. A backend without settings reads a struct without fields.
    pub fn new<C, B, F>(name: impl Into<String>, build: B) -> Self
    where
        C: DeserializeOwned + Send + 'static,
        B: Fn(C) -> F + Send + Sync + 'static,
        F: Future<Output = Result<Backend>> + Send + 'static,
    {
        let build = move |config: C| -> Building { Box::pin(build(config)) };
        Self {
            name: name.into(),
            settings: Vec::new(),
            reader: Arc::new(Typed(build, std::marker::PhantomData)),
        }
    }

    /// The same backend with a setting more.
    #[must_use]
    pub fn with_setting(mut self, setting: Setting) -> Self {
        self.settings.push(setting);
        self
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What the names of its variables start with.
    pub(crate) fn prefix(&self) -> String {
        prefix_of(&self.name)
    }

    /// Each setting with the whole name of its variable.
    pub(crate) fn variables(&self) -> impl Iterator<Item = (String, &Setting)> {
        let prefix = self.prefix();
        self.settings.iter().map(move |setting| (format!("{prefix}{}", setting.name), setting))
    }

    /// Whether one of its variables holds what the setting accepts, all others left aside.
    pub(crate) fn accepts(&self, variable: &str, setting: &Setting, value: &str) -> bool {
        let given = vec![(variable.to_owned(), value.to_owned())];
        setting.in_range(value) && self.reader.reads(&self.prefix(), given)
    }

    /// Builds the backend from its variables, which have been found acceptable one by one.
    pub(crate) fn build(&self, given: Given) -> Building {
        self.reader.build(&self.prefix(), given)
    }
}

/// What the names of a backend's variables start with.
pub(crate) fn prefix_of(backend: &str) -> String {
    format!("{}{}_", crate::vars::PREFIX, backend.to_uppercase().replace('-', "_"))
}

/// Reads settings into a type that only the registration knows.
trait Reader: Send + Sync {
    /// Whether what is given can be read, be it that more is required.
    fn reads(&self, prefix: &str, given: Given) -> bool;

    fn build(&self, prefix: &str, given: Given) -> Building;
}

struct Typed<C, B>(B, std::marker::PhantomData<fn() -> C>);

impl<C, B> Reader for Typed<C, B>
where
    C: DeserializeOwned,
    B: Fn(C) -> Building + Send + Sync,
{
    fn reads(&self, prefix: &str, given: Given) -> bool {
        let read = envy::prefixed(prefix).from_iter::<_, C>(given);
        matches!(read, Ok(_) | Err(envy::Error::MissingValue(_)))
    }

    fn build(&self, prefix: &str, given: Given) -> Building {
        match envy::prefixed(prefix).from_iter(given) {
            Ok(config) => (self.0)(config),
            Err(envy::Error::MissingValue(field)) => refuse(&format!("the setting {field:?} is missing")),
            // The reader's own text would show values, secrets among them.
            Err(envy::Error::Custom(_)) => refuse("its settings can't be read together"),
        }
    }
}

fn refuse(why: &str) -> Building {
    Box::pin(ready(Err(Error::new(ErrorKind::Config, why))))
}

impl fmt::Debug for Registration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registration")
            .field("name", &self.name)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}
