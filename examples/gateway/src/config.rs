//! How much of what: the `GATEWAY_*` variables.

use std::collections::{BTreeMap, HashSet};
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;
use std::time::Duration;

use limiter_factory::{EXACT, Limit, LimitSet, MAX_PER_CALL, MAX_SUBJECT_BYTES, MAX_TTL, ParseError, Quota};

use crate::address::TrustedProxies;

const PREFIX: &str = "GATEWAY_";

/// What the gateway is set to.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where it listens.
    pub addr: SocketAddr,
    /// Whose `X-Forwarded-For` it believes.
    pub trusted_proxies: TrustedProxies,
    /// Messages of a user, or of an anonymous caller's address.
    pub chat_user_limits: LimitSet,
    /// Messages from an address, whoever sends them.
    pub chat_address_limit: Limit,
    /// Open event streams of a user.
    pub streams_per_user: u64,
    /// Open event streams in all.
    pub streams_total: u64,
    /// How long a stream's slot outlives a gateway that was killed.
    pub stream_ttl: Duration,
    /// Scans of a user at a time.
    pub scans_per_user: u64,
    /// Bytes a user may have scanned.
    pub scan_quota: Quota,
    /// The widget, where there is one.
    pub widget: Option<Widget>,
}

/// What the widget is set to.
#[derive(Clone, Debug)]
pub struct Widget {
    /// The public keys that are real.
    pub keys: HashSet<String>,
    /// Look-ups of a session, or of an address without one.
    pub session_limit: Limit,
    /// Look-ups of a key.
    pub key_limit: Limit,
}

impl Config {
    /// Reads the variables of this process.
    ///
    /// # Errors
    /// Everything that is wrong with them, at once.
    pub fn from_env() -> Result<Self, ConfigErrors> {
        Self::from_vars(std::env::vars_os())
    }

    /// Reads variables that are handed in.
    ///
    /// # Errors
    /// As [`Config::from_env`].
    pub fn from_vars<N, V>(vars: impl IntoIterator<Item = (N, V)>) -> Result<Self, ConfigErrors>
    where
        N: Into<OsString>,
        V: Into<OsString>,
    {
        let mut vars = Vars::pick(vars.into_iter().map(|(name, value)| (name.into(), value.into())));
        let config = read(&mut vars);
        let errors = vars.into_errors();
        match config {
            Ok(config) if errors.0.is_empty() => Ok(config),
            _ => Err(errors),
        }
    }
}

/// Everything that is wrong, one a line: the variable, what it holds, what is accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigErrors(Vec<String>);

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("\n"))
    }
}

impl std::error::Error for ConfigErrors {}

/// Reads every variable before it gives up, so that all errors show at once.
fn read(vars: &mut Vars) -> Result<Config, Noted> {
    let addr = vars.read("GATEWAY_ADDR", "127.0.0.1:8080", address);
    let trusted_proxies = vars.read_or("GATEWAY_TRUSTED_PROXIES", TrustedProxies::default(), proxies);
    let chat_user_limits = vars.read("GATEWAY_CHAT_USER_LIMITS", "5/min; 60/hour", limits);
    let chat_address_limit = vars.read("GATEWAY_CHAT_ADDRESS_LIMIT", "30/min", text);
    let streams_per_user = vars.read("GATEWAY_STREAMS_PER_USER", "5", cap);
    let streams_total = vars.read("GATEWAY_STREAMS_TOTAL", "1000", cap);
    let stream_ttl = vars.read("GATEWAY_STREAM_TTL_SECONDS", "30", ttl);
    let scans_per_user = vars.read("GATEWAY_SCANS_PER_USER", "5", cap);
    let scan_quota = vars.read("GATEWAY_SCAN_QUOTA", "50 GiB/day", text);
    let widget = widget(vars);
    Ok(Config {
        addr: addr?,
        trusted_proxies: trusted_proxies?,
        chat_user_limits: chat_user_limits?,
        chat_address_limit: chat_address_limit?,
        streams_per_user: streams_per_user?,
        streams_total: streams_total?,
        stream_ttl: stream_ttl?,
        scans_per_user: scans_per_user?,
        scan_quota: scan_quota?,
        widget: widget?,
    })
}

/// Without keys there is no widget. Its limits are read all the same: what is wrong stops the start.
fn widget(vars: &mut Vars) -> Result<Option<Widget>, Noted> {
    let keys = vars.read_or("GATEWAY_WIDGET_KEYS", None, |text| keys(text).map(Some));
    let session_limit = vars.read("GATEWAY_WIDGET_SESSION_LIMIT", "3/min counting denied", text);
    let key_limit = vars.read("GATEWAY_WIDGET_KEY_LIMIT", "3/min counting denied", text);
    let (keys, session_limit, key_limit) = (keys?, session_limit?, key_limit?);
    Ok(keys.map(|keys| Widget { keys, session_limit, key_limit }))
}

