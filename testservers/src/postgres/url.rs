//! URLs of databases.

use std::fmt::Write;
use std::net::SocketAddr;
use std::path::Path;

/// `postgres://USER:PASSWORD@ADDRESS/DATABASE`, checked against the authority where there is one.
pub(super) fn url(
    address: SocketAddr,
    authority: Option<&Path>,
    [user, password, database]: [&str; 3],
) -> String {
    let secret = if password.is_empty() { String::new() } else { format!(":{}", encoded(password)) };
    let mode = authority.map_or_else(
        || "disable".to_owned(),
        |file| format!("verify-full&sslrootcert={}", encoded(&file.display().to_string())),
    );
    format!("postgres://{}{secret}@{address}/{}?sslmode={mode}", encoded(user), encoded(database))
}

/// All but what means nothing in a URL as `%XX`.
fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut done, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            done.push(char::from(byte));
        } else {
            write!(done, "%{byte:02X}").ok();
        }
        done
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_means_something_in_a_url_is_encoded() {
        let address = ([127, 0, 0, 1], 5432).into();
        let plain = url(address, None, ["postgres", "", "limits"]);
        assert_eq!(plain, "postgres://postgres@127.0.0.1:5432/limits?sslmode=disable");
        let odd = url(address, Some(Path::new("/a b/c.pem")), ["a:b", "c@d?é", "e"]);
        let expected = "postgres://a%3Ab:c%40d%3F%C3%A9@127.0.0.1:5432/e?sslmode=verify-full&sslrootcert=";
        assert_eq!(odd, format!("{expected}/a%20b/c.pem"));
    }
}
