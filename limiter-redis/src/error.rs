//! What went wrong, told by kind: what was never sent, what may have been executed, what is the user's to change.
//!
//! A server's own words are not passed on: some of its errors repeat the arguments, and so a key.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use limiter_core::{Error, ErrorKind};
use redis::{RedisError, ServerError};

/// Why a request has no answer that is of use.
#[derive(Clone, Debug)]
pub(crate) enum Failure {
    /// It was never sent.
    NoConnection(Arc<Refusal>),
    /// The connection ended after it was handed to it.
    Lost(String),
    /// It was sent, and no answer came in time.
    TimedOut,
    /// The server answered with an error.
    Answer(ServerError),
    /// The server answered something that can't be read.
    Unreadable,
}

/// Why there is no connection.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    kind: ErrorKind,
    text: String,
}

impl Refusal {
    pub(crate) fn new(kind: ErrorKind, text: impl Into<String>) -> Self {
        Self { kind, text: text.into() }
    }

    /// The system's words for it, which know nothing of what was sent.
    pub(crate) fn io(error: &io::Error) -> Self {
        Self::new(ErrorKind::Unavailable, error.to_string())
    }

    /// What the library says of a client that couldn't connect or log in.
    pub(crate) fn by_client(error: &RedisError) -> Self {
        match error.kind() {
            redis::ErrorKind::Io => Self::new(ErrorKind::Unavailable, error.to_string()),
            redis::ErrorKind::AuthenticationFailed => {
                Self::new(ErrorKind::Config, "it refuses the user or the password of the client")
            }
            redis::ErrorKind::InvalidClientConfig => Self::new(
                ErrorKind::Config,
                "the client's settings don't fit this program's features, or TLS",
            ),
            _ => match ServerError::try_from(error.clone()) {
                Ok(answer) => Failure::Answer(answer).into_refusal(),
                Err(error) => Failure::broken(&error).into_refusal(),
            },
        }
    }

    /// It took too long.
    pub(crate) fn slow(allowed: Duration) -> Self {
        Self::new(ErrorKind::Unavailable, format!("no answer within the connect timeout of {allowed:?}"))
    }

    /// Somebody has ended the use of the store.
    pub(crate) fn shut() -> Self {
        Self::new(ErrorKind::Unavailable, "this limiter was shut down")
    }

    /// Adds what else it may be.
    #[must_use]
    pub(crate) fn or(self, question: &str) -> Self {
        Self { text: format!("{}; {question}", self.text), ..self }
    }

    /// Says which server it was.
    #[must_use]
    pub(crate) fn at(self, place: &str) -> Self {
        Self { text: format!("{place}: {}", self.text), ..self }
    }

    /// As an error of an operation that was never sent.
    pub(crate) fn to_error(&self, operation: &'static str) -> Error {
        Error::new(self.kind, self.text.clone()).with_operation(operation)
    }
}

impl Failure {
    /// What the library reports when it couldn't read or write.
    pub(crate) fn broken(error: &RedisError) -> Self {
        match error.kind() {
            redis::ErrorKind::Parse if error.detail().is_some_and(|said| said.contains("end of input")) => {
                Self::Lost("it ended within an answer".to_owned())
            }
            redis::ErrorKind::Parse => Self::Unreadable,
            // Its words are the system's: they know nothing of what was sent.
            redis::ErrorKind::Io => Self::Lost(error.to_string()),
            kind => Self::Lost(format!("{kind:?}")),
        }
    }

    /// Whether the server's rules for this user forbid it.
    pub(crate) fn is_no_permission(&self) -> bool {
        matches!(self, Self::Answer(error) if error.code() == "NOPERM")
    }

    /// Whether it arose while a script ran, which may have written something before.
    pub(crate) fn is_from_script(&self) -> bool {
        matches!(self, Self::Answer(error) if Said::by(error).in_script)
    }

