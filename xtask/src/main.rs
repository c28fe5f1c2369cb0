//! The verbs of the workspace, run as `cargo xtask VERB`.
//!
//! One file per verb. None of them knows a package of the product: what needs the product runs it as a program. Servers
//! are `testservers`'s business.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command-line program says what it did on its standard streams"
)]

mod arguments;
mod demo;
mod environment;
mod failure;
mod process;
mod room;
mod servers;
mod store;
mod style;
mod test;
mod tidy;
mod vectors;
mod workspace;

use std::env;
use std::process::ExitCode;

use arguments::Arguments;
use failure::{Failure, Result};

const USAGE: &str = "\
usage: cargo xtask VERB

  demo [--backend NAME]       start the gateway and walk through its scenarios over HTTP
  demo --serve [--backend NAME]
                              start the gateway and leave it running until Ctrl-C
  test [--long]               everything that proves the project: servers, format, lints, docs, tests, vectors, tidy,
                              demo; --long runs the laws a hundred times as long
  vectors [--backend NAME]... [FILE|DIR]...
                              replay worked traces: limiter-testkit/vectors on `model`, `memory`, `redis`,
                              `postgres` and `sqlite`, unless other backends or traces are named
  servers                     find the server programs that tests need, or install them where that is allowed
  tidy                        the rules no compiler knows: who may depend on whom, import cycles, lengths, names

The demo's counts are kept where RATE_LIMITER or --backend says, in the process unless told otherwise. `redis` is the
server that REDIS_URL names, `postgres` the one that DATABASE_URL names, or else a private one, whose programs are found
(TESTKIT_REDIS_SERVER and TESTKIT_POSTGRES_BIN may name them) or installed, and which ends with the verb. `sqlite` is the
file that LIMITER_SQLITE_PATH names, or else a private one. `mixed` keeps rates in `redis`, slots in `sqlite` and quotas
in `postgres`.";

fn main() -> ExitCode {
    let mut words = env::args().skip(1);
    let verb = words.next();
    let outcome =
        process::end_children_when_interrupted().and_then(|()| run(verb.as_deref(), Arguments::new(words)));
    process::stay_if_interrupted();
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Usage(why)) => {
            eprintln!("{why}\n\n{USAGE}");
            ExitCode::from(2)
        }
        Err(Failure::Failed(why)) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
        Err(Failure::Shown) => ExitCode::FAILURE,
    }
}

fn run(verb: Option<&str>, arguments: Arguments) -> Result {
    match verb {
        Some("demo") => demo::run(arguments),
        Some("test") => test::run(arguments),
        Some("vectors") => vectors::run(arguments),
        Some("tidy") => tidy::run(arguments),
        Some("servers") => servers::run(arguments),
        Some("help" | "--help" | "-h") => {
            println!("{USAGE}");
            Ok(())
        }
        Some(other) => Err(Failure::Usage(format!("`{other}` is not a verb"))),
        None => Err(Failure::Usage("a verb is missing".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_or_wrong_verb_is_a_usage_error() {
        for verb in [None, Some("dmeo"), Some("")] {
            let outcome = run(verb, Arguments::new([]));
            assert!(matches!(outcome, Err(Failure::Usage(_))), "{verb:?}: {outcome:?}");
        }
    }

    #[test]
    fn the_usage_names_every_verb() {
        for verb in ["demo", "test", "vectors", "tidy", "servers"] {
            assert!(USAGE.contains(&format!("\n  {verb} ")), "{verb}");
        }
    }
}
