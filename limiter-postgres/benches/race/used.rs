//! The processor's time, the client's and the server's, as Linux counts it; elsewhere none.

use std::fs;
use std::ops::Sub;

use testservers::postgres::Postgres;

/// Linux counts in hundredths of a second, whatever the machine.
const TICK_US: f64 = 10_000.0;

/// The processes that are watched.
pub(crate) struct Watch {
    server: Option<u32>,
}

/// Microseconds until then.
#[derive(Clone, Copy)]
pub(crate) struct Used {
    pub(crate) client: f64,
    pub(crate) server: f64,
}

impl Watch {
    pub(crate) fn new(postgres: &Postgres) -> Self {
        let postmaster = postgres
            .psql("postgres", &["-c", "select (regexp_match(pg_read_file('postmaster.pid'), '^\\d+'))[1]"]);
        Self { server: postmaster.ok().and_then(|pid| pid.trim().parse().ok()) }
    }

    pub(crate) fn used(&self) -> Used {
        let client = ticks("self").map_or(0.0, |(_, ticks)| ticks);
        let server = self.server.map_or(0.0, |postmaster| {
            let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
            let names = processes.filter_map(|entry| entry.file_name().into_string().ok());
            let numbers = names.filter(|name| name.starts_with(|first: char| first.is_ascii_digit()));
            let of_server = |name: String| ticks(&name).filter(|(parent, _)| *parent == postmaster);
            numbers.filter_map(of_server).map(|(_, ticks)| ticks).sum()
        });
        Used { client: client * TICK_US, server: server * TICK_US }
    }
}

/// A process' parent, and what it has used.
fn ticks(process: &str) -> Option<(u32, f64)> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let (_, after_name) = stat.rsplit_once(')')?;
    let fields: Vec<_> = after_name.split_whitespace().collect();
    let number = |place: usize| fields.get(place)?.parse::<f64>().ok();
    Some((fields.get(1)?.parse().ok()?, number(11)? + number(12)?))
}

impl Sub for Used {
    type Output = Self;

    fn sub(self, earlier: Self) -> Self {
        Self { client: self.client - earlier.client, server: self.server - earlier.server }
    }
}