    /// Whether the server doesn't speak RESP3, judging by what it says of that.
    pub(crate) fn declines_resp3(error: &RedisError) -> bool {
        let unknown = || error.detail().is_some_and(|said| said.contains("unknown command"));
        error.kind() == redis::ErrorKind::RESP3NotSupported || error.code() == Some("NOPROTO") || unknown()
    }

    /// As an error of an operation, which changes something or doesn't.
    pub(crate) fn into_error(self, operation: &'static str, changes: bool) -> Error {
        let (kind, text, executed) = match self {
            Self::NoConnection(refusal) => return refusal.to_error(operation),
            Self::Lost(cause) => (
                ErrorKind::Unavailable,
                format!("the connection was lost before the answer came: {cause}"),
                true,
            ),
            Self::TimedOut => (ErrorKind::Timeout, "no answer within the response timeout".to_owned(), true),
            Self::Unreadable => (
                ErrorKind::Protocol,
                "the answer isn't in Redis's protocol: is this a Redis?".to_owned(),
                true,
            ),
            Self::Answer(error) => {
                let said = Said::by(&error);
                (said.kind(), said.text(), said.may_have_written())
            }
        };
        let error = Error::new(kind, text).with_operation(operation);
        if changes && executed { error.possibly_charged() } else { error }
    }

    /// As the reason why there is no connection.
    pub(crate) fn into_refusal(self) -> Refusal {
        let error = self.into_error("connect", false);
        Refusal::new(error.kind(), error.message())
    }

    /// The same of the answer to a login.
    pub(crate) fn into_login_refusal(self) -> Refusal {
        let text = match &self {
            Self::Answer(error) if error.code() == "WRONGPASS" => {
                "it refuses the user or the password; look for both in the URL, and at ACL LIST on the server"
            }
            Self::Answer(error)
                if error.details().is_some_and(|said| said.contains("without any password")) =>
            {
                "it asks for no password; take the password out of the URL"
            }
            _ => return self.into_refusal(),
        };
        Refusal::new(ErrorKind::Config, text)
    }

    /// The same of the answer to a question about the cluster.
    pub(crate) fn into_cluster_refusal(self) -> Refusal {
        match &self {
            Self::Answer(error)
                if error.details().is_some_and(|said| said.contains("cluster support disabled")) =>
            {
                Refusal::new(
                    ErrorKind::Config,
                    "it is no node of a cluster; name a single server as redis:// in the URL",
                )
            }
            _ => self.into_refusal(),
        }
    }

    /// The same of the answer to the choice of a database.
    pub(crate) fn into_database_refusal(self, database: i64) -> Refusal {
        match &self {
            Self::Answer(error) if error.code() == "ERR" => Refusal::new(
                ErrorKind::Config,
                format!(
                    "it has no database {database}; a server has as many as its setting `databases` says, a cluster only 0"
                ),
            ),
            _ => self.into_refusal(),
        }
    }
}

/// Whether a server says that it is a replica, older ones within the words of a script's error.
pub(crate) fn is_read_only(error: &ServerError) -> bool {
    Said::by(error).code == "READONLY"
}

/// An error that a server gave for an answer.
struct Said<'a> {
    code: &'a str,
    words: &'a str,
    /// It arose while the script ran.
    in_script: bool,
}

/// What servers say of commands inside a script, which older ones wrap in an `ERR` of their own.
const INSIDE: [&str; 7] = ["READONLY", "OOM", "MISCONF", "NOREPLICAS", "WRONGTYPE", "NOPERM", "CROSSSLOT"];

impl<'a> Said<'a> {
    fn by(error: &'a ServerError) -> Self {
        let words = error.details().unwrap_or_default();
        let in_script = words.contains("user_script") || words.contains("script: ");
        let inner = || words.split_whitespace().map(|word| word.trim_start_matches('-'));
        let wrapped = || inner().find_map(|word| INSIDE.into_iter().find(|code| *code == word));
        let forbidden = ["The user executing the script can't", "ACL failure in script"];
        let code = match error.code() {
            "ERR" if forbidden.iter().any(|said| words.contains(said)) => "NOPERM",
            "ERR" if in_script => wrapped().unwrap_or("ERR"),
            code => code,
        };
        Self { code, words, in_script }
    }

