//! The backend that counts in Redis or Valkey.

use limiter_core::{Backend, Error, ErrorKind, Result};
use limiter_redis::{Config, Options, backend};
use serde::Deserialize;

use crate::registration::Registration;
use crate::setting::Setting;

const URL: &str = "redis://[[user]:password@]host[:port][/database], redis+sentinel://host,host/service, \
                   redis+cluster://host,host, with TLS rediss:// and the like, or valkey in the place of redis";

/// The schemes of `limiter_redis::Config`; a test holds the two to each other.
const SCHEMES: [&str; 12] = [
    "redis",
    "rediss",
    "redis+sentinel",
    "rediss+sentinel",
    "redis+cluster",
    "rediss+cluster",
    "valkey",
    "valkeys",
    "valkey+sentinel",
    "valkeys+sentinel",
    "valkey+cluster",
    "valkeys+cluster",
];

#[derive(Deserialize)]
struct Settings {
    redis_url: String,
    #[serde(default)]
    limiter_prefix: Prefix,
    #[serde(default)]
    limiter_strict: bool,
}

/// A prefix that may be.
#[derive(Deserialize)]
#[serde(try_from = "String")]
struct Prefix(String);

impl Default for Prefix {
    fn default() -> Self {
        Self(Options::default().prefix().to_owned())
    }
}

impl TryFrom<String> for Prefix {
    type Error = Error;

    fn try_from(prefix: String) -> Result<Self> {
        Options::default().with_prefix(&prefix).map(|_| Self(prefix))
    }
}

pub(crate) fn registration() -> Registration {
    let url = Setting::named("REDIS_URL", URL).checked(check_url).required().with_schemes(SCHEMES);
    let prefix = Setting::named("LIMITER_PREFIX", "1 to 40 of A-Z a-z 0-9 _ . : -");
    Registration::new("redis", connect)
        .with_setting(url)
        .with_setting(prefix.with_default(Options::default().prefix()))
        .with_setting(Setting::named("LIMITER_STRICT", "true or false").with_default("false"))
}

async fn connect(settings: Settings) -> Result<Backend> {
    let config = Config::new(&settings.redis_url)?;
    let options = config.options().clone().with_prefix(&settings.limiter_prefix.0)?;
    backend(config.with_options(options.with_strict(settings.limiter_strict))).await
}

fn check_url(url: &str) -> Result<()> {
    let config = Config::new(url)?;
    if config.is_encrypted() && cfg!(not(feature = "redis-tls")) {
        let text = "this build has no TLS; accepted: a URL without it, or limiter-factory built with the feature \
                    \"redis-tls\"";
        return Err(Error::new(ErrorKind::Config, text));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scheme_is_one_of_the_backends() {
        for scheme in SCHEMES {
            let behind = if scheme.ends_with("sentinel") { "host/service" } else { "host" };
            assert!(Config::new(&format!("{scheme}://{behind}")).is_ok(), "{scheme}");
        }
    }
}
