//! The database.

use limiter_remote::url::Fault;

use super::percent::decode_name;

/// The database of `[/[name]]`; the one that is called as the user where none is named, as everywhere with PostgreSQL.
pub(super) fn database(path: Option<&str>, user: &str) -> Result<String, Fault> {
    match path {
        None | Some("") => Ok(user.to_owned()),
        Some(text) if text.contains('/') => {
            Err(Fault::held("the database", text, "one name, in which / is written %2F"))
        }
        Some(text) => decode_name(text, "the database"),
    }
}