    /// Whether the script may have written something before. A server refuses a script's first write for want of
    /// memory and the like, or none.
    fn may_have_written(&self) -> bool {
        self.in_script && !matches!(self.code, "READONLY" | "OOM" | "MISCONF" | "NOREPLICAS")
    }

    fn kind(&self) -> ErrorKind {
        match self.code {
            "OOM" => ErrorKind::Capacity,
            "NOPERM" | "NOAUTH" | "WRONGPASS" | "MOVED" | "ASK" => ErrorKind::Config,
            "LOADING" | "BUSY" | "MISCONF" | "READONLY" | "CLUSTERDOWN" | "MASTERDOWN" | "TRYAGAIN"
            | "NOREPLICAS" | "UNBLOCKED" => ErrorKind::Unavailable,
            "ERR" if self.words.contains("max number of clients") => ErrorKind::Unavailable,
            "ERR" if self.words.contains("unknown command") => ErrorKind::Unsupported,
            _ => ErrorKind::Protocol,
        }
    }

    fn text(&self) -> String {
        let known = match self.code {
            "LOADING" => "the server is still loading its data",
            "BUSY" => "the server is busy with somebody's script; end that with SCRIPT KILL",
            "OOM" => "the server has no memory left for another counter; raise its maxmemory",
            "MISCONF" => "the server takes no writes while it can't save to its disk (MISCONF); see its log",
            "READONLY" => {
                "the server is a replica and takes no writes (READONLY); the next calls look for its primary"
            }
            "CLUSTERDOWN" => "the cluster is down (CLUSTERDOWN); see CLUSTER INFO for what is missing",
            "MASTERDOWN" => "the server is a replica that has lost its primary (MASTERDOWN)",
            "TRYAGAIN" => "the keys are being moved between nodes of the cluster (TRYAGAIN)",
            "NOREPLICAS" => {
                "the server takes no writes with so few replicas (NOREPLICAS, min-replicas-to-write)"
            }
            "NOAUTH" => "the server asks for a password; name user and password in the URL",
            "WRONGPASS" => "the server refuses the user or the password of the URL",
            "NOPERM" => {
                "the server's ACL forbids this user what the limiter needs (NOPERM); see ACL LOG there, and the least \
                 ACL in the limiter's documentation"
            }
            "MOVED" | "ASK" => "the server is a node of a cluster; name it as redis+cluster:// in the URL",
            "CROSSSLOT" => "the keys of one script lie in different slots of the cluster",
            "WRONGTYPE" => {
                "a key of the limiter holds somebody else's value (WRONGTYPE); choose another prefix"
            }
            _ => return self.unknown(),
        };
        known.to_owned()
    }

    fn unknown(&self) -> String {
        if self.words.contains("max number of clients") {
            "the server has as many clients as it may have; raise its maxclients".to_owned()
        } else if self.words.contains("unknown command") {
            "the server doesn't know a command that the limiter needs: EVALSHA, EVAL and those in its scripts"
                .to_owned()
        } else if self.in_script {
            format!("a script failed on the server{}", self.line())
        } else {
            format!("the server answered with the error {}", self.code)
        }
    }

