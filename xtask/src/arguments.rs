//! The words after a verb, taken one kind at a time; what is left over is an error.

use crate::failure::{Failure, Result};

/// The words after a verb that nobody has taken yet.
#[derive(Debug)]
pub(crate) struct Arguments(Vec<String>);

impl Arguments {
    pub(crate) fn new(words: impl IntoIterator<Item = String>) -> Self {
        Self(words.into_iter().collect())
    }

    /// Takes `--name`, and says whether it was there.
    pub(crate) fn switch(&mut self, name: &str) -> bool {
        let before = self.0.len();
        self.0.retain(|word| word != name);
        self.0.len() < before
    }

    /// Takes every `--name VALUE` and `--name=VALUE`, in order.
    pub(crate) fn values(&mut self, name: &str) -> Result<Vec<String>> {
        let mut values = Vec::new();
        let mut rest = Vec::new();
        let mut words = self.0.drain(..);
        while let Some(word) = words.next() {
            if word == name {
                let value = words.next().filter(|value| !value.starts_with("--"));
                values.push(value.ok_or_else(|| Failure::Usage(format!("`{name}` needs a value")))?);
            } else if let Some(value) = word.strip_prefix(name).and_then(|rest| rest.strip_prefix('=')) {
                values.push(value.to_owned());
            } else {
                rest.push(word);
            }
        }
        drop(words);
        self.0 = rest;
        Ok(values)
    }

    /// Takes `--name VALUE`, which may stand once.
    pub(crate) fn value(&mut self, name: &str) -> Result<Option<String>> {
        let mut values = self.values(name)?;
        if values.len() > 1 {
            return Err(Failure::Usage(format!("`{name}` may stand once")));
        }
        Ok(values.pop())
    }

    /// Takes all that is left as names; an option among them is one that the verb doesn't know.
    pub(crate) fn names(self) -> Result<Vec<String>> {
        match self.0.iter().find(|word| word.starts_with('-')) {
            Some(option) => Err(Failure::Usage(format!("`{option}` is not an option of this verb"))),
            None => Ok(self.0),
        }
    }

    /// Nothing may be left.
    pub(crate) fn end(self) -> Result {
        match self.names()?.first() {
            Some(word) => Err(Failure::Usage(format!("`{word}` is one word too many"))),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(words: &[&str]) -> Arguments {
        Arguments::new(words.iter().map(|word| (*word).to_owned()))
    }

    #[test]
    fn takes_switches_values_and_names_in_any_order() {
        let mut given = arguments(&["a", "--backend", "x", "--long", "--backend=y", "b"]);
        assert!(given.switch("--long"));
        assert!(!given.switch("--long"));
        assert_eq!(given.values("--backend").unwrap(), ["x", "y"]);
        assert_eq!(given.names().unwrap(), ["a", "b"]);
    }

    #[test]
    fn refuses_what_it_does_not_know() {
        let usage = |result: Result| matches!(result, Err(Failure::Usage(_)));
        assert!(usage(arguments(&["--lnog"]).end()));
        assert!(usage(arguments(&["word"]).end()));
        assert!(usage(arguments(&["--backend"]).values("--backend").map(drop)));
        assert!(usage(arguments(&["--backend", "--serve"]).values("--backend").map(drop)));
        assert!(usage(arguments(&["--backend=a", "--backend=b"]).value("--backend").map(drop)));
        assert!(arguments(&[]).end().is_ok());
    }
}
