//! From the environment to [`Limiters`].

use std::ffi::OsString;

use crate::error::ConfigErrors;
use crate::limiters::Limiters;
use crate::plan::plan;
use crate::registration::Registration;
use crate::registry::Registry;
use crate::start::start;
use crate::variable::{Variable, variables};
use crate::vars::Vars;

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

    /// The backend to take while `RATE_LIMITER` isn't set. The only way to a default; a variable that is empty stays an
    /// error, and so does one with a slip in its name that holds a backend.
    pub fn default_backend(mut self, name: impl Into<String>) -> Self {
        self.default = Some(name.into());
        self
    }

    /// Makes a backend of one's own known, so that `RATE_LIMITER` can choose it.
    pub fn register(mut self, registration: Registration) -> Self {
        self.registry.add(registration);
        self
    }

    /// Builds what the environment of this process chooses, and waits until each store answers. To be called within a tokio runtime with its timer enabled.
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

    /// Builds what the variables that are handed in choose.
    ///
    /// # Behavior
    /// `RATE_LIMITER` says where the counts live, and `SLOT_LIMITER` and `QUOTA_TRACKER` where those of the slots and the
    /// quotas do if not there. Each is taken as it stands: surrounding whitespace and another case make another name.
    /// Two choices of one backend with the same settings are one store. A URL in a choice goes before the setting that
    /// it is read as; where that is ours alone, a different value in it is a contradiction.
    ///
    /// The values of settings are trimmed. `LIMITER_*` settings of a backend that isn't chosen must be well-formed too and
    /// are then left unused, so that one environment can serve both sides of a change; [`Limiters::describe`] lists
    /// them. Settings with other names, `REDIS_URL` say, may be somebody else's and are passed by then.
    ///
    /// What Kubernetes sets for a Service called `limiter` is nobody's setting, and so is what it sets for one called
    /// `limiter-something`, known by its host and port together. Any other variable is passed by unread, whatever bytes
    /// it has, unless its name is a slip of one of ours. Of two with one name the later counts.
    ///
    /// # Errors
    /// Everything that is wrong with the variables, at once: see [`ConfigProblem`](crate::ConfigProblem). When nothing is,
    /// each backend that refused its settings or whose store didn't answer within 10 s; those that did are shut down.
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
        let vars = Vars::pick(vars, &self.registry.settings());
        let plan = plan(&vars, &self.registry, self.default.as_deref());
        async move { start(plan?).await }
    }

    /// Every variable that is read: the choices, the settings of the layers, then those of each backend that can be
    /// chosen.
    ///
    /// ```
    /// for variable in limiter_factory::Factory::new().variables() {
    ///     println!("{variable}");
    /// }
    /// ```
    pub fn variables(&self) -> Vec<Variable> {
        variables(&self.registry)
    }
}
