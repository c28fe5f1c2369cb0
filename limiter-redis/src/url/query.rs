//! The parameters behind the `?`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use limiter_remote::quoted;
use limiter_remote::url::{Fault, decode};

use super::scheme::{Kind, Scheme};
use crate::options::{TIMEOUTS, timeout_in_range};
use crate::target::{Login, Tls};

pub(super) const CONNECT_TIMEOUT: &str = "connect_timeout";
pub(super) const RESPONSE_TIMEOUT: &str = "response_timeout";
pub(super) const CA: &str = "ca";
pub(super) const CERT: &str = "cert";
pub(super) const KEY: &str = "key";
pub(super) const SENTINEL_USER: &str = "sentinel_user";
pub(super) const SENTINEL_PASSWORD: &str = "sentinel_password";

const FOR_ALL: [&str; 2] = [CONNECT_TIMEOUT, RESPONSE_TIMEOUT];
const FOR_TLS: [&str; 3] = [CA, CERT, KEY];
const FOR_SENTINEL: [&str; 2] = [SENTINEL_USER, SENTINEL_PASSWORD];

/// The parameters that were given and haven't been taken yet.
#[derive(Default)]
pub(super) struct Query(BTreeMap<&'static str, String>);

impl Query {
    /// Reads every parameter, all of which the scheme must know.
    pub(super) fn read(query: Option<&str>, scheme: Scheme) -> Result<Self, Fault> {
        let mut read = Self::default();
        for pair in query.into_iter().flat_map(|query| query.split('&')) {
            let (name, value) = read.known(pair, scheme)?;
            let part = format!("the parameter {name}");
            if value.is_empty() {
                return Err(Fault::new(format!("{part} is empty"), "a value, or no such parameter"));
            }
            if read.0.insert(name, decode(value, &part)?).is_some() {
                return Err(Fault::new(format!("{part} stands there twice"), "it once"));
            }
        }
        Ok(read)
    }

    pub(super) fn timeout(&mut self, name: &'static str) -> Result<Option<Duration>, Fault> {
        let Some(value) = self.0.remove(name) else { return Ok(None) };
        let timeout = duration(&value).filter(|timeout| timeout_in_range(*timeout));
        timeout.map(Some).ok_or_else(|| {
            let accepted = format!("{TIMEOUTS}, such as 500ms or 2s");
            Fault::held(&format!("the parameter {name}"), &value, &accepted)
        })
    }

    pub(super) fn tls(&mut self, scheme: Scheme) -> Result<Option<Tls>, Fault> {
        let mut file = |name| self.0.remove(name).map(PathBuf::from);
        let alone = |name, other| {
            Fault::new(format!("the parameter {name} stands without {other}"), "both or neither")
        };
        let ca = file(CA);
        let client = match (file(CERT), file(KEY)) {
            (Some(cert), Some(key)) => Some((cert, key)),
            (None, None) => None,
            (Some(_), None) => return Err(alone(CERT, KEY)),
            (None, Some(_)) => return Err(alone(KEY, CERT)),
        };
        Ok(scheme.tls.then_some(Tls { ca, client }))
    }

    pub(super) fn sentinel_login(&mut self) -> Result<Login, Fault> {
        let (user, password) = (self.0.remove(SENTINEL_USER), self.0.remove(SENTINEL_PASSWORD));
        if user.is_some() && password.is_none() {
            let what = format!("the parameter {SENTINEL_USER} stands without {SENTINEL_PASSWORD}");
            return Err(Fault::new(what, "both, only the password, or neither"));
        }
        Ok(Login { user, password })
    }

    /// The name of a parameter, if it is one, and its value as it was written.
    fn known<'a>(&self, pair: &'a str, scheme: Scheme) -> Result<(&'static str, &'a str), Fault> {
        let names = accepted(scheme);
        let Some((given, value)) = pair.split_once('=') else {
            let accepted = format!("name=value, several joined by &, of {}", names.join(", "));
            return Err(Fault::new("a parameter has no value", &accepted));
        };
        if let Some(name) = names.iter().find(|name| **name == given) {
            return Ok((name, value));
        }
        if let Some(name) = FOR_TLS.iter().find(|name| **name == given) {
            return Err(Fault::new(format!("the parameter {name} is set"), "it with TLS only (rediss://)"));
        }
        if let Some(name) = FOR_SENTINEL.iter().find(|name| **name == given) {
            let accepted = "it with sentinels only (redis+sentinel://)";
            return Err(Fault::new(format!("the parameter {name} is set"), accepted));
        }
        // A password with an & in it goes on as if it were another parameter.
        let shown = !self.0.contains_key(SENTINEL_PASSWORD);
        let unknown = Fault::new(format!("the parameter {} is unknown", quoted(given)), &names.join(", "));
        Err(unknown.or_hidden("a parameter is unknown".to_owned()).shown_if(shown))
    }
}

/// The parameters that a scheme knows.
fn accepted(scheme: Scheme) -> Vec<&'static str> {
    let mut names = FOR_ALL.to_vec();
    if scheme.tls {
        names.extend(FOR_TLS);
    }
    if scheme.kind == Kind::Sentinel {
        names.extend(FOR_SENTINEL);
    }
    names
}

/// `500ms` or `2s`.
fn duration(text: &str) -> Option<Duration> {
    let unit = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(unit);
    let number = number.parse().ok()?;
    match unit {
        "ms" => Some(Duration::from_millis(number)),
        "s" => Some(Duration::from_secs(number)),
        _ => None,
    }
}
