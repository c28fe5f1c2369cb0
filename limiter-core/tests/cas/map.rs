//! A store in memory.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use limiter_core::{Capabilities, CasStore, CasWrite, Clock, Control, Loaded, Result};

type Values = HashMap<Vec<u8>, (Vec<u8>, u64)>;

/// Values by name, each with the time from when on it may be dropped. Clones share them.
#[derive(Clone, Debug)]
pub(crate) struct MapStore {
    clock: Arc<dyn Clock>,
    values: Arc<Mutex<Values>>,
    several: bool,
    drops: bool,
}

impl MapStore {
    /// One that drops nothing.
    pub(crate) fn new(clock: impl Clock) -> Self {
        Self { clock: Arc::new(clock), values: Arc::default(), several: true, drops: false }
    }

    /// One that makes one write in a step.
    pub(crate) fn of_one_write(self) -> Self {
        Self { several: false, ..self }
    }

    /// One that drops every value at the first moment at which it may.
    pub(crate) fn dropping(self) -> Self {
        Self { drops: true, ..self }
    }

    /// Everything that it holds, by name, each with its time.
    pub(crate) fn all(&self) -> Vec<(Vec<u8>, Vec<u8>, u64)> {
        let values = self.values.lock().unwrap();
        let mut all: Vec<_> = values
            .iter()
            .map(|(name, (value, expires_ms))| (name.clone(), value.clone(), *expires_ms))
            .collect();
        all.sort();
        all
    }

    /// The one value that it holds.
    pub(crate) fn only_value(&self) -> Vec<u8> {
        let all = self.all();
        assert_eq!(all.len(), 1);
        all[0].1.clone()
    }

    /// Puts other bytes in the place of every value.
    pub(crate) fn overwrite(&self, bytes: &[u8]) {
        for (value, _) in self.values.lock().unwrap().values_mut() {
            bytes.clone_into(value);
        }
    }
}

#[async_trait]
impl CasStore for MapStore {
    async fn load(&self, names: &[Vec<u8>]) -> Result<Loaded> {
        assert!(self.several || names.len() == 1, "a store of one write is asked for {} names", names.len());
        assert!(names.iter().all(|name| name.len() <= 1_200), "too long a name");
        let mut values = self.values.lock().unwrap();
        let now_ms = self.clock.now_ms();
        if self.drops {
            values.retain(|_, (_, expires_ms)| *expires_ms > now_ms);
        }
        let value = |name: &Vec<u8>| values.get(name).map(|(value, _)| value.clone());
        Ok(Loaded { now_ms, values: names.iter().map(value).collect() })
    }

    async fn commit(&self, writes: &[CasWrite]) -> Result<bool> {
        assert!(self.several || writes.len() == 1, "a store of one write is given {}", writes.len());
        assert!(writes.is_sorted_by(|one, next| one.name < next.name), "not in order, or not each once");
        assert!(writes.iter().any(|write| write.after != write.before), "a commit of nothing");
        let mut values = self.values.lock().unwrap();
        let holds = |write: &CasWrite| {
            values.get(&write.name).map(|(value, _)| value.as_slice()) == write.before.as_deref()
        };
        if !writes.iter().all(holds) {
            return Ok(false);
        }
        for write in writes.iter().filter(|write| write.after != write.before) {
            match &write.after {
                Some(after) => values.insert(write.name.clone(), (after.clone(), write.expires_ms)),
                None => values.remove(&write.name),
            };
        }
        Ok(true)
    }

    fn commits_several(&self) -> bool {
        self.several
    }
}

#[async_trait]
impl Control for MapStore {
    async fn ping(&self) -> Result<()> {
        Ok(())
    }

    async fn shutdown(&self) -> Result<()> {
        Ok(())
    }

    fn describe(&self) -> String {
        "a map in this process".to_owned()
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::NONE.with_atomic_keys()
    }
}
