//! A primary, its replica, and three sentinels that watch them.

use std::fs;
use std::time::Duration;

use super::server::{Plan, Redis};
use crate::patience::until;
use crate::unavailable::{OrUnavailable, Unavailable};

/// What the sentinels call it.
const SERVICE: &str = "limits";
const COUNT: usize = 3;
/// Sentinels connect to a primary that they have just been told of up to a second later, and until then it is silent:
/// with less than that, each failover would soon be followed by another.
const DOWN_AFTER_MS: u32 = 2_000;
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// How long it may take until the replica follows and the sentinels know each other.
const AGREEMENT: Duration = Duration::from_secs(60);

/// A private primary with a replica and three sentinels, which end when this is dropped.
///
/// A primary that is silent for 2 s counts as down, and a second or two later its replica has taken over.
#[derive(Debug)]
pub struct Sentinels {
    watchers: Vec<Redis>,
    primary: Redis,
    replica: Redis,
}

impl Sentinels {
    /// Starts all five, and waits until the replica follows its primary and every sentinel knows the others and the
    /// replica.
    ///
    /// # Errors
    /// A server can't be had, as for [`Redis::start`], or they don't find each other within a minute.
    pub fn start() -> Result<Self, Unavailable> {
        let primary = Redis::start()?;
        let replica = Redis::with(&["--replicaof", "127.0.0.1", &primary.port().to_string()])?;
        wait(&replica, "the replica follows its primary", || {
            let info = replica.cli(&["INFO", "replication"])?;
            Ok(info.contains("master_link_status:up"))
        })?;
        let sentinels: Vec<Redis> =
            (0..COUNT).map(|_| sentinel(primary.port())).collect::<Result<_, Unavailable>>()?;
        for sentinel in &sentinels {
            wait(sentinel, "the sentinel knows the others", || {
                let master = sentinel.cli(&["SENTINEL", "MASTER", SERVICE])?;
                let usable = sentinel.cli(&["SENTINEL", "CKQUORUM", SERVICE])?.starts_with("OK 3 ");
                Ok(usable && field(&master, "num-slaves") == Some("1") && knows_replica(sentinel)?)
            })?;
        }
        Ok(Self { watchers: sentinels, primary, replica })
    }

    /// What was the primary at the start.
    pub const fn primary(&self) -> &Redis {
        &self.primary
    }

    /// What was its replica at the start.
    pub const fn replica(&self) -> &Redis {
        &self.replica
    }

    /// The sentinels.
    pub fn sentinels(&self) -> &[Redis] {
        &self.watchers
    }

    /// `redis+sentinel://127.0.0.1:PORT,127.0.0.1:PORT,127.0.0.1:PORT/limits`.
    pub fn url(&self) -> String {
        let sentinels: Vec<String> =
            self.watchers.iter().map(|sentinel| sentinel.address().to_string()).collect();
        format!("redis+sentinel://{}/{SERVICE}", sentinels.join(","))
    }
}

/// A sentinel keeps what it learns in its configuration, and finds it there when it is started again.
fn sentinel(primary: u16) -> Result<Redis, Unavailable> {
    Redis::launch(&Plan::new("Sentinel ID is")?, |port, folder| {
        let file = folder.join("sentinel.conf");
        let folder = folder.display();
        let settings = format!(
            "port {port}\nbind 127.0.0.1\ndir {folder}\nsentinel monitor {SERVICE} 127.0.0.1 {primary} 2\n\
             sentinel down-after-milliseconds {SERVICE} {DOWN_AFTER_MS}\nsentinel failover-timeout {SERVICE} 3000\n"
        );
        fs::write(&file, settings)?;
        Ok(vec![file.display().to_string(), "--sentinel".to_owned()])
    })
}

/// Whether it has heard from the replica itself; until then it wouldn't promote it.
fn knows_replica(sentinel: &Redis) -> std::io::Result<bool> {
    let replicas = sentinel.cli(&["SENTINEL", "REPLICAS", SERVICE])?;
    Ok(field(&replicas, "master-link-status") == Some("ok") && field(&replicas, "flags") == Some("slave"))
}

fn wait(server: &Redis, what: &str, is_so: impl Fn() -> std::io::Result<bool>) -> Result<(), Unavailable> {
    let look = || match is_so() {
        Ok(true) => Ok(()),
        Ok(false) => Err("not yet".to_owned()),
        Err(error) => Err(error.to_string()),
    };
    until(AGREEMENT, LOOK_EVERY, look)
        .map_err(|seen| format!("{seen}\n{}", server.log_end()))
        .or_unavailable(format!("waiting until {what}"))
}

/// The line after the one that is the name.
fn field<'a>(printed: &'a str, name: &str) -> Option<&'a str> {
    printed.lines().skip_while(|line| *line != name).nth(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_the_line_after_its_name() {
        assert_eq!(field("name\nlimits\nflags\nmaster", "flags"), Some("master"));
        assert_eq!(field("name\nlimits", "flags"), None);
    }
}
