//! User and password.

use limiter_remote::url::{Fault, decode};

use crate::target::Login;

const ACCEPTED: &str = "user:password@, :password@, or neither";

/// Reads what stands before the `@`. It is never shown: where the colon is missing it may be a password.
pub(super) fn read(text: Option<&str>) -> Result<Login, Fault> {
    let Some(text) = text else { return Ok(Login::default()) };
    let Some((user, password)) = text.split_once(':') else {
        return Err(Fault::new("there is no password before the @", ACCEPTED));
    };
    if password.is_empty() {
        return Err(Fault::new("the password is empty", ACCEPTED));
    }
    let user = if user.is_empty() { None } else { Some(decode(user, "the user")?) };
    Ok(Login { user, password: Some(decode(password, "the password")?) })
}
