//! A cluster.

use std::time::Duration;

use super::server::Redis;
use crate::patience::until;
use crate::unavailable::{OrUnavailable, Unavailable};

const SLOTS: usize = 16_384;
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// How long it may take until all nodes agree.
const AGREEMENT: Duration = Duration::from_secs(60);
/// A node that is silent for so long counts as down: short enough for tests to wait for a failover, long enough for
/// a busy machine.
const NODE: [&str; 6] = [
    "--cluster-enabled",
    "yes",
    "--cluster-node-timeout",
    "2000",
    // A replica takes over however long it has been without its master.
    "--cluster-replica-validity-factor",
    "0",
];

/// A private cluster, all its slots served, which ends when this is dropped.
#[derive(Debug)]
pub struct Cluster {
    nodes: Vec<Redis>,
    masters: usize,
    replicas_each: usize,
}

impl Cluster {
    /// Starts so many masters with so many replicas each, and waits until every node says that the cluster is well,
    /// knows all others, and every replica follows its master.
    ///
    /// # Errors
    /// A server can't be had, as for [`Redis::start`], or they don't agree within a minute. No masters are an error
    /// too.
    pub fn start(masters: usize, replicas_each: usize) -> Result<Self, Unavailable> {
        if masters == 0 {
            return Err(Unavailable::new("a cluster needs a master; three are the least that fail over"));
        }
        let count = masters * (1 + replicas_each);
        let nodes = (0..count).map(|_| Redis::with(&NODE)).collect::<Result<Vec<Redis>, Unavailable>>()?;
        let cluster = Self { nodes, masters, replicas_each };
        cluster.share_slots()?;
        cluster.introduce()?;
        cluster.wait("knows all others", |node| cluster.knows_all(node))?;
        cluster.assign_replicas()?;
        cluster.wait("finds the cluster well", |node| cluster.is_well(node))?;
        Ok(cluster)
    }

    /// Its nodes: the masters as they were at the start in the order of their slots, then the replicas of the first,
    /// those of the second and so on.
    pub fn nodes(&self) -> &[Redis] {
        &self.nodes
    }

    /// `redis+cluster://127.0.0.1:PORT,127.0.0.1:PORT,…`, with all nodes.
    pub fn url(&self) -> String {
        let nodes: Vec<String> = self.nodes.iter().map(|node| node.address().to_string()).collect();
        format!("redis+cluster://{}", nodes.join(","))
    }

    fn share_slots(&self) -> Result<(), Unavailable> {
        for (index, node) in self.nodes.iter().enumerate() {
            order(node, &["CLUSTER", "SET-CONFIG-EPOCH", &(index + 1).to_string()])?;
        }
        for (index, master) in self.nodes[..self.masters].iter().enumerate() {
            let slots = SLOTS * index / self.masters..SLOTS * (index + 1) / self.masters;
            let slots: Vec<String> = slots.map(|slot| slot.to_string()).collect();
            let words: Vec<&str> =
                ["CLUSTER", "ADDSLOTS"].into_iter().chain(slots.iter().map(String::as_str)).collect();
            order(master, &words)?;
        }
        Ok(())
    }

    fn introduce(&self) -> Result<(), Unavailable> {
        let Some((first, others)) = self.nodes.split_first() else { return Ok(()) };
        others
            .iter()
            .try_for_each(|other| order(first, &["CLUSTER", "MEET", "127.0.0.1", &other.port().to_string()]))
    }

    fn assign_replicas(&self) -> Result<(), Unavailable> {
        for (index, replica) in self.nodes[self.masters..].iter().enumerate() {
            let master = &self.nodes[index / self.replicas_each];
            order(replica, &["CLUSTER", "REPLICATE", &ask(master, &["CLUSTER", "MYID"])?])?;
        }
        Ok(())
    }

    fn wait(
        &self,
        what: &str,
        is_so: impl Fn(&Redis) -> Result<bool, Unavailable>,
    ) -> Result<(), Unavailable> {
        for node in &self.nodes {
            let look = || match is_so(node) {
                Ok(true) => Ok(()),
                Ok(false) => Err("not yet".to_owned()),
                Err(why) => Err(why.to_string()),
            };
            until(AGREEMENT, LOOK_EVERY, look).map_err(|seen| {
                let (address, log) = (node.address(), node.log_end());
                Unavailable::new(format!("waiting until node {address} {what}: {seen}\n{log}"))
            })?;
        }
        Ok(())
    }

    fn knows_all(&self, node: &Redis) -> Result<bool, Unavailable> {
        let known = ask(node, &["CLUSTER", "NODES"])?;
        Ok(known.lines().count() == self.nodes.len() && !known.contains("handshake"))
    }

    fn is_well(&self, node: &Redis) -> Result<bool, Unavailable> {
        let info = ask(node, &["CLUSTER", "INFO"])?;
        let well = ["cluster_state:ok", "cluster_slots_ok:16384"].iter().all(|line| info.contains(line));
        let known = ask(node, &["CLUSTER", "NODES"])?;
        let replicas = known.lines().filter(|line| line.contains("slave")).count();
        let follows = !ask(node, &["INFO", "replication"])?.contains("master_link_status:down");
        Ok(well && follows && replicas == self.nodes.len() - self.masters)
    }
}

fn ask(node: &Redis, words: &[&str]) -> Result<String, Unavailable> {
    node.cli(words).or_unavailable(format!("asking the node on {}", node.address()))
}

fn order(node: &Redis, words: &[&str]) -> Result<(), Unavailable> {
    match ask(node, words)? {
        answer if answer == "OK" => Ok(()),
        answer => Err(Unavailable::new(format!("the node on {} answered {answer:?}", node.address()))),
    }
}
