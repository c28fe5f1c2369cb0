//! What a person is told of what was chosen, and why.

use limiter_core::Backend;

use crate::origin::Origin;
use crate::part::Part;
use crate::plan::{Idle, Store};

/// What was chosen and why, in words. No secrets.
#[derive(Debug)]
pub(crate) struct Told {
    /// Each store, what it counts where there are several, and who chose it.
    stores: String,
    /// Each layer and why it is there, the innermost first.
    layers: Vec<String>,
    idle: Idle,
}

impl Told {
    pub(crate) fn new(stores: &[&Store], idle: Idle) -> Self {
        let several = stores.len() > 1;
        let stores: Vec<_> = stores.iter().map(|store| in_words(store, several)).collect();
        Self { stores: stores.join(", "), layers: Vec::new(), idle }
    }

    /// Of a backend that the program built itself.
    pub(crate) fn of(backend: &Backend) -> Self {
        let stores = format!("{} ({})", backend.name, Origin::Program.in_words());
        Self { stores, layers: Vec::new(), idle: Idle::default() }
    }

    /// Notes a layer around all that are there. One of several stores' stands there once.
    pub(crate) fn add_layer(&mut self, name: &str, why: &str) {
        let layer = format!("{name} ({why})");
        if !self.layers.contains(&layer) {
            self.layers.push(layer);
        }
    }

    /// In one line; `control` says how the stores and the layers are set.
    pub(crate) fn describe(&self, control: &str) -> String {
        let mut told = vec![format!("{}: {control}", self.stores)];
        if !self.layers.is_empty() {
            let layers: Vec<_> = self.layers.iter().rev().map(String::as_str).collect();
            told.push(format!("layers from outside: {}", layers.join(", ")));
        }
        let Idle { of_others, ready, passed_by } = &self.idle;
        for (what, variables) in [("for another backend", of_others), ("for what is switched off", ready)] {
            if !variables.is_empty() {
                told.push(format!("set, but {what}: {}", variables.join(", ")));
            }
        }
        let passed_by = passed_by.iter();
        told.extend(passed_by.map(|(own, choice)| format!("{own} is passed by, for {choice} holds a URL")));
        told.join("; ")
    }
}

fn in_words(store: &Store, several: bool) -> String {
    let name = store.build.registration.name();
    let origins: Vec<_> = store.origins.iter().map(|origin| origin.in_words()).collect();
    let why = origins.join(" and ");
    if several {
        return format!("{} in {name} ({why})", Part::in_words(&store.parts));
    }
    format!("{name} ({why})")
}
