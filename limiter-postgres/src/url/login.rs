//! User and password.

use limiter_remote::url::Fault;

use super::percent::{decode, decode_name};

const ACCEPTED: &str = "user:password@ or user@ before the host";

/// Reads what stands before the `@`. It is never shown: where the colon is missing it may be a password. Without an @
/// what looks like a host may be a login, its host forgotten.
pub(super) fn read(text: Option<&str>) -> Result<(String, Option<String>), Fault> {
    let text = text.ok_or_else(|| Fault::new("there is no user and no @", ACCEPTED))?;
    let (user, password) =
        text.split_once(':').map_or((text, None), |(user, password)| (user, Some(password)));
    if user.is_empty() {
        return Err(Fault::new("the user is empty", ACCEPTED));
    }
    if password == Some("") {
        return Err(Fault::new("the password is empty", ACCEPTED));
    }
    let password = password.map(|password| decode(password, "the password")).transpose()?;
    Ok((decode_name(user, "the user")?, password))
}
