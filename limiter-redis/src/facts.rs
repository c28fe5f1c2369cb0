//! What a server tells of itself at the start: its version, and whether it may forget.

use limiter_core::{Error, ErrorKind, Result};
use redis::Value;

use crate::connection::Connection;
use crate::reply::unexpected;

const OLDEST: (u32, u32) = (6, 2);
const POLICY: &str = "maxmemory-policy";
const NO_EVICTION: &str = "noeviction";

/// What a server tells of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Facts {
    version: String,
    /// `None` where nobody may ask.
    policy: Option<String>,
    /// Whether it writes every change to a file.
    appends: bool,
}

impl Facts {
    /// Asks every server that counts; what they tell together.
    pub(crate) async fn ask(connection: &Connection) -> Result<Self> {
        match connection.ask_all(redis::cmd("INFO"), "connect").await {
            Ok(answers) => {
                let facts = answers.into_iter().map(Self::of).collect::<Result<Vec<_>>>()?;
                Ok(facts.into_iter().reduce(Self::and).unwrap_or_else(Self::unknown))
            }
            // The ACL may forbid it, which is no reason not to count.
            Err(error) if error.kind() == ErrorKind::Config => Ok(Self::unknown()),
            Err(error) => Err(error),
        }
    }

    fn of(answer: Value) -> Result<Self> {
        match answer {
            Value::BulkString(text) => Self::read(&String::from_utf8_lossy(&text)),
            _ => Err(unexpected("to INFO isn't a text")),
        }
    }

    /// Of two servers: the policy of the one that may forget, if one may.
    fn and(self, other: Self) -> Self {
        let appends = self.appends && other.appends;
        let worse = if self.policy.as_deref() == Some(NO_EVICTION) { other } else { self };
        Self { appends, ..worse }
    }

    fn unknown() -> Self {
        Self { version: "of unknown version".to_owned(), policy: None, appends: false }
    }

    fn read(info: &str) -> Result<Self> {
        let field = |name: &str| {
            let mut fields = info.lines().filter_map(|line| line.split_once(':'));
            fields.find(|(field, _)| *field == name).map(|(_, value)| value.trim().to_owned())
        };
        let Some(number) = field("redis_version") else {
            return Ok(Self::unknown());
        };
        if parsed(&number).is_none_or(|version| version < OLDEST) {
            let text = format!("the server is Redis {number}; accepted: Redis 6.2 or newer, and Valkey");
            return Err(Error::new(ErrorKind::Config, text));
        }
        let version = field("valkey_version").map_or(number, |valkey| format!("Valkey {valkey}"));
        let policy = field("maxmemory_policy");
        Ok(Self { version, policy, appends: field("aof_enabled").as_deref() == Some("1") })
    }

    /// Whether it writes every change to a file, so that counts outlive it.
    pub(crate) const fn appends(&self) -> bool {
        self.appends
    }

    /// Warns of a server that may forget counts, or refuses it where that is asked for.
    ///
    /// # Errors
    /// `Config`, where `strict` and the server evicts, or nobody may ask whether it does.
    pub(crate) fn check_policy(&self, strict: bool) -> Result<()> {
        let what = match self.policy.as_deref() {
            Some(NO_EVICTION) => return Ok(()),
            Some(policy) => format!(
                "the server's {POLICY} is {policy}: short of memory it forgets counts, and limits start anew"
            ),
            None => format!("the server's {POLICY} can't be asked for: it may forget counts"),
        };
        if strict {
            let accepted = format!(
                "{what}; accepted with LIMITER_STRICT=true: noeviction, and a user who may call INFO (ACL: +info)"
            );
            return Err(Error::new(ErrorKind::Config, accepted));
        }
        tracing::warn!(
            policy = self.policy.as_deref().unwrap_or("unknown"),
            "{what}; set {POLICY} to noeviction"
        );
        Ok(())
    }

    /// In words.
    pub(crate) fn describe(&self) -> String {
        let policy = self.policy.as_deref().unwrap_or("unknown");
        let file = if self.appends { "appends to a file" } else { "doesn't append to a file" };
        format!("server {}, {POLICY} {policy}, {file}", self.version)
    }
}

fn parsed(version: &str) -> Option<(u32, u32)> {
    let mut numbers = version.split('.').map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info(version: &str, policy: &str) -> String {
        format!(
            "# Server\r\nredis_version:{version}\r\n# Memory\r\nmaxmemory_policy:{policy}\r\naof_enabled:1\r\n"
        )
    }

    #[test]
    fn old_servers_are_refused() {
        for version in ["6.0.16", "5.0.0", "x", "6"] {
            let error = Facts::read(&info(version, "noeviction")).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config);
            assert!(error.to_string().contains(version) && error.to_string().contains("6.2"), "{error}");
        }
        for version in ["6.2.0", "7.0.15", "8.2.1", "10.0.0"] {
            assert!(Facts::read(&info(version, "noeviction")).unwrap().appends(), "{version}");
        }
    }

    #[test]
    fn a_policy_that_evicts_is_refused_when_strict() {
        for policy in ["allkeys-lru", "volatile-ttl", "allkeys-random", "volatile-lfu"] {
            let facts = Facts::read(&info("7.0.15", policy)).unwrap();
            let error = facts.check_policy(true).unwrap_err();
            assert!(
                error.to_string().contains(policy) && error.to_string().contains("LIMITER_STRICT"),
                "{error}"
            );
            assert!(facts.check_policy(false).is_ok());
        }
        assert!(Facts::read(&info("7.0.15", "noeviction")).unwrap().check_policy(true).is_ok());
        assert!(Facts::unknown().check_policy(true).unwrap_err().to_string().contains("+info"));
        assert!(Facts::unknown().check_policy(false).is_ok());
    }
}
