//! What a hit costs, beside a floor and governor, all in one run.
//!
//! `cargo bench -p limiter-memory` prints nanoseconds a hit (the median of the rounds; contenders take turns within
//! each round, so that a noisy moment hits all of them), and ratios to the floor.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark prints, and stops when anything is off"
)]

mod contender;

use std::sync::Arc;
use std::thread;
use std::time::Instant;

use contender::{Bytes, Call, Contender, Floor, Governor, Ours};
use limiter_core::{Limit, limit};

#[global_allocator]
static ALLOCATOR: contender::Counting = contender::Counting;

const ROUNDS: usize = 9;

struct Load {
    name: &'static str,
    keys: usize,
    hits: usize,
    order: Vec<u32>,
}

fn main() {
    let quick = std::env::args().any(|argument| argument == "--test");
    let hits = if quick { 10_000 } else { 1_000_000 };
    for allowed in [true, false] {
        for load in loads(hits) {
            for threads in [1, 2] {
                report(&load, allowed, threads, if quick { 1 } else { ROUNDS });
            }
        }
    }
    bytes_a_key(if quick { 20_000 } else { 1_000_000 });
}

fn loads(hits: usize) -> [Load; 3] {
    let mut random = Random(0x5DEE_CE66D);
    let uniform = (0..hits).map(|_| random.below(10_000)).collect();
    let zipf = (0..hits).map(|_| random.zipf(1_000_000)).collect();
    [
        Load { name: "hot key", keys: 1, hits, order: vec![0; hits] },
        Load { name: "10 thousand", keys: 10_000, hits, order: uniform },
        Load { name: "a million, Zipf", keys: 1_000_000, hits, order: zipf },
    ]
}

fn report(load: &Load, allowed: bool, threads: usize, rounds: usize) {
    let contenders: Vec<Arc<dyn Contender>> = vec![
        Arc::new(Floor::new(load.keys, allowed)),
        Arc::new(Ours::new("ours, bucket", load.keys, bucket(allowed), Call::Now)),
        Arc::new(Ours::new("ours, sliding", load.keys, sliding(allowed), Call::Now)),
        Arc::new(Ours::new("ours, hit_one", load.keys, sliding(allowed), Call::One)),
        Arc::new(Ours::new("ours, from text", load.keys, bucket(allowed), Call::FromText)),
        Arc::new(Governor::<Bytes>::new("governor [u8; 16]", load.keys, allowed)),
        Arc::new(Governor::<String>::new("governor String", load.keys, allowed)),
    ];
    let mut times = vec![Vec::new(); contenders.len()];
    for contender in &contenders {
        run(contender, load, threads);
    }
    for _ in 0..rounds {
        for (contender, times) in contenders.iter().zip(&mut times) {
            times.push(run(contender, load, threads));
        }
    }
    let what = if allowed { "allowed" } else { "denied" };
    println!("\n{}, {what}, {threads} thread{}", load.name, if threads == 1 { "" } else { "s" });
    let floor = median(&mut times[0]);
    for (contender, times) in contenders.iter().zip(&mut times) {
        let time = median(times);
        println!("  {:18} {time:7.1} ns {:5.2} x the floor", contender.name(), time / floor);
    }
}

/// Nanoseconds a hit on one thread, while all threads hit.
#[expect(clippy::cast_precision_loss, reason = "a time for people")]
fn run(contender: &Arc<dyn Contender>, load: &Load, threads: usize) -> f64 {
    let start = Instant::now();
    thread::scope(|scope| {
        for number in 0..threads {
            scope.spawn(move || {
                let (before, after) = load.order.split_at(number * load.hits / threads);
                contender.hit_all(after);
                contender.hit_all(before);
            });
        }
    });
    start.elapsed().as_nanos() as f64 / load.hits as f64
}

#[expect(clippy::cast_precision_loss, reason = "a figure for people")]
fn bytes_a_key(keys: usize) {
    let order: Vec<u32> = (0..u32::try_from(keys).unwrap()).collect();
    println!("\nbytes a key, {keys} of {keys} counters");
    let before = contender::allocated();
    let ours = Ours::new("ours", keys, sliding(true), Call::Now);
    let empty = contender::allocated();
    ours.hit_all(&order);
    let used = contender::allocated() - before - ours.key_bytes();
    println!("  {:18} {:7.1} ({} counters)", "ours", used as f64 / keys as f64, ours.counters());
    println!("  {:18} {:7.1}", "  grown since empty", (contender::allocated() - empty) as f64 / keys as f64);
    let before = contender::allocated();
    let governor = Governor::<Bytes>::new("governor", keys, true);
    governor.hit_all(&order);
    let used = contender::allocated() - before - governor.key_bytes();
    println!("  {:18} {:7.1}", "governor [u8; 16]", used as f64 / keys as f64);
}

fn bucket(allowed: bool) -> Limit {
    if allowed { limit!("bucket 1000000000/s") } else { limit!("bucket 1/day") }
}

fn sliding(allowed: bool) -> Limit {
    if allowed { limit!("1000000000/s") } else { limit!("1/day") }
}

fn median(times: &mut [f64]) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// Seeded, so that every run hits the same keys in the same order.
struct Random(u64);

impl Random {
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        #[expect(clippy::cast_precision_loss, reason = "53 bits are kept")]
        let unit = (self.0 >> 11) as f64 / (1_u64 << 53) as f64;
        unit
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "below `most`")]
    fn below(&mut self, most: u32) -> u32 {
        (self.unit() * f64::from(most)) as u32
    }

    /// A rank by Zipf's law with exponent 1, as the inverse of its continuous form; ranks are scattered over the
    /// keys, so that hot ones aren't neighbours.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "below `most`")]
    fn zipf(&mut self, most: u32) -> u32 {
        let rank = (self.unit() * f64::from(most).ln()).exp() as u64;
        ((rank * 7_368_787) % u64::from(most)) as u32
    }
}
