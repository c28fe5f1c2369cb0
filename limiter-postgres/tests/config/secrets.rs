//! No secret shows, whatever URL it stands in.

use std::error::Error as _;

use limiter_postgres::Config;
use proptest::prelude::*;

/// What a secret is made of: each piece can be recognized wherever it turns up.
const PIECES: [&str; 2] = ["Sekret", "918273"];

const SCHEMES: [&str; 4] = ["postgres", "postgresql", "mysql", "redis"];

/// URLs and what people make of them: `S` is the scheme, `P` a password.
const URLS: [&str; 20] = [
    "S://app:P@db",
    "S://app:P@db:7000/limits",
    "S://app:P@db/limits?sslmode=disable",
    "S://app:P@db:port",
    "S://app:P@d!b/limits/x",
    "S://app:P@db/limits?sslmod=disable",
    "S://app:P@db?connect_timeout=x",
    "S://app:P@a,b:7/limits",
    "S://:P@db",
    "S://app:P@",
    "S://app:P",
    "S://:P",
    "S://:12P",
    "S://app:7P",
    "S:/app:P@db",
    "S:app:P@db",
    "app:P@db",
    "S://app:P@/limits?host=/run",
    "S://app:P@[::1]x/limits",
    "S://app@db?password=P",
];

/// A password as people write it: encoded, or as it is although it must be encoded.
fn passwords() -> impl Strategy<Value = String> {
    let glue =
        prop_oneof!["[@:/?#&=%,+;!$*'\"<>{} \\[\\]\\n\\\\]{0,3}", any::<char>().prop_map(String::from)];
    let pieces = proptest::collection::vec((proptest::sample::select(&PIECES), glue), 1..4);
    let written = pieces.prop_map(|pieces| {
        pieces.into_iter().flat_map(|(piece, glue)| [piece.to_owned(), glue]).collect::<String>()
    });
    (written, any::<bool>()).prop_map(|(written, encoded)| {
        let code = |byte: u8| {
            if byte.is_ascii_alphanumeric() { char::from(byte).into() } else { format!("%{byte:02X}") }
        };
        if encoded { written.bytes().map(code).collect() } else { written }
    })
}

/// A password that can't be told from a host or another parameter is none: behind its @ stands a host, and behind an & a
/// parameter, whatever was meant.
fn moving_no_border(url: &str, password: &str) -> String {
    let password = if url.contains("=P") { password.replace('&', "%26") } else { password.to_owned() };
    if url.contains(":P@") { password } else { password.replace('@', "%40") }
}

fn all_that_shows(url: &str) -> Vec<String> {
    match Config::new(url) {
        Ok(config) => vec![config.to_string(), format!("{config:?}"), format!("{config:#?}")],
        Err(error) => {
            let mut texts = vec![error.to_string(), format!("{error:?}"), error.message().to_owned()];
            texts.extend(error.context().map(|(name, value)| format!("{name}{value}")));
            texts.extend(error.source().map(ToString::to_string));
            texts
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4096, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_piece_of_a_password_shows(
        url in proptest::sample::select(&URLS),
        scheme in proptest::sample::select(&SCHEMES),
        password in passwords(),
    ) {
        let password = moving_no_border(url, &password);
        let url = url.replace('S', scheme).replace('P', &password);
        for text in all_that_shows(&url) {
            for piece in PIECES {
                prop_assert!(!text.contains(piece), "{}\n{}", url, text);
            }
        }
    }

    /// Nothing that is written makes it panic, and every error says what is accepted.
    #[test]
    fn anything_else_is_refused_in_words(front in "(postgres|postgresql)(://)?(app@)?", rest in ".{0,40}") {
        if let Err(error) = Config::new(&format!("{front}{rest}")) {
            prop_assert!(error.message().contains("; accepted: "), "{}", error);
        }
    }
}
