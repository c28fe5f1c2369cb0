//! From the environment to [`Limiters`].

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::time::Duration;

use limiter_core::{Backend, Error, ErrorKind, Result};
use tokio::runtime::Handle;
use tokio::time::timeout;

use crate::error::{ConfigError, ConfigErrors, ConfigProblem};
use crate::limiters::{DEFAULT, Limiters, Origin};
use crate::registration::Registration;
use crate::registry::{Registry, left_out};
use crate::settings::{Settings, missing};
use crate::vars::{RATE_LIMITER, Vars};

/// How long a backend may take until it is usable.
const START: Duration = Duration::from_secs(10);

/// Builds [`Limiters`] from the environment of this process: see [`Factory::from_env`].
///
/// # Errors
/// Everything that is wrong, at once.
pub fn from_env() -> impl Future<Output = Result<Limiters, ConfigErrors>> + Send {
    Factory::new().from_env()
}

/// Builds [`Limiters`] from variables that are handed in: see [`Factory::from_vars`].
///
/// # Errors
/// Everything that is wrong, at once.
pub fn from_vars<K, V>(
    vars: impl IntoIterator<Item = (K, V)>,
) -> impl Future<Output = Result<Limiters, ConfigErrors>> + Send
where
    K: Into<OsString>,
    V: Into<OsString>,
{
    Factory::new().from_vars(vars)
}

/// Which backends can be chosen, and which is chosen when nobody chooses.
///
/// Without a default, `RATE_LIMITER` must be set:
///
/// ```
/// use limiter_factory::{ConfigProblem, Factory};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), limiter_factory::ConfigErrors> {
/// let nothing: [(&str, &str); 0] = [];
/// let errors = Factory::new().from_vars(nothing).await.unwrap_err();
/// assert_eq!(errors.iter().next().map(|error| error.problem()), Some(ConfigProblem::Unset));
///
/// let limiters = Factory::new().default_backend("memory").from_vars(nothing).await?;
/// assert_eq!(limiters.name(), "memory");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "a factory builds nothing until it is asked to"]
pub struct Factory {
    registry: Registry,
    default: Option<String>,
}

impl Default for Factory {
    fn default() -> Self {
        Self::new()
    }
}

impl Factory {
    /// A factory of the backends that are compiled in, without a default.
    pub fn new() -> Self {
        Self { registry: Registry::compiled_in(), default: None }
    }

    /// The backend to take while `RATE_LIMITER` isn't set. The only way to a default; a variable that is empty
    /// or misspelt stays an error.
    pub fn default_backend(mut self, name: impl Into<String>) -> Self {
        self.default = Some(name.into());
        self
    }

    /// Makes a backend of one's own known, so that `RATE_LIMITER` can choose it.
    pub fn register(mut self, registration: Registration) -> Self {
        self.registry.add(registration);
        self
    }

    /// Builds the backend that `RATE_LIMITER` names, from its variables in the environment of this
    /// process, and waits until its store answers. To be called within a tokio runtime with its timer enabled.
    ///
    /// # Behavior
    /// As [`Factory::from_vars`].
    ///
    /// # Errors
    /// As [`Factory::from_vars`].
    ///
    /// # Cancellation
    /// A dropped future leaves nothing behind but what the backend's own start does.
    pub fn from_env(self) -> impl Future<Output = Result<Limiters, ConfigErrors>> + Send {
        self.from_vars(std::env::vars_os())
    }

    /// Builds the backend that `RATE_LIMITER` names, from variables that are handed in.
    ///
    /// # Behavior
    /// `RATE_LIMITER` is taken as it stands: surrounding whitespace and another case make another name. The
    /// values of settings are trimmed. `LIMITER_*` settings of a backend that isn't chosen must be well-formed too and
    /// are then left unused, so that one environment can serve both sides of a change; [`Limiters::describe`] lists
    /// them. Settings with other names, `REDIS_URL` say, may be somebody else's and are passed by then. What Kubernetes sets for a Service called `limiter` is nobody's setting; for one called
    /// `limiter-something` it can't be told from a slip and is refused (`enableServiceLinks: false` ends that).
    /// Any other variable is passed by unread, whatever bytes it has. Of two with one name the later counts.
    ///
    /// # Errors
    /// Everything that is wrong with the variables, at once: see [`ConfigProblem`]. When nothing is, that the
    /// backend refused its settings, or that its store didn't answer within 10 s.
    ///
    /// # Cancellation
    /// As [`Factory::from_env`].
    pub fn from_vars<K, V>(
        self,
        vars: impl IntoIterator<Item = (K, V)>,
    ) -> impl Future<Output = Result<Limiters, ConfigErrors>> + Send
    where
        K: Into<OsString>,
        V: Into<OsString>,
    {
        let vars = vars.into_iter().map(|(name, value)| (name.into(), value.into()));
        let vars = Vars::pick(vars, &self.registry.shared_variables());
        let plan = self.plan(&vars);
        async move { plan?.carry_out().await }
    }

