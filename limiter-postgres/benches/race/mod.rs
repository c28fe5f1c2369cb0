//! A race: who takes part, over which keys, in which order, and what comes of it.

mod bare;
mod contender;
mod field;
mod random;
mod table;
mod turns;
mod used;
mod wanted;

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use limiter_postgres::Durability;
use testservers::postgres::Postgres;

pub(crate) use contender::Contender;
pub(crate) use field::Field;
use random::Random;
use table::{Row, Table};
pub(crate) use turns::Turns;
use used::Watch;
use wanted::Wanted;

/// How many call at once.
const CALLERS: [usize; 4] = [1, 16, 64, 512];
/// Keys are drawn in the same order by all, over and over.
const DRAWN: usize = 100_000;
/// A busy machine may stop any of them for longer than the timeout they have by default.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);
/// As a server in production has it: a commit is on disk, and rows that are dead are cleared away.
const SETTINGS: [(&str, &str); 5] = [
    ("shared_buffers", "256MB"),
    ("max_connections", "300"),
    ("max_wal_size", "4GB"),
    ("fsync", "on"),
    ("autovacuum", "on"),
];

/// Contenders that take turns on one server.
pub(crate) struct Race {
    postgres: Postgres,
    watch: Watch,
    wanted: Wanted,
}

/// Starts a server, and hands a race on it to `whole`.
pub(crate) fn run<F: Future<Output = ()>>(whole: impl FnOnce(Race) -> F) {
    let wanted = Wanted::by(std::env::args().skip(1));
    let postgres = Postgres::with(&SETTINGS).unwrap_or_else(|unavailable| {
        println!("{unavailable}");
        std::process::exit(1);
    });
    let watch = Watch::new(&postgres);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(whole(Race { postgres, watch, wanted }));
}

impl Race {
    /// A new database for a field.
    pub(crate) fn database(&self) -> String {
        self.postgres.new_database().unwrap()
    }

    /// Whether a field over so many keys is to race.
    pub(crate) fn is_wanted(&self, durability: Durability, keys: usize) -> bool {
        self.wanted.has(durability, keys)
    }

    /// Runs all rounds at each number of callers, and prints a table for each.
    pub(crate) async fn run(&self, field: &Field, durability: Durability, keys: usize) {
        let wanted = field.others.iter().filter(|one| self.wanted.names(one.name()));
        let all: Vec<_> = field.floors.iter().chain(wanted).collect();
        let mut random = Random::new();
        let order: Arc<[u32]> = (0..DRAWN).map(|_| random.below(keys)).collect();
        for callers in
            CALLERS.into_iter().filter(|callers| self.wanted.callers.is_none_or(|only| only == *callers))
        {
            let contenders: Vec<_> = all.iter().filter(|one| one.takes(callers)).collect();
            let names = contenders.iter().map(|one| one.name().to_owned());
            let mut table = Table::new(names, field.floors.len());
            for round in 0..=self.wanted.rounds {
                let mut rows = Vec::new();
                for contender in &contenders {
                    rows.push(self.turn(contender, callers, &order).await);
                }
                // The first one makes connections and fills caches.
                if round > 0 {
                    table.push(rows);
                }
            }
            table.print(&title(durability, keys, callers));
        }
    }

    /// One contender's turn in a round.
    async fn turn(&self, contender: &Arc<dyn Contender>, callers: usize, order: &Arc<[u32]>) -> Row {
        let before = self.watch.used();
        let start = Instant::now();
        let turns = Turns::new(order, start + Duration::from_millis(self.wanted.turn_ms));
        let callers: Vec<_> = (0..callers)
            .map(|_| {
                let (contender, turns) = (Arc::clone(contender), turns.clone());
                tokio::spawn(async move { contender.hit_all(&turns).await })
            })
            .collect();
        for caller in callers {
            caller.await.unwrap();
        }
        let seconds = start.elapsed().as_secs_f64();
        Row::new(turns.drawn(), seconds, self.watch.used() - before)
    }
}

fn title(durability: Durability, keys: usize, callers: usize) -> String {
    let durability = if durability == Durability::Strict { "Strict" } else { "Relaxed" };
    let plural = |count: usize| if count == 1 { "" } else { "s" };
    format!("{durability}, {keys} key{}, {callers} caller{}", plural(keys), plural(callers))
}
