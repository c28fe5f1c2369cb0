//! Scripts that run on the server.

use std::sync::LazyLock;

/// The scripts that run on the server, each by its name and with its text: for programs in other languages that count
/// together with this one. Their keys, arguments and replies are described in `docs/redis-protocol.md`.
///
/// ```
/// let hit = limiter_redis::scripts().find(|(name, _)| *name == "hit");
/// assert!(hit.is_some_and(|(_, text)| text.contains("MGET")));
/// ```
pub fn scripts() -> impl Iterator<Item = (&'static str, &'static str)> {
    const SCRIPTS: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/scripts.rs"));
    SCRIPTS.iter().copied()
}

/// A script: its text, and the SHA-1 by which the server knows it once it has seen it.
#[derive(Debug)]
pub(crate) struct Script {
    name: &'static str,
    source: &'static str,
    sha: LazyLock<String, fn() -> String>,
}

impl Script {
    #[doc(hidden)]
    pub(crate) const fn new(name: &'static str, source: &'static str, sha: fn() -> String) -> Self {
        Self { name, source, sha: LazyLock::new(sha) }
    }

    /// Its name: that of its file in `lua/`.
    pub(crate) const fn name(&self) -> &'static str {
        self.name
    }

    /// The text.
    pub(crate) const fn source(&self) -> &'static str {
        self.source
    }

    /// The SHA-1 of the text in hexadecimal digits.
    pub(crate) fn sha(&self) -> &str {
        &self.sha
    }
}

/// The SHA-1 of a script in hexadecimal digits.
pub(crate) fn sha(source: &str) -> String {
    sha1_smol::Sha1::from(source).digest().to_string()
}

/// The script in `lua/` of this name, its includes in place.
macro_rules! script {
    ($name:literal) => {{
        const SOURCE: &str = include_str!(concat!(env!("OUT_DIR"), "/", $name, ".lua"));
        $crate::script::Script::new($name, SOURCE, || $crate::script::sha(SOURCE))
    }};
}

pub(crate) use script;
