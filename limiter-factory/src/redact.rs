//! How a variable's value is shown to a person, and what is kept from them.

/// What stands in the place of a secret.
pub(crate) const REDACTED: &str = "[redacted]";

/// The most characters of a value that are shown.
const SHOWN: usize = 80;

/// Parts of a variable's name that make its value a secret.
const SECRET_NAMES: [&str; 9] = ["URL", "PASS", "PWD", "TOKEN", "SECRET", "CRED", "AUTH", "KEY", "DSN"];

/// Parts of a value that make it one.
const SECRET_WORDS: [&str; 5] = ["@", "pass", "pwd", "secret", "token"];

/// A variable's value as an error may show it, in quotes. A value that may hold a password, by the variable's
/// name or by its own looks, is hidden, except for a URL's scheme.
pub(crate) fn shown(variable: &str, value: &str) -> String {
    if let Some((scheme, _)) = value.split_once("://").filter(|(scheme, _)| is_scheme(scheme)) {
        return format!("{:?}", format!("{}://{REDACTED}", short(scheme)));
    }
    if is_secret(variable) || looks_secret(value) {
        return REDACTED.to_owned();
    }
    format!("{:?}", short(value))
}

/// A piece of a value. Where the whole is hidden, so is each piece: a password may be cut anywhere.
pub(crate) fn shown_piece(value: &str, piece: &str) -> String {
    if shown("", value).contains(REDACTED) {
        return REDACTED.to_owned();
    }
    shown("", piece)
}

/// What a variable holds that chooses a backend, likewise. Whatever may be a part of a URL is hidden: where a colon
/// stands may a password stand.
pub(crate) fn shown_choice(value: &str) -> String {
    let is_url = value.split_once("://").is_some_and(|(scheme, _)| is_scheme(scheme));
    if !is_url && value.contains([':', '/']) {
        return REDACTED.to_owned();
    }
    shown("", value)
}

/// Whether a variable is of those that hold secrets, in whatever case it is written.
pub(crate) fn is_secret(variable: &str) -> bool {
    let variable = variable.to_uppercase();
    SECRET_NAMES.iter().any(|part| variable.contains(part))
}

fn looks_secret(value: &str) -> bool {
    let value = value.to_lowercase();
    SECRET_WORDS.iter().any(|word| value.contains(word))
}

/// Anything else before a `://` may be a part of a password.
fn is_scheme(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
}

fn short(value: &str) -> String {
    match value.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", value.get(..end).unwrap_or_default()),
        None => value.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_hidden_wherever_they_are_written() {
        let values = [
            ("LIMITER_REDIS_URL", "redis://app:hunter2@db:6379/0?password=hunter2"),
            ("LIMITER_REDIS_URL", "redis:/app:hunter2"),
            ("LIMITER_REDIS_PASSWORD", "hunter2"),
            ("LIMITER_X_TOKEN", "hunter2"),
            ("limiter_x_creds", "hunter2"),
            ("LIMITER_X_AUTH", "hunter2"),
            ("LIMITER_WHEN", "host=db passwd=hunter2"),
            ("LIMITER_WHEN", "postgres://app:hunter2@db/limits"),
            ("LIMITER_WHEN", "app:hunter2@db"),
            ("REDIS_URL", "app:hunter2@redis://cache"),
        ];
        for (variable, value) in values {
            let shown = shown(variable, value);
            assert!(!shown.contains("hunter2"), "{shown}");
            assert!(shown.contains(REDACTED), "{shown}");
        }
    }

    #[test]
    fn what_may_be_a_part_of_a_url_is_hidden_where_a_backend_is_chosen() {
        let values = [
            "postgres://app:hunter2@db/limits",
            "app:hunter2@db",
            "redis:/:hunter2",
            "redis:hunter2",
            " redis://hunter2",
            "host=db password=hunter2",
            "host=db user=app passwd=hunter2",
            "//hunter2",
        ];
        for value in values {
            let shown = shown_choice(value);
            assert!(!shown.contains("hunter2") && shown.contains(REDACTED), "{shown}");
        }
        assert_eq!(shown_choice("memroy "), "\"memroy \"");
    }

    #[test]
    fn a_piece_of_what_is_hidden_is_hidden() {
        for (value, piece) in [
            ("redis://app:hunter2@db", "redis://app:hunter2@db"),
            ("rates=redis://app:hunter2,x@db", "rates=redis://app:hunter2"),
            ("app:hunter2,x@db", "app:hunter2"),
        ] {
            assert_eq!(shown_piece(value, piece), REDACTED);
        }
        assert_eq!(shown_piece("rates=on,slots=off", "rates=on"), "\"rates=on\"");
    }

    #[test]
    fn a_urls_scheme_is_shown_and_a_long_value_cut_off() {
        assert_eq!(shown("LIMITER_REDIS_URL", "mysql://u:p@h"), "\"mysql://[redacted]\"");
        assert_eq!(shown("RATE_LIMITER", " memory"), "\" memory\"");
        assert!(shown("RATE_LIMITER", &"ä".repeat(5000)).chars().count() < 100);
    }
}