    /// Decides what to build, or finds everything that is wrong.
    fn plan(&self, vars: &Vars) -> Result<Plan, ConfigErrors> {
        let mut errors = self.registry.check();
        if let (Some(_), Some(Err(error))) = (&vars.choice, self.named_by_default()) {
            errors.push(error);
        }
        let chosen = self.choose(vars);
        let backend = chosen.as_ref().ok().map(|(registration, _)| *registration);
        let settings = Settings::read(vars, &self.registry, backend, &mut errors);
        let (registration, origin) = match chosen {
            Ok(chosen) => chosen,
            Err(error) => return Err(ConfigErrors::with_first(error, errors)),
        };
        errors.extend(missing(vars, registration));
        ConfigErrors::check(errors)?;
        Ok(Plan {
            registration: registration.clone(),
            held: settings.of(registration),
            origin,
            unused: settings.unused(registration),
        })
    }

    fn choose(&self, vars: &Vars) -> Result<(&Registration, Origin), ConfigError> {
        let wrong = |problem| ConfigError::new(problem, RATE_LIMITER).with_accepted(self.registry.names());
        match (&vars.choice, self.named_by_default()) {
            (Some(choice), _) => {
                let name = choice.to_str().ok_or_else(|| wrong(ConfigProblem::NotUnicode))?;
                if name.is_empty() {
                    return Err(wrong(ConfigProblem::Empty));
                }
                self.named(RATE_LIMITER, name).map(|found| (found, Origin::Environment))
            }
            (None, Some(default)) if !vars.choice_is_in_wrong_case() => {
                default.map(|found| (found, Origin::Default))
            }
            (None, _) => Err(wrong(ConfigProblem::Unset).with_set_instead(vars.lookalike.as_deref())),
        }
    }

    fn named_by_default(&self) -> Option<Result<&Registration, ConfigError>> {
        self.default.as_deref().map(|name| self.named(DEFAULT, name))
    }

    /// The backend of a name, which stands in a variable or in the program.
    fn named(&self, variable: &str, name: &str) -> Result<&Registration, ConfigError> {
        if let Some(found) = self.registry.find(name) {
            return Ok(found);
        }
        let error = match left_out(&self.registry, name) {
            Some(backend) => ConfigError::not_compiled_in(variable, backend),
            None => ConfigError::new(ConfigProblem::UnknownBackend, variable)
                .with_nearest(self.registry.nearest_name(name)),
        };
        Err(error.with_value(name).with_accepted(self.registry.names()))
    }
}

/// What is to be built: every variable has been found acceptable.
struct Plan {
    registration: Registration,
    /// What its variables hold.
    held: BTreeMap<String, String>,
    origin: Origin,
    unused: Vec<String>,
}

impl Plan {
    async fn carry_out(self) -> Result<Limiters, ConfigErrors> {
        let name = self.registration.name().to_owned();
        let started = start(&self.registration, &self.held).await;
        started.map(|backend| Limiters::new(backend, self.origin, &self.unused)).map_err(|error| {
            ConfigError::new(ConfigProblem::StartFailed, self.origin.variable())
                .with_value(&name)
                .with_settings(self.held.into_keys().collect())
                .with_source(error)
                .into()
        })
    }
}

/// Builds a backend and waits until its store answers.
async fn start(registration: &Registration, held: &BTreeMap<String, String>) -> Result<Backend> {
    if Handle::try_current().is_err() {
        return Err(Error::new(ErrorKind::Config, "a backend starts within a tokio runtime only"));
    }
    let answering = async {
        let mut backend = registration.build(held).await?;
        registration.name().clone_into(&mut backend.name);
        backend.control.ping().await?;
        Ok(backend)
    };
    match timeout(START, answering).await {
        Ok(started) => started,
        Err(_) => Err(Error::new(ErrorKind::Timeout, format!("it doesn't answer within {START:?}"))),
    }
}
