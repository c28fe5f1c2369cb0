//! A setting of a backend: one variable, and what it accepts.

use std::ops::RangeInclusive;

use limiter_core::Result;

use crate::part::Part;
use crate::vars::PREFIX;

/// What the name of a setting may be, in words.
pub(crate) const NAMES: &str = "1 to 64 of A-Z 0-9 _, a whole name from a letter on and not RATE_LIMITER, SLOT_LIMITER, \
                                QUOTA_TRACKER or a layer's, each once in a backend";

/// A setting of a backend: one variable, and what it accepts.
///
/// The backend `dynamo` with a setting `TABLE` reads `LIMITER_DYNAMO_TABLE` into the field `table`. One that is
/// [`named`](Self::named) `AWS_REGION` reads that variable into the field `aws_region`.
#[derive(Clone, Debug)]
pub struct Setting {
    name: Name,
    accepted: String,
    range: Option<RangeInclusive<u64>>,
    check: Option<fn(&str) -> Result<()>>,
    required: bool,
    secret: bool,
    default: String,
    schemes: Vec<String>,
}

#[derive(Clone, Debug)]
enum Name {
    /// What stands behind the backend's own prefix.
    Last(String),
    Whole(String),
}

impl Setting {
    /// A setting by the last part of its variable's name, 1 to 64 of `A-Z 0-9 _`, and in words what it accepts.
    pub fn new(name: impl Into<String>, accepted: impl Into<String>) -> Self {
        Self {
            name: Name::Last(name.into()),
            accepted: accepted.into(),
            range: None,
            check: None,
            required: false,
            secret: false,
            default: String::new(),
            schemes: Vec::new(),
        }
    }

