//! Takes what stands behind a scheme apart.

use super::fault::Fault;

/// `login@hosts/path?query`, each as it was written.
#[derive(Debug, PartialEq, Eq)]
pub struct Parts<'a> {
    /// What stands before the `@`.
    pub login: Option<&'a str>,
    /// One host, or several with commas between them.
    pub hosts: &'a str,
    /// What stands behind the first `/`.
    pub path: Option<&'a str>,
    /// What stands behind the `?`.
    pub query: Option<&'a str>,
}

impl<'a> Parts<'a> {
    /// Splits where there is only one way to. A character that is written as it is where it should be encoded
    /// moves the borders, and then any part may hold a piece of a password: such a URL is refused as a whole.
    ///
    /// # Errors
    /// What is in the wrong place.
    pub fn split(rest: &'a str) -> Result<Self, Fault> {
        if rest.contains(|c: char| c.is_whitespace() || c.is_control()) {
            return Err(Fault::new("it holds whitespace or a control character", "none (a space is %20)"));
        }
        if rest.contains('#') {
            return Err(Fault::new("it holds a #", "no fragment (in a user or password a # is %23)"));
        }
        let (front, query) = halves(rest, '?');
        let (authority, path) = halves(front, '/');
        let behind = rest.get(authority.len()..).unwrap_or_default();
        if behind.contains('@') || authority.matches('@').count() > 1 {
            let accepted =
                "one @, before the host (elsewhere @ is %40; in a user or password / is %2F, ? is %3F)";
            return Err(Fault::new("it holds an @ in the wrong place", accepted));
        }
        let (login, hosts) = match authority.split_once('@') {
            Some((login, hosts)) => (Some(login), hosts),
            None => (None, authority),
        };
        Ok(Self { login, hosts, path, query })
    }
}

fn halves(text: &str, at: char) -> (&str, Option<&str>) {
    text.split_once(at).map_or((text, None), |(first, second)| (first, Some(second)))
}
