//! What came of a race, for people.

use super::server::Used;

/// What came of one turn.
pub(crate) struct Row {
    hits_a_second: f64,
    scripts: f64,
    processor: f64,
}

/// What came of all turns of all contenders.
pub(crate) struct Table {
    names: Vec<&'static str>,
    rounds: Vec<Vec<Row>>,
}

impl Row {
    #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
    pub(crate) fn new(hits: usize, seconds: f64, used: Used) -> Self {
        let hits = hits as f64;
        Self { hits_a_second: hits / seconds, scripts: used.scripts / hits, processor: used.processor / hits }
    }
}

impl Table {
    pub(crate) fn new(names: impl Iterator<Item = &'static str>) -> Self {
        Self { names: names.collect(), rounds: Vec::new() }
    }

    pub(crate) fn push(&mut self, round: Vec<Row>) {
        self.rounds.push(round);
    }

    pub(crate) fn print(&self, keys: usize, callers: usize) {
        let plural = |count: usize| if count == 1 { "" } else { "s" };
        println!("\n{keys} key{}, {callers} caller{} on one connection", plural(keys), plural(callers));
        println!(
            "  {:34} {:>8} {:>6}  {:>11} {:>8} {:>8}",
            "", "hits/s", "ratio", "middle half", "script", "server"
        );
        let floor =
            usize::from(self.median(1, |row| row.hits_a_second) > self.median(0, |row| row.hits_a_second));
        for (place, name) in self.names.iter().enumerate() {
            let hits = self.median(place, |row| row.hits_a_second);
            let ratios = sorted(
                self.rounds.iter().map(|round| round[place].hits_a_second / round[floor].hits_a_second),
            );
            let quarter = |quarters: usize| ratios[(ratios.len() - 1) * quarters / 4];
            println!(
                "  {name:34} {hits:8.0} {:6.2}  {:5.2}-{:5.2} {:5.2} µs {:5.2} µs{}",
                quarter(2),
                quarter(1),
                quarter(3),
                self.median(place, |row| row.scripts),
                self.median(place, |row| row.processor),
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