    /// Where in the script, as far as that is said.
    fn line(&self) -> String {
        let after = self.words.rsplit("user_script:").next().unwrap_or_default().trim_start();
        let line: String = after.chars().take_while(char::is_ascii_digit).collect();
        if line.is_empty() || after.len() == self.words.len() {
            String::new()
        } else {
            format!(" in line {line}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(words: &str) -> Failure {
        match redis::parse_redis_value(format!("-{words}\r\n").as_bytes()) {
            Ok(redis::Value::ServerError(error)) => Failure::Answer(error),
            other => panic!("{other:?}"),
        }
    }

    fn judged(words: &str) -> (ErrorKind, bool) {
        let error = said(words).into_error("hit", true);
        assert!(!format!("{error:?}").contains("subject"), "{error}");
        (error.kind(), error.may_have_charged())
    }

    #[test]
    fn errors_within_a_script_are_known_by_the_words_of_older_and_newer_servers() {
        use ErrorKind::{Capacity, Config, Protocol, Unavailable};
        let old = |inner: &str| format!("ERR Error running script (call to f_01ab): @user_script:1: {inner}");
        let new = |inner: &str| format!("{inner} script: 01ab, on @user_script:1.");
        for (inner, expected) in [
            ("OOM command not allowed when used memory > 'maxmemory'.", (Capacity, false)),
            ("READONLY You can't write against a read only replica.", (Unavailable, false)),
            (
                "MISCONF Redis is configured to save RDB snapshots, but it's unable to persist",
                (Unavailable, false),
            ),
            ("NOREPLICAS Not enough good replicas to write.", (Unavailable, false)),
            ("WRONGTYPE Operation against a key holding the wrong kind of value", (Protocol, true)),
            (
                "NOPERM ACL failure in script: User app has no permissions to run the 'incr' command",
                (Config, true),
            ),
            ("ERR The user executing the script can't run this command or subcommand", (Config, true)),
            ("ERR value is not an integer or out of range", (Protocol, true)),
        ] {
            assert_eq!(judged(&new(inner)), expected, "{inner}");
            assert_eq!(judged(&old(inner)), expected, "{inner}");
            assert_eq!(judged(&old(&format!("@user_script: 1: -{inner}"))), expected, "{inner}");
        }
    }

    #[test]
    fn replicas_are_known_by_the_words_of_older_and_newer_servers() {
        let old =
            "ERR Error running script (call to f_01ab): @user_script:1: @user_script: 1: -READONLY You can't";
        for (words, read_only) in [("READONLY You can't write", true), (old, true), ("OOM command", false)] {
            assert!(
                matches!(said(words), Failure::Answer(error) if is_read_only(&error) == read_only),
                "{words}"
            );
        }
    }

    #[test]
    fn what_a_server_says_before_it_runs_a_script_changed_nothing() {
        use ErrorKind::{Config, Protocol, Unavailable, Unsupported};
        for (words, kind) in [
            ("LOADING Redis is loading the dataset in memory", Unavailable),
            ("BUSY Redis is busy running a script. You can only call SCRIPT KILL", Unavailable),
            ("MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.", Unavailable),
            ("CLUSTERDOWN Hash slot not served", Unavailable),
            ("TRYAGAIN Multiple keys request during rehashing of slot", Unavailable),
            ("ERR max number of clients reached", Unavailable),
            ("NOAUTH Authentication required.", Config),
            ("WRONGPASS invalid username-password pair or user is disabled.", Config),
            ("NOPERM this user has no permissions to run the 'evalsha' command", Config),
            ("MOVED 1 127.0.0.1:1", Config),
            ("ERR unknown command 'EVALSHA', with args beginning with: 'subject'", Unsupported),
            ("ERR unknown command `EVALSHA`, with args beginning with: `subject`, ", Unsupported),
            ("CROSSSLOT Keys in request don't hash to the same slot", Protocol),
            ("NEWCODE subject", Protocol),
        ] {
            assert_eq!(judged(words), (kind, false), "{words}");
        }
    }

    #[test]
    fn what_changes_nothing_never_charges() {
        for failure in [Failure::TimedOut, Failure::Lost("reset".to_owned()), Failure::Unreadable] {
            assert!(failure.clone().into_error("hit", true).may_have_charged());
            assert!(!failure.into_error("peek", false).may_have_charged());
        }
    }

    #[test]
    fn the_line_of_a_script_is_told() {
        let error = said("ERR user_script:12: attempt to index nil script: 01ab, on @user_script:12.");
        assert!(error.into_error("hit", true).message().ends_with("in line 12"));
        let error = said("ERR Error running script (call to f_01ab): @user_script:7: user_script:7: subject");
        assert!(error.into_error("hit", true).message().ends_with("in line 7"));
    }
}
