//! Which node of a cluster serves which slot.

use std::collections::HashMap;
use std::sync::Arc;

use redis::cluster_routing::Slot;
use redis::{FromRedisValue, Value};

use super::link::Link;
use crate::target::Address;

/// A node of a cluster.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) address: Address,
    pub(super) link: Link,
}

/// Which node of a cluster serves which slot, as far as is known.
#[derive(Debug, Default)]
pub(super) struct Slots {
    nodes: Vec<Arc<Node>>,
    owners: HashMap<Slot, Arc<Node>>,
}

impl Slots {
    /// The node that serves a slot; without one any.
    pub(super) fn node(&self, slot: Option<Slot>) -> Option<&Arc<Node>> {
        match slot {
            Some(slot) => self.owners.get(&slot),
            None => self.nodes.iter().max_by_key(|node| node.link.is_open()),
        }
    }

    /// All nodes that are known.
    pub(super) fn nodes(&self) -> &[Arc<Node>] {
        &self.nodes
    }

    /// The node at an address, a new one if there is none.
    pub(super) fn at(&mut self, address: &Address, link: impl FnOnce(&Address) -> Link) -> Arc<Node> {
        if let Some(node) = self.nodes.iter().find(|node| node.address == *address) {
            return Arc::clone(node);
        }
        let node = Arc::new(Node { address: address.clone(), link: link(address) });
        self.nodes.push(Arc::clone(&node));
        node
    }

    /// Notes that a slot has moved.
    pub(super) fn move_to(&mut self, slot: Slot, owner: Arc<Node>) {
        self.owners.insert(slot, owner);
    }

    /// Takes over what a node says of all slots. Links to nodes that are still there are kept, and such as are open: a
    /// node that slots are being moved to has none yet.
    pub(super) fn replace(&mut self, served: &[Served], link: impl Fn(&Address) -> Link) {
        self.owners.clear();
        let is_served = |node: &Node| served.iter().any(|served| served.primary == node.address);
        self.nodes.retain(|node| node.link.is_open() || is_served(node));
        for Served { first, last, primary } in served {
            let owner = self.at(primary, &link);
            self.owners.extend((*first..=*last).filter_map(Slot::new).map(|slot| (slot, Arc::clone(&owner))));
        }
    }
}

/// A row of slots and the node that serves them.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Served {
    first: u16,
    last: u16,
    primary: Address,
}

impl Served {
    /// Reads the answer to `CLUSTER SLOTS`. A node that doesn't know its own host is where it was `asked`.
    pub(super) fn read(answer: Value, asked: &Address) -> Option<Vec<Self>> {
        let Value::Array(rows) = answer else { return None };
        rows.into_iter().map(|row| Self::row(row, asked)).collect()
    }

    fn row(row: Value, asked: &Address) -> Option<Self> {
        let Value::Array(row) = row else { return None };
        let mut parts = row.into_iter();
        let first = u16::from_redis_value(parts.next()?).ok()?;
        let last = u16::from_redis_value(parts.next()?).ok()?;
        let Value::Array(primary) = parts.next()? else { return None };
        let mut primary = primary.into_iter();
        let host = Option::<String>::from_redis_value(primary.next()?).ok()?.unwrap_or_default();
        let port = u16::from_redis_value(primary.next()?).ok()?;
        Some(Self { first, last, primary: Address { host: or_asked(&host, asked), port } })
    }
}

/// Reads where a `MOVED` or `ASK` points: a slot, and an address.
pub(super) fn redirection(words: &str, asked: &Address) -> Option<(Slot, Address)> {
    let mut words = words.split_ascii_whitespace();
    let slot = words.next()?.parse().ok().and_then(Slot::new)?;
    let (host, port) = words.next()?.rsplit_once(':')?;
    Some((slot, Address { host: or_asked(host, asked), port: port.parse().ok()? }))
}

/// A node that wasn't told its name leaves it out, or says `?`.
fn or_asked(host: &str, asked: &Address) -> String {
    if host.is_empty() || host == "?" { asked.host.clone() } else { host.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked() -> Address {
        Address { host: "asked".to_owned(), port: 1 }
    }

    fn text(text: &str) -> Value {
        Value::BulkString(text.as_bytes().to_vec())
    }

    #[test]
    fn slots_are_read_with_and_without_a_host() {
        let node = |host| Value::Array(vec![host, Value::Int(7000), text("id"), Value::Array(vec![])]);
        let row = |host| Value::Array(vec![Value::Int(0), Value::Int(5), node(host), node(text("replica"))]);
        for (host, expected) in
            [(text("a"), "a"), (text(""), "asked"), (text("?"), "asked"), (Value::Nil, "asked")]
        {
            let served = Served::read(Value::Array(vec![row(host)]), &asked()).unwrap();
            let primary = Address { host: expected.to_owned(), port: 7000 };
            assert_eq!(served, [Served { first: 0, last: 5, primary }]);
        }
        assert_eq!(Served::read(Value::Nil, &asked()), None);
        assert_eq!(Served::read(Value::Array(vec![Value::Int(1)]), &asked()), None);
    }

    #[test]
    fn redirections_are_read() {
        let to =
            |words| redirection(words, &asked()).map(|(_, Address { host, port })| format!("{host} {port}"));
        assert_eq!(to("3999 127.0.0.1:6381").unwrap(), "127.0.0.1 6381");
        assert_eq!(to("3999 :6381").unwrap(), "asked 6381");
        assert_eq!(to("3999 ::1:6381").unwrap(), "::1 6381");
        for wrong in ["", "3999", "x 127.0.0.1:1", "16384 127.0.0.1:1", "1 127.0.0.1:x", "1 localhost"] {
            assert_eq!(to(wrong), None, "{wrong}");
        }
    }
}