/// A value that is wrong: why stands among the errors.
struct Noted;

/// The `GATEWAY_*` variables that aren't read yet, the names of those that are, and what is wrong.
struct Vars {
    unread: BTreeMap<String, OsString>,
    known: Vec<&'static str>,
    errors: Vec<String>,
}

impl Vars {
    /// Picks ours: other variables may hold what they like.
    fn pick(vars: impl Iterator<Item = (OsString, OsString)>) -> Self {
        let ours = |(name, value): (OsString, OsString)| {
            let name = name.to_string_lossy().into_owned();
            name.starts_with(PREFIX).then_some((name, value))
        };
        Self { unread: vars.filter_map(ours).collect(), known: Vec::new(), errors: Vec::new() }
    }

    /// A variable's value, or what the text of its default says.
    fn read<T>(&mut self, name: &'static str, default: &str, parse: Parse<T>) -> Result<T, Noted> {
        let value = self.take(name).unwrap_or_else(|| default.into());
        self.parse(name, &value, parse)
    }

    /// A variable's value, or its default.
    fn read_or<T>(&mut self, name: &'static str, default: T, parse: Parse<T>) -> Result<T, Noted> {
        match self.take(name) {
            Some(value) => self.parse(name, &value, parse),
            None => Ok(default),
        }
    }

    fn take(&mut self, name: &'static str) -> Option<OsString> {
        self.known.push(name);
        self.unread.remove(name)
    }

    fn parse<T>(&mut self, name: &str, value: &OsStr, parse: Parse<T>) -> Result<T, Noted> {
        let parsed = match value.to_str() {
            Some(text) => parse(text.trim()).map_err(|reason| format!("{name} is {text:?}; {reason}")),
            None => Err(format!("{name} is not UTF-8")),
        };
        parsed.map_err(|error| {
            self.errors.push(error);
            Noted
        })
    }

    /// What is wrong, a variable that nobody reads among it.
    fn into_errors(self) -> ConfigErrors {
        let known = self.known.join(", ");
        let unknown = |name| format!("{name} is set, but there is no such variable; accepted: {known}");
        let mut errors = self.errors;
        errors.extend(self.unread.into_keys().map(unknown));
        ConfigErrors(errors)
    }
}

/// Reads a value, or says what is accepted.
type Parse<T> = fn(&str) -> Result<T, String>;

/// Limits and quotas say themselves what they accept, and where a text is at fault.
fn text<T: FromStr<Err = ParseError>>(text: &str) -> Result<T, String> {
    let explain = |error: ParseError| {
        format!("at byte {}: {}; accepted: {}", error.at(), error.problem(), error.accepted())
    };
    text.parse().map_err(explain)
}

/// One place in each call is the address's.
fn limits(given: &str) -> Result<LimitSet, String> {
    let limits: LimitSet = text(given)?;
    if limits.len() < MAX_PER_CALL {
        return Ok(limits);
    }
    Err(format!("accepted: up to {} limits", MAX_PER_CALL - 1))
}

fn address(text: &str) -> Result<SocketAddr, String> {
    let accepted = "accepted: an address and a port, such as 127.0.0.1:8080";
    text.parse().map_err(|_| accepted.to_owned())
}

fn proxies(text: &str) -> Result<TrustedProxies, String> {
    let accepted = "accepted: addresses and networks such as 10.0.0.0/8, separated by commas";
    TrustedProxies::parse(text).ok_or_else(|| accepted.to_owned())
}

fn keys(text: &str) -> Result<HashSet<String>, String> {
    let keys: HashSet<_> = text.split(',').map(|key| key.trim().to_owned()).collect();
    if keys.iter().all(|key| (1..=MAX_SUBJECT_BYTES).contains(&key.len())) {
        return Ok(keys);
    }
    Err("accepted: keys of 1 to 512 bytes, separated by commas".to_owned())
}

fn cap(text: &str) -> Result<u64, String> {
    whole_number(text, 0, EXACT)
}

fn ttl(text: &str) -> Result<Duration, String> {
    whole_number(text, 1, MAX_TTL.as_secs()).map(Duration::from_secs)
}

fn whole_number(text: &str, least: u64, most: u64) -> Result<u64, String> {
    let number = text.parse().ok().filter(|number| (least..=most).contains(number));
    number.ok_or_else(|| format!("accepted: a whole number, {least} to {most}"))
}
