//! SQLSTATEs, each with what it means here.

use limiter_core::ErrorKind;

/// What the error is for a caller.
pub(crate) fn kind(code: &str) -> ErrorKind {
    use ErrorKind::{Capacity, Config, Protocol, Timeout, Unavailable};
    match code {
        "57014" | "25P03" | "25P04" => Timeout,
        "53100" | "53200" | "53400" => Capacity,
        "25000" | "42501" | "3D000" | "3F000" | "42883" | "42P01" | "42703" | "26000" | "42P05" => Config,
        "25006" | "57P01" | "57P02" | "57P03" | "57P04" | "57P05" | "53300" => Unavailable,
        _ => match class(code) {
            "28" => Config,
            "08" | "40" | "53" | "55" | "57" | "58" | "F0" | "XX" => Unavailable,
            _ => Protocol,
        },
    }
}

/// What it says, and what to do.
pub(super) fn text(code: &str) -> String {
    let known = match code {
        "25000" => {
            "a session's transactions aren't read committed, as slots need them (25000); see to its \
             default_transaction_isolation"
        }
        "25006" => {
            "the server takes no writes (25006): it is a standby, or its default is read only; the next calls look \
                    for its primary"
        }
        "25P03" | "25P04" => "the server ended a transaction that took longer than it allows",
        "26000" | "42P05" => {
            "a prepared statement isn't what it was (a pooler in transaction mode in between?); behind PgBouncer say so: \
             LIMITER_PGBOUNCER=true"
        }
        "3D000" => "there is no such database; create it, or name another in the URL",
        "28P01" => "it refuses the user or the password",
        "40001" | "40P01" => "other transactions stood in the way; nothing was changed",
        "42501" => {
            "the role may not do this (42501): grant it usage on the schema and execute on its functions"
        }
        "3F000" | "42P01" | "42703" | "42883" => {
            return format!(
                "a table or function of the limiter is missing in the schema ({code}); has somebody dropped it, or is it \
                 older than this program? LIMITER_MIGRATE=auto makes what is missing"
            );
        }
        "53100" => "the server's disk is full; nothing was changed",
        "53200" => "the server has no memory left; nothing was changed",
        "53300" => {
            "the server has as many clients as it may have (53300); raise its max_connections, or lower the size of the \
             limiter's pools"
        }
        "57014" => "the statement took too long, or somebody cancelled it; nothing was changed",
        "57P01" => "the server is being shut down, or somebody ended the connection there",
        "57P02" => "the server crashed, and is starting again",
        "57P03" => "the server is starting, stopping or recovering, and takes no calls yet",
        "57P04" => "the database was dropped while it was in use",
        "57P05" => "the server had closed the connection because it was idle",
        _ => return of_class(code),
    };
    known.to_owned()
}

/// Whether the transaction may be committed although an error was told.
pub(super) fn may_be_committed(code: &str) -> bool {
    // A pooler in between that loses its server answers with one of class 08.
    class(code) == "08" || code == "40003"
}

/// Whether the same call may succeed if it is made again at once.
pub(super) fn may_succeed_again(code: &str) -> bool {
    // 0A000: a function's columns are others than when the statement was prepared.
    matches!(code, "0A000" | "40001" | "40P01" | "57P01" | "57P05")
}

/// Whether it ends a session between two statements or in one that is undone then, and never after its commit, unless
/// the statement was complete before.
pub(super) fn ends_sessions(code: &str) -> bool {
    matches!(code, "25P03" | "25P04" | "3D000" | "53300" | "57P01" | "57P03" | "57P04" | "57P05")
        || class(code) == "28"
}

/// Whether what is prepared on the connection is of no more use.
pub(super) fn spoils_a_connection(code: &str) -> bool {
    matches!(code, "0A000" | "26000" | "42P05") || class(code) == "08"
}

/// Whether it is about the server as a whole, so that other connections to it are of no use either.
pub(super) fn is_of_the_server(code: &str) -> bool {
    matches!(code, "25006" | "57P01" | "57P02" | "57P03")
}

fn of_class(code: &str) -> String {
    match class(code) {
        "08" => format!(
            "the connection failed ({code}): the server or a pooler in between; behind PgBouncer say so: \
             LIMITER_PGBOUNCER=true"
        ),
        "28" => format!("it lets this user not in from here ({code}); see pg_hba.conf there"),
        "53" => format!("the server is short of something ({code}); see its log"),
        "54" => format!("the call is more than the server can do in one statement ({code})"),
        "55" | "57" => format!("the server can't do it now ({code})"),
        "58" | "F0" | "XX" => format!("the server failed ({code}); see its log"),
        _ => format!("the server answered with the error {code}; has somebody changed the limiter's schema?"),
    }
}

fn class(code: &str) -> &str {
    code.get(..2).unwrap_or_default()
}
