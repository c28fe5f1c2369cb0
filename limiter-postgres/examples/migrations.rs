//! Prints the SQL that makes the tables and functions, for those who migrate by other means:
//! `cargo run -p limiter-postgres --example migrations -- limiter | psql --single-transaction "$OWNER_URL"`. A second argument
//! is the version that is there already.

use std::io::{self, Write};
use std::process::ExitCode;

use limiter_postgres::{Options, migrations};

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let schema = arguments.next().unwrap_or_else(|| Options::default().schema().to_owned());
    let there = arguments.next().map_or(Ok(0), |version| version.parse::<u32>());
    match (Options::default().with_schema(&schema), there) {
        (Ok(options), Ok(there)) => {
            print(options.schema(), there).map_or(ExitCode::FAILURE, |()| ExitCode::SUCCESS)
        }
        (Err(error), _) => refuse(&error.to_string()),
        (_, Err(_)) => refuse("the second argument is a version, from 0 on"),
    }
}

fn print(schema: &str, there: u32) -> io::Result<()> {
    let mut out = io::stdout().lock();
    for migration in migrations().iter().filter(|migration| migration.version > there) {
        writeln!(out, "-- {} {}\n{}", migration.version, migration.name, migration.sql(schema))?;
    }
    Ok(())
}

fn refuse(why: &str) -> ExitCode {
    let _ = writeln!(io::stderr(), "{why}");
    ExitCode::FAILURE
}
