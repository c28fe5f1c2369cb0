//! What of the race is wanted.

use limiter_postgres::Durability;

/// What the arguments say. Each leaves something out; without any, all is wanted.
pub(crate) struct Wanted {
    pub(crate) rounds: usize,
    pub(crate) turn_ms: u64,
    pub(crate) callers: Option<usize>,
    keys: Option<usize>,
    durability: Option<Durability>,
    name: String,
}

impl Wanted {
    pub(crate) fn by(arguments: impl Iterator<Item = String>) -> Self {
        let mut wanted = Self {
            rounds: 7,
            turn_ms: 200,
            callers: None,
            keys: None,
            durability: None,
            name: String::new(),
        };
        for word in arguments {
            match word.as_str() {
                "--test" => (wanted.rounds, wanted.turn_ms) = (1, 10),
                "hot" => wanted.keys = Some(1),
                "many" => wanted.keys = Some(10_000),
                "relaxed" => wanted.durability = Some(Durability::Relaxed),
                "strict" => wanted.durability = Some(Durability::Strict),
                word if word.starts_with("--") => {}
                word => wanted.read(word),
            }
        }
        wanted
    }

    /// Whether those who keep these promises, with so many keys, are to race.
    pub(crate) fn has(&self, durability: Durability, keys: usize) -> bool {
        self.durability.is_none_or(|only| only == durability) && self.keys.is_none_or(|only| only == keys)
    }

    /// Whether one of this name is to race.
    pub(crate) fn names(&self, name: &str) -> bool {
        name.contains(&self.name)
    }

    fn read(&mut self, word: &str) {
        if let Some(rounds) = word.strip_prefix("rounds=").and_then(|rounds| rounds.parse().ok()) {
            self.rounds = rounds;
        } else if let Ok(callers) = word.parse() {
            self.callers = Some(callers);
        } else {
            word.clone_into(&mut self.name);
        }
    }
}