    /// A setting by the whole name of its variable: 1 to 64 of `A-Z 0-9 _` from a letter on, and not that of a layer's.
    ///
    /// Several backends may have a setting of the same name; each holds its value to its own rules. A name that
    /// begins with `LIMITER_` is ours alone: its value must be accepted by one of those backends, be it that another
    /// is chosen. Any other name may be somebody else's as well, `REDIS_URL` say: it is read where its backend is
    /// chosen, and passed by where it isn't.
    ///
    /// ```
    /// use limiter_factory::{Backend, Factory, Registration, Result, Setting};
    ///
    /// #[derive(serde::Deserialize)]
    /// struct Config {
    ///     aws_region: String,
    ///     #[serde(default)]
    ///     limiter_prefix: Option<String>,
    /// }
    ///
    /// async fn connect(config: Config) -> Result<Backend> {
    ///     // Here stands what reaches the store; this one counts in the process.
    ///     # drop((config.aws_region, config.limiter_prefix));
    ///     limiter_memory::backend(limiter_memory::Config::default())
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), limiter_factory::ConfigErrors> {
    /// let dynamo = Registration::new("dynamo", connect)
    ///     .with_setting(Setting::named("AWS_REGION", "the name of a region").required())
    ///     .with_setting(Setting::named("LIMITER_PREFIX", "what all keys start with"));
    /// let vars = [("RATE_LIMITER", "dynamo"), ("AWS_REGION", "eu-central-1"), ("LIMITER_PREFIX", "shop")];
    /// let limiters = Factory::new().register(dynamo).from_vars(vars).await?;
    /// assert_eq!(limiters.name(), "dynamo");
    /// # Ok(())
    /// # }
    /// ```
    pub fn named(variable: impl Into<String>, accepted: impl Into<String>) -> Self {
        Self { name: Name::Whole(variable.into()), ..Self::new("", accepted) }
    }

    /// A setting that is a whole number of something, within a range.
    pub fn number(name: impl Into<String>, of_what: &str, range: RangeInclusive<u64>) -> Self {
        let (least, most) = (range.start(), range.end());
        let accepted = format!("a whole number of {of_what}, {least} to {most}");
        Self { range: Some(range), ..Self::new(name, accepted) }
    }

    /// The same by the whole name of its variable: see [`Setting::named`].
    pub fn named_number(variable: impl Into<String>, of_what: &str, range: RangeInclusive<u64>) -> Self {
        Self { name: Name::Whole(variable.into()), ..Self::number("", of_what, range) }
    }

    /// The same setting, without which the backend can't be built.
    #[must_use]
    pub fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// The same setting, whose value is hidden in errors. What a check says, or the backend when it doesn't start, is told
    /// as it is.
    ///
    /// Without this a value is shown when it is wrong, unless it looks as if it held a secret: by the variable's name
    /// (`PASS`, `PWD`, `TOKEN`, `SECRET`, `CRED`, `AUTH`, `KEY`, `URL` or `DSN` within it) or by what stands in it (a URL, of
    /// which the scheme is shown; `@`, `pass`, `pwd`, `secret` or `token`).
    ///
    /// ```
    /// use limiter_factory::{Backend, Factory, Registration, Result, Setting};
    ///
    /// #[derive(serde::Deserialize)]
    /// struct Config {
    ///     pin: u32,
    /// }
    ///
    /// async fn connect(config: Config) -> Result<Backend> {
    ///     // Here stands what reaches the store; this one counts in the process.
    ///     # let _ = config.pin;
    ///     limiter_memory::backend(limiter_memory::Config::default())
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let dynamo = Registration::new("dynamo", connect)
    ///     .with_setting(Setting::new("PIN", "a number").required().secret());
    /// let vars = [("RATE_LIMITER", "dynamo"), ("LIMITER_DYNAMO_PIN", "4711 ")];
    /// assert!(Factory::new().register(dynamo.clone()).from_vars(vars).await.is_ok());
    /// let vars = [("RATE_LIMITER", "dynamo"), ("LIMITER_DYNAMO_PIN", "47l1")];
    /// let errors = Factory::new().register(dynamo).from_vars(vars).await.unwrap_err();
    /// assert_eq!(errors.to_string(), "LIMITER_DYNAMO_PIN is [redacted]; accepted: a number");
    /// # }
    /// ```
    #[must_use]
    pub fn secret(mut self) -> Self {
        self.secret = true;
        self
    }

    /// The same setting, whose value must pass a check. What the check's error says is shown in the place of what is
    /// accepted: it tells more, and must tell no secret.
    #[must_use]
    pub fn checked(mut self, check: fn(&str) -> Result<()>) -> Self {
        self.check = Some(check);
        self
    }

    /// The same setting, and what holds where it isn't set, in words for whoever reads
    /// [`Factory::variables`](crate::Factory::variables).
    #[must_use]
    pub fn with_default(mut self, default: impl Into<String>) -> Self {
        self.default = default.into();
        self
    }

    /// The same setting, whose value is a URL with one of these schemes. Such a URL may stand in `RATE_LIMITER`,
    /// `SLOT_LIMITER` and `QUOTA_TRACKER` instead of the backend's name, and is read as this setting then.
    ///
    /// A backend has one such setting at most, and no two backends have a scheme in common: 1 to 32 of
    /// `a-z 0-9 + - .` from a letter on. One that has none can be chosen by its name as a URL, `memory://` say, with
    /// nothing behind it.
    ///
    /// ```
    /// use limiter_factory::{Backend, Factory, Registration, Result, Setting};
    ///
    /// #[derive(serde::Deserialize)]
    /// struct Config {
    ///     url: String,
    /// }
    ///
    /// async fn open(config: Config) -> Result<Backend> {
    ///     // Here stands what opens the file; this one counts in the process.
    ///     # drop(config.url);
    ///     limiter_memory::backend(limiter_memory::Config::default())
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), limiter_factory::ConfigErrors> {
    /// let sqlite = Registration::new("sqlite", open)
    ///     .with_setting(Setting::new("URL", "sqlite://file").required().with_schemes(["sqlite"]));
    /// let factory = Factory::new().register(sqlite);
    /// let by_name = [("RATE_LIMITER", "sqlite"), ("LIMITER_SQLITE_URL", "sqlite://limits.db")];
    /// assert_eq!(factory.clone().from_vars(by_name).await?.name(), "sqlite");
    /// let by_url = [("RATE_LIMITER", "sqlite://limits.db")];
    /// assert_eq!(factory.from_vars(by_url).await?.name(), "sqlite");
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn with_schemes<S: Into<String>>(mut self, schemes: impl IntoIterator<Item = S>) -> Self {
        self.schemes = schemes.into_iter().map(Into::into).collect();
        self
    }

    /// The whole name of the variable, for a backend whose own variables start so.
    pub(crate) fn variable(&self, prefix: &str) -> String {
        match &self.name {
            Name::Last(name) => format!("{prefix}{name}"),
            Name::Whole(name) => name.clone(),
        }
    }

    /// The field that its value is read into.
    pub(crate) fn field(&self) -> String {
        let (Name::Last(name) | Name::Whole(name)) = &self.name;
        name.to_lowercase()
    }

    pub(crate) fn accepted(&self) -> &str {
        &self.accepted
    }

    pub(crate) const fn is_required(&self) -> bool {
        self.required
    }

    pub(crate) const fn is_secret(&self) -> bool {
        self.secret
    }

    /// Empty where nothing was said.
    pub(crate) fn default(&self) -> &str {
        &self.default
    }

    /// The schemes of the URLs that it holds; none where it isn't a URL that may choose the backend.
    pub(crate) fn schemes(&self) -> &[String] {
        &self.schemes
    }

    /// Whether a value that should be a number is one within the range.
    pub(crate) fn in_range(&self, value: &str) -> bool {
        let within = |range: &RangeInclusive<u64>| value.parse().is_ok_and(|number| range.contains(&number));
        self.range.as_ref().is_none_or(within)
    }

    /// What the setting's own check says.
    pub(crate) fn check(&self, value: &str) -> Result<()> {
        self.check.map_or(Ok(()), |check| check(value))
    }

    /// Whether the name that it was given can be.
    pub(crate) fn has_good_name(&self) -> bool {
        let (Name::Last(name) | Name::Whole(name)) = &self.name;
        let allowed = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
        let good = (1..=64).contains(&name.len()) && name.bytes().all(allowed);
        match &self.name {
            Name::Last(_) => good,
            Name::Whole(name) => {
                good && name.starts_with(|first: char| first.is_ascii_uppercase())
                    && Part::of_variable(name).is_none()
                    && name != PREFIX
            }
        }
    }
}
