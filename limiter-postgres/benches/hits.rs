//! What a hit costs in PostgreSQL, beside the bare upsert that only counts, in one run on one private server.
//!
//! `cargo bench -p limiter-postgres` prints hits a second (the median of the rounds), their ratio to the floor (the median
//! over the rounds of the ratio within each, since contenders take turns within each round), where the middle half of
//! these ratios lies, and the processor's time a hit, the client's and the server's, with the ratio of both together: on
//! a machine that others use too, it tells more than the speed. It takes less than ten minutes.
//!
//! `-- --test` is short. `-- sliding` runs only those whose names hold that word, and the floor; `-- 64` only 64 callers;
//! `-- hot` one key, `-- many` ten thousand; `-- relaxed` and `-- strict` one durability. `-- rounds=21` is longer.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark prints, and stops when anything is off"
)]

mod race;

use limiter_postgres::Durability;

use race::{Field, Race};

fn main() {
    race::run(async |race: Race| {
        for durability in [Durability::Relaxed, Durability::Strict] {
            for keys in [10_000, 1] {
                if race.is_wanted(durability, keys) {
                    let field = Field::new(&race.database(), durability, keys).await;
                    race.run(&field, durability, keys).await;
                }
            }
        }
    });
}
