//! What a hit costs in Redis: the least script, ours, and other limiters, in one run on one private server.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark prints, and stops when anything is off"
)]

mod by_limitador;
mod by_trypema;
#[path = "../../race/mod.rs"]
mod race;

use race::{Field, Race};

fn main() {
    race::run(async |mut race: Race| {
        for keys in [10_000, 1] {
            let mut field = Field::new(race.url(), keys).await;
            field.contenders.push(by_limitador::exact(&race.url(), keys).await);
            field.contenders.push(by_trypema::exact(&race.url(), keys).await);
            race.run(&field.contenders, keys).await;

            // What answers from its own memory and tells the server later: among themselves, since they go on telling
            // it while others have their turn.
            field.contenders.truncate(2);
            field.contenders.push(by_limitador::approximate(&race.url(), keys).await);
            field.contenders.push(by_trypema::approximate(&race.url(), keys).await);
            race.run(&field.contenders, keys).await;
        }
    });
}
