//! Reads a URL into a target and timeouts, strictly: what isn't understood is refused, and no error shows a secret.

mod host;
mod login;
mod path;
mod percent;
mod query;
mod render;
mod scheme;
#[cfg(test)]
mod tests;

use std::time::Duration;

use limiter_core::Result;
use limiter_remote::url::{Fault, Parts};

use self::query::Query;
use crate::target::Target;

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
    let (scheme, rest) = scheme::split_off(url)?;
    read(rest).map_err(|fault| fault.in_url(scheme))
}

fn read(rest: &str) -> Result<Parsed, Fault> {
    let parts = Parts::split(rest)?;
    let (user, password) = login::read(parts.login)?;
    let (before_path, port) = host::read(parts.hosts)?;
    let database = path::database(parts.path, &user)?;
    let mut query = Query::read(parts.query)?;
    let place = host::place(before_path, query.socket()?)?;
    Ok(Parsed {
        connect_timeout: query.connect_timeout()?,
        response_timeout: query.response_timeout()?,
        target: Target {
            port: port.unwrap_or(host::PORT),
            user,
            password,
            database,
            application_name: query.application_name()?,
            encryption: query.encryption(&place)?,
            place,
        },
    })
}
