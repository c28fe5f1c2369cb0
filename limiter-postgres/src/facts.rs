//! What a server tells of itself when a connection to it is made: its version, whether it takes writes, and whether it
//! may lose them.

use limiter_core::ErrorKind;
use sqlx::postgres::{PgConnection, PgRow};
use sqlx::{Executor as _, Row as _};

use crate::error::Refusal;

/// As the server's `server_version_num` has it.
const OLDEST: i64 = 130_000;

/// One message, understood by poolers.
const QUESTION: &str = "select pg_catalog.current_setting('server_version_num')::bigint as version, \
     pg_catalog.pg_is_in_recovery() as standby, \
     pg_catalog.current_setting('transaction_read_only') = 'on' as read_only, \
     pg_catalog.current_setting('fsync') = 'on' as fsync, \
     pg_catalog.current_setting('full_page_writes') = 'on' as full_page_writes, \
     pg_catalog.current_setting('default_transaction_isolation') as isolation";

/// What a server tells of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools, reason = "each is a setting of the server's")]
pub(crate) struct Facts {
    version: i64,
    standby: bool,
    read_only: bool,
    fsync: bool,
    full_page_writes: bool,
    isolation: String,
}

impl Facts {
    /// Asks over a connection.
    pub(crate) async fn ask(connection: &mut PgConnection) -> sqlx::Result<Self> {
        let row: PgRow = connection.fetch_one(sqlx::raw_sql(QUESTION)).await?;
        Ok(Self {
            version: row.try_get("version")?,
            standby: row.try_get("standby")?,
            read_only: row.try_get("read_only")?,
            fsync: row.try_get("fsync")?,
            full_page_writes: row.try_get("full_page_writes")?,
            isolation: row.try_get("isolation")?,
        })
    }

    /// Refuses a server that can't be used, or that may lose what it has acknowledged where `strict` is asked for.
    pub(crate) fn check(&self, strict: bool) -> Result<(), Refusal> {
        self.check_version()?;
        self.check_writes()?;
        if self.isolation != "read committed" {
            let text = format!(
                "its default_transaction_isolation is {:?}, under which counters that are used at once fail; accepted: \
                 read committed",
                self.isolation
            );
            return Err(Refusal::new(ErrorKind::Config, text));
        }
        match self.danger() {
            Some(danger) if strict => {
                let text = format!("{danger}; accepted with LIMITER_STRICT=true: both on");
                Err(Refusal::new(ErrorKind::Config, text))
            }
            _ => Ok(()),
        }
    }

    /// Warns of a server that may lose what it has acknowledged.
    pub(crate) fn warn(&self) {
        if let Some(danger) = self.danger() {
            tracing::warn!(
                fsync = self.fsync,
                full_page_writes = self.full_page_writes,
                "{danger}; set both to on"
            );
        }
    }

    /// Whether it keeps what it has acknowledged when its machine stops.
    pub(crate) fn is_crash_safe(&self) -> bool {
        self.danger().is_none()
    }

    /// In words.
    pub(crate) fn describe(&self) -> String {
        let on = |on| if on { "on" } else { "off" };
        let (fsync, pages) = (on(self.fsync), on(self.full_page_writes));
        format!("server {}, fsync {fsync}, full_page_writes {pages}", self.number())
    }

    fn check_version(&self) -> Result<(), Refusal> {
        if self.version >= OLDEST {
            return Ok(());
        }
        let text = format!("the server is PostgreSQL {}; accepted: PostgreSQL 13 or newer", self.number());
        Err(Refusal::new(ErrorKind::Config, text))
    }

    fn check_writes(&self) -> Result<(), Refusal> {
        if self.standby {
            let text = "the server is a hot standby, which takes no writes; name the primary in the URL";
            return Err(Refusal::new(ErrorKind::Unavailable, text));
        }
        if self.read_only {
            let text =
                "the server takes no writes: its default_transaction_read_only is on, or this user's is";
            return Err(Refusal::new(ErrorKind::Unavailable, text));
        }
        Ok(())
    }

    fn danger(&self) -> Option<&'static str> {
        let off = "fsync or full_page_writes is off: the server may lose or spoil what it has acknowledged when its \
                   machine stops";
        (!self.fsync || !self.full_page_writes).then_some(off)
    }

    /// `150018` is 15.18.
    fn number(&self) -> String {
        let (major, minor) = (self.version / 10_000, self.version % 10_000);
        if major < 10 { format!("{major}.{}", minor / 100) } else { format!("{major}.{minor}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: Facts = Facts {
        version: 150_018,
        standby: false,
        read_only: false,
        fsync: true,
        full_page_writes: true,
        isolation: String::new(),
    };

    fn good() -> Facts {
        Facts { isolation: "read committed".to_owned(), ..GOOD }
    }

    fn refused(facts: &Facts, strict: bool) -> (ErrorKind, String) {
        let error = facts.check(strict).unwrap_err().to_error("connect");
        (error.kind(), error.message().to_owned())
    }

    #[test]
    fn old_servers_are_refused() {
        for (version, name) in [(120_019, "12.19"), (90_624, "9.6"), (129_999, "12.9999")] {
            let (kind, text) = refused(&Facts { version, ..good() }, false);
            assert_eq!(kind, ErrorKind::Config);
            assert!(text.contains(name) && text.contains("13"), "{text}");
        }
        for version in [130_000, 150_018, 180_000] {
            assert_eq!(Facts { version, ..good() }.check(true), Ok(()), "{version}");
        }
    }

    #[test]
    fn who_takes_no_writes_is_refused() {
        let (kind, text) = refused(&Facts { standby: true, read_only: true, ..good() }, false);
        assert_eq!(kind, ErrorKind::Unavailable);
        assert!(text.contains("standby") && text.contains("primary"), "{text}");
        let (kind, text) = refused(&Facts { read_only: true, ..good() }, false);
        assert_eq!(kind, ErrorKind::Unavailable);
        assert!(text.contains("default_transaction_read_only"), "{text}");
    }

    #[test]
    fn another_isolation_is_refused() {
        for isolation in ["serializable", "repeatable read"] {
            let (kind, text) = refused(&Facts { isolation: isolation.to_owned(), ..good() }, false);
            assert_eq!(kind, ErrorKind::Config);
            assert!(text.contains(isolation) && text.contains("read committed"), "{text}");
        }
    }

    #[test]
    fn a_server_that_may_lose_what_it_acknowledged_is_refused_when_strict() {
        for (fsync, full_page_writes) in [(false, true), (true, false)] {
            let facts = Facts { fsync, full_page_writes, ..good() };
            let (kind, text) = refused(&facts, true);
            assert_eq!(kind, ErrorKind::Config);
            assert!(text.contains("LIMITER_STRICT"), "{text}");
            assert_eq!(facts.check(false), Ok(()));
        }
        assert_eq!(good().check(true), Ok(()));
        assert_eq!(good().describe(), "server 15.18, fsync on, full_page_writes on");
    }
}
