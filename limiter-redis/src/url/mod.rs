//! Reads a URL into a target and timeouts, strictly: what isn't understood is refused, and no error shows a secret.

mod hosts;
mod login;
mod path;
mod query;
mod render;
mod scheme;
#[cfg(test)]
mod tests;

use std::time::Duration;

use limiter_core::Result;
use limiter_remote::url::{Fault, Parts};

use self::query::Query;
use self::scheme::{Kind, Scheme};
use crate::target::{Address, Login, Place, Target};

pub(crate) use self::render::render;

/// What a URL says.
pub(crate) struct Parsed {
    pub(crate) target: Target,
    pub(crate) connect_timeout: Option<Duration>,
    pub(crate) response_timeout: Option<Duration>,
}

/// Reads a URL.
///
/// # Errors
/// `Config`: the part that is wrong, what it held, and what is accepted. No password, and nothing but the scheme
/// where the URL can't be split with certainty.
pub(crate) fn parse(url: &str) -> Result<Parsed> {
    let (scheme, rest) = Scheme::split_off(url)?;
    read(scheme, rest).map_err(|fault| fault.in_url(scheme.name))
}

fn read(scheme: Scheme, rest: &str) -> Result<Parsed, Fault> {
    let parts = Parts::split(rest)?;
    let login = login::read(parts.login)?;
    let default_port = if scheme.kind == Kind::Sentinel { hosts::SENTINEL_PORT } else { hosts::PORT };
    let addresses = hosts::read(&parts, default_port)?;
    let behind_hosts = |fault: Fault| fault.shown_if(ends_certainly(&parts));
    read_on(scheme, &parts, login, addresses).map_err(behind_hosts)
}

/// Reads what stands behind the hosts.
fn read_on(
    scheme: Scheme,
    parts: &Parts<'_>,
    login: Login,
    addresses: Vec<Address>,
) -> Result<Parsed, Fault> {
    let mut query = Query::read(parts.query, scheme)?;
    let (place, database) = place(scheme.kind, addresses, parts.path, &mut query)?;
    Ok(Parsed {
        target: Target { place, login, database, tls: query.tls(scheme)? },
        connect_timeout: query.timeout(query::CONNECT_TIMEOUT)?,
        response_timeout: query.timeout(query::RESPONSE_TIMEOUT)?,
    })
}

/// Whether what stands behind the hosts can't be the end of a password: the host forgotten and a / or ? in it.
fn ends_certainly(parts: &Parts<'_>) -> bool {
    parts.login.is_some() || !parts.hosts.contains(':')
}

fn place(
    kind: Kind,
    addresses: Vec<Address>,
    path: Option<&str>,
    query: &mut Query,
) -> Result<(Place, i64), Fault> {
    match kind {
        Kind::Single => Ok((Place::Single(hosts::only(addresses)?), path::database(path)?)),
        Kind::Cluster => Ok((Place::Cluster(addresses), path::of_cluster(path)?)),
        Kind::Sentinel => {
            let (service, database) = path::of_sentinel(path)?;
            let login = query.sentinel_login()?;
            Ok((Place::Sentinel { sentinels: addresses, service, login }, database))
        }
    }
}
