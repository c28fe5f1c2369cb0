//! What came of a race, for people.

use super::used::Used;

/// What came of one turn.
pub(crate) struct Row {
    hits_a_second: f64,
    used: Used,
}

/// What came of all turns of all contenders, of which the first are the floors.
pub(crate) struct Table {
    names: Vec<String>,
    floors: usize,
    rounds: Vec<Vec<Row>>,
}

impl Row {
    #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
    pub(crate) fn new(hits: usize, seconds: f64, used: Used) -> Self {
        let hits = hits as f64;
        let used = Used { client: used.client / hits, server: used.server / hits };
        Self { hits_a_second: hits / seconds, used }
    }
}

impl Table {
    pub(crate) fn new(names: impl Iterator<Item = String>, floors: usize) -> Self {
        Self { names: names.collect(), floors, rounds: Vec::new() }
    }

    pub(crate) fn push(&mut self, round: Vec<Row>) {
        self.rounds.push(round);
    }

    pub(crate) fn print(&self, title: &str) {
        println!("\n{title}");
        println!(
            "  {:32} {:>8} {:>6}  {:>11} {:>8} {:>8} {:>6}",
            "", "hits/s", "ratio", "middle half", "client", "server", "ratio"
        );
        let speed = |place: usize| self.median(place, |row| row.hits_a_second);
        let floor = (0..self.floors).max_by(|one, other| speed(*one).total_cmp(&speed(*other))).unwrap_or(0);
        let work = |place: usize| self.median(place, |row| row.used.client + row.used.server);
        for (place, name) in self.names.iter().enumerate() {
            let ratios = sorted(
                self.rounds.iter().map(|round| round[place].hits_a_second / round[floor].hits_a_second),
            );
            let quarter = |quarters: usize| ratios[(ratios.len() - 1) * quarters / 4];
            println!(
                "  {name:32} {:8.0} {:6.2}  {:5.2}-{:5.2} {:5.1} µs {:5.1} µs {:6.2}{}",
                speed(place),
                quarter(2),
                quarter(1),
                quarter(3),
                self.median(place, |row| row.used.client),
                self.median(place, |row| row.used.server),
                work(floor) / work(place),
                if place == floor { "  the floor" } else { "" },
            );
        }
    }

    fn median(&self, place: usize, of: impl Fn(&Row) -> f64) -> f64 {
        let values = sorted(self.rounds.iter().map(|round| of(&round[place])));
        values[values.len() / 2]
    }
}

fn sorted(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<_> = values.collect();
    values.sort_by(f64::total_cmp);
    values
}
