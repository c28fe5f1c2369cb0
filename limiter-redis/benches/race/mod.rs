//! A race: who takes part, over which keys, in which order, and what comes of it.

mod contender;
mod field;
mod random;
mod server;
mod table;
mod turns;

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use testservers::redis::Redis;

pub(crate) use contender::Contender;
pub(crate) use field::Field;
use random::Random;
use server::Server;
use table::{Row, Table};
pub(crate) use turns::Turns;

/// How many callers share one connection, and how many hits they make in one round.
const CALLERS: [(usize, usize); 3] = [(1, 2_000), (64, 24_000), (512, 30_000)];
const ROUNDS: usize = 11;
/// A busy machine may stop any of them for longer than the timeout they have by default.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Contenders that take turns on one server.
pub(crate) struct Race {
    redis: Redis,
    server: Server,
    short: bool,
    /// Of the contenders after the floor, only those whose names hold this text.
    only: String,
    /// Only so many callers.
    callers: Option<usize>,
}

/// Starts a server, and hands a race on it to `whole`.
pub(crate) fn run<F: Future<Output = ()>>(whole: impl FnOnce(Race) -> F) {
    let short = std::env::args().any(|argument| argument == "--test");
    let words: Vec<_> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let callers = words.iter().find_map(|word| word.parse().ok());
    let only = words.into_iter().find(|word| word.parse::<usize>().is_err()).unwrap_or_default();
    let redis = Redis::start().unwrap_or_else(|unavailable| {
        println!("{unavailable}");
        std::process::exit(1);
    });
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let server = Server::connect(&redis.url()).await;
        whole(Race { redis, server, short, only, callers }).await;
    });
}

impl Race {
    /// Where the server is.
    pub(crate) fn url(&self) -> String {
        self.redis.url()
    }

    /// Runs all rounds at each number of callers, and prints a table for each. What is faster of the first two is the
    /// floor.
    pub(crate) async fn run(&mut self, contenders: &[Arc<dyn Contender>], keys: usize) {
        let (floor, others) = contenders.split_at(2);
        let others = others.iter().filter(|one| one.name().contains(&self.only));
        let contenders: Vec<_> = floor.iter().chain(others).map(Arc::clone).collect();
        let only = self.callers;
        let chosen = |callers: usize| only.is_none_or(|only| callers == only);
        for (callers, hits) in CALLERS.into_iter().filter(|(callers, _)| chosen(*callers)) {
            let (hits, rounds) = if self.short { (hits / 20, 1) } else { (hits, ROUNDS) };
            let mut random = Random::new();
            let order: Arc<[u32]> = (0..hits).map(|_| random.below(keys)).collect();
            let mut table = Table::new(contenders.iter().map(|one| one.name()));
            for contender in &contenders {
                self.turn(contender, callers, &order).await;
            }
            for _ in 0..rounds {
                let mut round = Vec::new();
                for contender in &contenders {
                    round.push(self.turn(contender, callers, &order).await);
                }
                table.push(round);
            }
            table.print(keys, callers);
        }
    }

    /// One contender's turn in a round.
    async fn turn(&mut self, contender: &Arc<dyn Contender>, callers: usize, order: &Arc<[u32]>) -> Row {
        let turns = Turns::new(order);
        let before = self.server.used().await;
        let start = Instant::now();
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
        Row::new(order.len(), seconds, self.server.used().await - before)
    }
}
