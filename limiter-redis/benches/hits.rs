//! What a hit costs in Redis, beside the least script that limits at all, in one run on one private server.
//!
//! `cargo bench -p limiter-redis` prints hits a second (the median of the rounds), their ratio to the floor (the median
//! over the rounds of the ratio within each, since contenders take turns within each round), where the middle half of
//! these ratios lies, and the server's time a hit: in scripts, and as the system counts it. `-- --test` is short;
//! `-- sliding` runs only those whose names hold that word, and the floor, `-- 64` only 64 callers.
//!
//! The package in `benches/peers` runs the same race with other limiters in it.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark prints, and stops when anything is off"
)]

mod race;

use race::{Field, Race};

fn main() {
    race::run(async |mut race: Race| {
        for keys in [10_000, 1] {
            let field = Field::new(race.url(), keys).await;
            race.run(&field.contenders, keys).await;
        }
    });
}
