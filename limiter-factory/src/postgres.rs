//! The backend that counts in PostgreSQL.

use std::time::Duration;

use limiter_core::{Backend, Error, ErrorKind, Result};
use limiter_postgres::{Config, Durability, Migrate, Options, backend};
use serde::Deserialize;

use crate::registration::Registration;
use crate::setting::Setting;

const URL: &str = "postgres://user[:password]@host[:port][/database], its encryption by sslmode, or a socket's folder as \
                   postgres://user@/database?host=/run/postgresql";
const SCHEMA: &str = "1 to 40 of a-z 0-9 _ from a letter or _ on, not pg_…, public or information_schema";

#[derive(Deserialize)]
struct Settings {
    database_url: String,
    #[serde(default)]
    limiter_prefix: Option<Prefix>,
    #[serde(default)]
    limiter_strict: bool,
    #[serde(default)]
    limiter_schema: Option<Schema>,
    #[serde(default)]
    limiter_migrate: Option<MigrateName>,
    #[serde(default)]
    limiter_durability: Option<DurabilityName>,
    #[serde(default)]
    limiter_pgbouncer: bool,
    #[serde(default)]
    pool_size: Option<u32>,
    #[serde(default)]
    sweep_seconds: Option<u64>,
}

/// A prefix that may be.
#[derive(Deserialize)]
#[serde(try_from = "String")]
struct Prefix(String);

impl TryFrom<String> for Prefix {
    type Error = Error;

    fn try_from(prefix: String) -> Result<Self> {
        Options::default().with_prefix(&prefix).map(|_| Self(prefix))
    }
}

/// A schema that may be.
#[derive(Deserialize)]
#[serde(try_from = "String")]
struct Schema(String);

impl TryFrom<String> for Schema {
    type Error = Error;

    fn try_from(schema: String) -> Result<Self> {
        Options::default().with_schema(&schema).map(|_| Self(schema))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum MigrateName {
    Auto,
    Check,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum DurabilityName {
    Strict,
    Relaxed,
}

pub(crate) fn registration() -> Registration {
    let url = Setting::named("DATABASE_URL", URL).checked(check_url).required();
    let prefix = Setting::named("LIMITER_PREFIX", "1 to 40 of A-Z a-z 0-9 _ . : -").with_default("none");
    let schema = Setting::named("LIMITER_SCHEMA", SCHEMA).with_default(Options::default().schema());
    let durability = Setting::named("LIMITER_DURABILITY", "strict or relaxed");
    Registration::new("postgres", connect)
        .with_setting(url.with_schemes(["postgres", "postgresql"]))
        .with_setting(prefix)
        .with_setting(Setting::named("LIMITER_STRICT", "true or false").with_default("false"))
        .with_setting(schema)
        .with_setting(Setting::named("LIMITER_MIGRATE", "auto or check").with_default("auto"))
        .with_setting(durability.with_default("slots and quotas strict, rates relaxed"))
        .with_setting(Setting::named("LIMITER_PGBOUNCER", "true or false").with_default("false"))
        .with_setting(pool_size())
        .with_setting(sweep_seconds())
}

fn pool_size() -> Setting {
    let size = Options::default().pool_size().to_string();
    Setting::number("POOL_SIZE", "connections", 2..=1000).with_default(size)
}

fn sweep_seconds() -> Setting {
    let every = Options::default().sweep_every().map_or(0, |every| every.as_secs()).to_string();
    Setting::number("SWEEP_SECONDS", "seconds from sweep to sweep (0: none)", 0..=86_400).with_default(every)
}

async fn connect(settings: Settings) -> Result<Backend> {
    let config = Config::new(&settings.database_url)?;
    let options = settings.onto(config.options().clone())?;
    backend(config.with_options(options)).await
}

impl Settings {
    /// What is set, over the defaults and what the URL says.
    fn onto(&self, mut options: Options) -> Result<Options> {
        if let Some(Prefix(prefix)) = &self.limiter_prefix {
            options = options.with_prefix(prefix)?;
        }
        if let Some(Schema(schema)) = &self.limiter_schema {
            options = options.with_schema(schema)?;
        }
        if let Some(size) = self.pool_size {
            options = options.with_pool_size(size)?;
        }
        if let Some(seconds) = self.sweep_seconds {
            options = options.with_sweep_every((seconds > 0).then_some(Duration::from_secs(seconds)))?;
        }
        options = match &self.limiter_durability {
            Some(DurabilityName::Strict) => options.with_durability(Durability::Strict),
            Some(DurabilityName::Relaxed) => options.with_durability(Durability::Relaxed),
            None => options,
        };
        let migrate = match &self.limiter_migrate {
            Some(MigrateName::Check) => Migrate::Check,
            Some(MigrateName::Auto) | None => Migrate::Auto,
        };
        Ok(options
            .with_migrate(migrate)
            .with_strict(self.limiter_strict)
            .with_pgbouncer(self.limiter_pgbouncer))
    }
}

fn check_url(url: &str) -> Result<()> {
    let config = Config::new(url)?;
    if config.is_encrypted() && cfg!(not(feature = "postgres-tls")) {
        let text = "this build has no TLS; accepted: a URL with sslmode=disable where its network is trusted, or \
                    limiter-factory built with the feature \"postgres-tls\"";
        return Err(Error::new(ErrorKind::Config, text));
    }
    Ok(())
}
