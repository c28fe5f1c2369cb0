//! No secret shows, whatever URL it stands in.

use std::error::Error as _;

use limiter_redis::Config;
use proptest::prelude::*;

/// What a secret is made of: each piece can be recognized wherever it turns up.
const PIECES: [&str; 2] = ["Sekret", "918273"];

const SCHEMES: [&str; 8] = [
    "redis",
    "rediss",
    "redis+sentinel",
    "rediss+sentinel",
    "redis+cluster",
    "valkey",
    "valkeys+cluster",
    "postgres",
];

/// URLs and what people make of them: `S` is the scheme, `P` a password.
const URLS: [&str; 22] = [
    "S://app:P@cache",
    "S://:P@cache:7000/0",
    "S://P@cache",
    "S://app:P@a,b:7/limits",
    "S://app:P@cache:port",
    "S://app:P@ca!che/limits/x",
    "S://app:P@cache/limits?protocol=3",
    "S://app:P@cache?connect_timeout=5",
    "S://app:P@",
    "S://app:P",
    "S://:P",
    "S://:12P",
    "S://app:7P",
    "S:/app:P@cache",
    "S:app:P@cache",
    "app:P@cache",
    "P@cache",
    "S://a/limits?sentinel_password=P",
    "S://a/limits?sentinel_user=u&sentinel_password=P&ca=x",
    "S://a:1,b/limits?connect_timeout=1s&sentinel_password=P",
    "S://app:P@a/limits?sentinel_password=P",
    "S://a?password=P",
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

/// A password that can't be told from a user or a host is none: before the first colon of a login stands a user,
/// behind its @ a host, whatever was meant.
fn moving_no_border(url: &str, password: &str) -> String {
    let after_user = url.contains(":P") || url.contains("=P");
    let password = if after_user { password.to_owned() } else { password.replace(':', "%3A") };
    if url.contains('@') { password } else { password.replace('@', "%40") }
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
    fn anything_else_is_refused_in_words(front in "(redis|rediss\\+sentinel|valkey\\+cluster)(://)?", rest in ".{0,40}") {
        if let Err(error) = Config::new(&format!("{front}{rest}")) {
            prop_assert!(error.message().contains("; accepted: "), "{}", error);
        }
    }
}
