//! How a backend makes itself known: its name, its settings, and what builds it.

use std::collections::BTreeMap;
use std::fmt;
use std::future::ready;
use std::pin::Pin;
use std::sync::Arc;

use limiter_core::{Backend, Error, ErrorKind, Result};
use serde::de::DeserializeOwned;

use crate::setting::Setting;

type Building = Pin<Box<dyn Future<Output = Result<Backend>> + Send>>;
/// The settings as `(field, value)`, the values trimmed.
type Given = Vec<(String, String)>;

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
    /// `C` is read from the backend's variables by the names of its fields: see [`Setting`]. Fields whose settings aren't
    /// required need a default. A backend without settings reads a struct without fields. Each value is read alone, so
    /// that a wrong one is told by its variable, and where that fails all together: a type may check several fields at
    /// once, but then it is told of each of them that it is wrong. `build` can say more.
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

    /// Each setting with the whole name of its variable.
    pub(crate) fn variables(&self) -> impl Iterator<Item = (String, &Setting)> + use<'_> {
        let prefix = prefix_of(&self.name);
        self.settings.iter().map(move |setting| (setting.variable(&prefix), setting))
    }

    /// The whole name of a setting's variable.
    pub(crate) fn variable_of(&self, setting: &Setting) -> String {
        setting.variable(&prefix_of(&self.name))
    }

    /// The setting that a URL in the place of the name is read as.
    pub(crate) fn url_setting(&self) -> Option<&Setting> {
        self.settings.iter().find(|setting| !setting.schemes().is_empty())
    }

    pub(crate) fn has_scheme(&self, scheme: &str) -> bool {
        self.settings.iter().any(|setting| setting.schemes().iter().any(|own| own == scheme))
    }

    /// How a URL begins that chooses it.
    pub(crate) fn url_in_words(&self) -> String {
        match self.url_setting().and_then(|setting| setting.schemes().first()) {
            Some(scheme) => format!("{scheme}://…"),
            None => format!("{}://", self.name),
        }
    }

    /// Whether the value of one setting is what its field accepts, all others left aside or together with what is held.
    /// A type may check several fields at once, so that one alone is refused though nothing is wrong with it.
    pub(crate) fn accepts(&self, setting: &Setting, value: &str, held: &BTreeMap<String, String>) -> bool {
        let reads = |given| self.reader.reads(given);
        setting.in_range(value)
            && (reads(vec![(setting.field(), value.to_owned())]) || reads(self.given(held)))
    }

    /// Builds the backend from what its variables hold, or a URL in the place of one. It has been found acceptable.
    pub(crate) fn build(&self, held: &BTreeMap<String, String>) -> Building {
        self.reader.build(self.given(held))
    }

    fn given(&self, held: &BTreeMap<String, String>) -> Given {
        let given = |(variable, setting): (String, &Setting)| {
            held.get(&variable).map(|value| (setting.field(), value.clone()))
        };
        self.variables().filter_map(given).collect()
    }
}

/// What the names of a backend's variables start with.
pub(crate) fn prefix_of(backend: &str) -> String {
    format!("{}{}_", crate::vars::PREFIX, backend.to_uppercase().replace('-', "_"))
}

/// Reads settings into a type that only the registration knows.
trait Reader: Send + Sync {
    /// Whether what is given can be read, be it that more is required.
    fn reads(&self, given: Given) -> bool;

    fn build(&self, given: Given) -> Building;
}

struct Typed<C, B>(B, std::marker::PhantomData<fn() -> C>);

impl<C, B> Reader for Typed<C, B>
where
    C: DeserializeOwned,
    B: Fn(C) -> Building + Send + Sync,
{
    fn reads(&self, given: Given) -> bool {
        let read = envy::from_iter::<_, C>(given);
        matches!(read, Ok(_) | Err(envy::Error::MissingValue(_)))
    }

    fn build(&self, given: Given) -> Building {
        match envy::from_iter(given) {
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
