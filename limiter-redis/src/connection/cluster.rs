//! The way to the nodes of a cluster: to the one that serves a key's slot, and after the slot when it moves.
//!
//! The library's cluster client isn't used: its `ASKING` and the command that it is for may be torn apart by other
//! calls, its looking for the slots holds up calls to every node and has no pause while the cluster is down, and a
//! call that it gives up on then may have been sent or not. Here each node has a link as a single server has.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use limiter_core::ErrorKind;
use redis::cluster_routing::Slot;
use redis::{Cmd, Value, pipe};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};

use super::link::{Link, Request};
use super::server::{Access, Server, place};
use super::slots::{Node, Served, Slots, redirection};
use super::source::Source;
use super::survey::Survey;
use crate::error::{Failure, Refusal};
use crate::target::Address;

/// The wait before a cluster that isn't ready is asked again.
const PAUSE: Duration = Duration::from_millis(20);
/// So often a call is passed on at once. After that its nodes disagree, and need a moment.
const HASTE: u32 = 3;

/// The nodes of a cluster. Clones share them.
#[derive(Clone, Debug)]
pub(super) struct Cluster(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    seeds: Vec<Arc<Node>>,
    access: Access,
    slots: RwLock<Slots>,
    survey: Survey,
    shut: AtomicBool,
}

/// Where a command is to be sent next.
#[derive(Debug)]
enum Next {
    /// To the node that serves its slot, as far as is known.
    Owner,
    /// To that node, which is being given the slot.
    Asking(Arc<Node>),
}

impl Cluster {
    pub(super) fn new(seeds: &[Address], access: Access) -> Self {
        let seed =
            |address: &Address| Arc::new(Node { address: address.clone(), link: link(address, &access) });
        let seeds = seeds.iter().map(seed).collect();
        let (slots, survey, shut) = (RwLock::default(), Survey::default(), AtomicBool::new(false));
        Self(Arc::new(Shared { seeds, access, slots, survey, shut }))
    }

    /// Finds out for the first time which node serves which slot.
    pub(super) async fn connect(&self) -> Result<(), Refusal> {
        self.0.look().await
    }

    /// Sends a command to the node that serves the slot, without a slot to any, and follows the slot until the
    /// deadline. It is sent again only after an answer that says that it wasn't executed.
    pub(super) async fn send(
        &self,
        command: &Cmd,
        slot: Option<Slot>,
        deadline: Instant,
    ) -> Result<Value, Failure> {
        let (mut next, mut turn) = (Next::Owner, 0);
        loop {
            let (node, answer) = self.send_once(command, slot, next, deadline).await?;
            let failure = match answer {
                Ok(value) => return Ok(value),
                Err(failure) => failure,
            };
            next = match self.follow(&failure, slot, &node, deadline).await {
                Some(next) if turn < HASTE || paused(deadline).await => next,
                _ => return Err(self.0.told(failure)),
            };
            turn += 1;
        }
    }

    /// Sends a command that changes nothing to every node that serves a slot; the answers of those that answer in time,
    /// or why none does.
    pub(super) async fn send_to_all(&self, command: &Cmd, deadline: Instant) -> Result<Vec<Value>, Failure> {
        let mut asked = JoinSet::new();
        for node in self.0.owners() {
            let command = command.clone();
            asked.spawn(async move { node.link.send(Request::One(&command), deadline).await });
        }
        let (answers, failures): (Vec<_>, Vec<_>) =
            asked.join_all().await.into_iter().partition(Result::is_ok);
        match failures.into_iter().find_map(Result::err) {
            Some(failure) if answers.is_empty() || failure.is_no_permission() => Err(failure),
            _ => Ok(answers.into_iter().flatten().collect()),
        }
    }

    /// From now on nothing is sent. Calls under way still get their answers.
    pub(super) fn shut(&self) {
        self.0.shut.store(true, Ordering::Release);
        self.0.nodes().iter().for_each(|node| node.link.shut());
    }

    /// In words, without secrets.
    pub(super) fn describe(&self) -> String {
        self.0.describe()
    }

    /// Sends it there, and says which node that was.
    async fn send_once(
        &self,
        command: &Cmd,
        slot: Option<Slot>,
        next: Next,
        deadline: Instant,
    ) -> Result<(Arc<Node>, Result<Value, Failure>), Failure> {
        match next {
            Next::Owner => {
                let node = self.owner(slot, deadline).await?;
                let answer = node.link.send(Request::One(command), deadline).await;
                Ok((node, answer))
            }
            Next::Asking(node) => {
                // One right after the other, with nobody else's call in between.
                let both = pipe().cmd("ASKING").add_command(command.clone()).to_owned();
                let answer = node.link.send(Request::Together(&both), deadline).await;
                Ok((node, answer))
            }
        }
    }

    /// The node that serves a slot. While none is known, somebody may be given it.
    async fn owner(&self, slot: Option<Slot>, deadline: Instant) -> Result<Arc<Node>, Failure> {
        if self.0.shut.load(Ordering::Acquire) {
            return Err(Failure::NoConnection(Arc::new(Refusal::shut())));
        }
        loop {
            if let Some(node) = self.0.node(slot) {
                return Ok(node);
            }
            if !self.look_again(deadline).await {
                let text = "no node is known to serve the key's slot; see CLUSTER INFO for what is missing";
                let refusal = Refusal::new(ErrorKind::Unavailable, text).at(&self.describe());
                return Err(Failure::NoConnection(Arc::new(refusal)));
            }
        }
    }

    /// Where to send it next, unless it may have been executed or there is no way.
    async fn follow(
        &self,
        failure: &Failure,
        slot: Option<Slot>,
        asked: &Arc<Node>,
        deadline: Instant,
    ) -> Option<Next> {
        match failure {
            Failure::Answer(_) if failure.is_from_script() => None,
            Failure::Answer(error) => match error.code() {
                "MOVED" => {
                    let (slot, owner) = redirection(error.details()?, &asked.address)?;
                    self.0.moved(slot, &owner);
                    self.look_later();
                    (Instant::now() < deadline).then_some(Next::Owner)
                }
                "ASK" => {
                    let (_, owner) = redirection(error.details()?, &asked.address)?;
                    (Instant::now() < deadline).then(|| Next::Asking(self.0.at(&owner)))
                }
                "TRYAGAIN" => paused(deadline).await.then_some(Next::Owner),
                "CLUSTERDOWN" | "READONLY" => {
                    (self.look_again(deadline).await && paused(deadline).await).then_some(Next::Owner)
                }
                _ => None,
            },
            // Perhaps another node serves the slot by now.
            Failure::NoConnection(_) => {
                let looked = self.look_again(deadline).await;
                let another = || self.0.node(slot).is_some_and(|owner| owner.address != asked.address);
                (looked && another()).then_some(Next::Owner)
            }
            Failure::Lost(_) | Failure::TimedOut | Failure::Unreadable => {
                self.look_later();
                None
            }
        }
    }

    /// Finds out anew which node serves which slot; whether that is done before the deadline.
    async fn look_again(&self, deadline: Instant) -> bool {
        self.0.survey.done(deadline, Arc::clone(&self.0).found()).await
    }

    /// The same without waiting.
    fn look_later(&self) {
        self.0.survey.start(Arc::clone(&self.0).found());
    }
}

impl Shared {
    async fn found(self: Arc<Self>) -> bool {
        self.look().await.is_ok()
    }

    /// Asks the nodes which of them serves which slot, one after the other without waiting long for one that hangs.
    async fn look(self: &Arc<Self>) -> Result<(), Refusal> {
        let mut asked = JoinSet::new();
        let mut head_start = Duration::ZERO;
        for node in self.witnesses() {
            let shared = Arc::clone(self);
            asked.spawn(async move {
                sleep(head_start).await;
                shared.ask(&node).await
            });
            head_start += self.access.timeout / 10;
        }
        let mut refusal = Refusal::new(ErrorKind::Config, "no node is named");
        while let Some(Ok(answer)) = asked.join_next().await {
            match answer {
                Ok(served) => {
                    let mut slots = self.slots.write().unwrap_or_else(PoisonError::into_inner);
                    slots.replace(&served, |address| self.link(address));
                    return Ok(());
                }
                Err(failed) => refusal = failed,
            }
        }
        Err(refusal)
    }

    /// Whom to ask: first those to whom a link is open, another one each time, because one that is cut off from the
    /// others knows only what was.
    fn witnesses(&self) -> Vec<Arc<Node>> {
        let (mut witnesses, others): (Vec<_>, Vec<_>) =
            self.nodes().into_iter().partition(|node| node.link.is_open());
        let open = witnesses.len().max(1);
        witnesses.rotate_left(self.survey.count() % open);
        witnesses.extend(others);
        witnesses
    }

    async fn ask(&self, node: &Node) -> Result<Vec<Served>, Refusal> {
        let question = redis::cmd("CLUSTER").arg("SLOTS").to_owned();
        let deadline = Instant::now() + self.access.timeout;
        let answer = node.link.send(Request::One(&question), deadline).await;
        let answer = answer.map_err(Failure::into_cluster_refusal)?;
        let place = node.link.describe();
        match Served::read(answer, &node.address) {
            Some(served) if !served.is_empty() => Ok(served),
            Some(_) => {
                Err(Refusal::new(ErrorKind::Unavailable, "it knows of no slot that is served").at(&place))
            }
            None => {
                Err(Refusal::new(ErrorKind::Protocol, "its answer to CLUSTER SLOTS can't be read").at(&place))
            }
        }
    }

    /// The nodes that were named at first, and those that are known by now.
    fn nodes(&self) -> Vec<Arc<Node>> {
        let slots = self.slots.read().unwrap_or_else(PoisonError::into_inner);
        let known = slots.nodes().iter().filter(|node| self.seed(&node.address).is_none());
        self.seeds.iter().chain(known).map(Arc::clone).collect()
    }

    /// The nodes that serve a slot, as far as is known.
    fn owners(&self) -> Vec<Arc<Node>> {
        self.slots.read().unwrap_or_else(PoisonError::into_inner).nodes().to_vec()
    }

    fn node(&self, slot: Option<Slot>) -> Option<Arc<Node>> {
        self.slots.read().unwrap_or_else(PoisonError::into_inner).node(slot).map(Arc::clone)
    }

    fn at(&self, address: &Address) -> Arc<Node> {
        let mut slots = self.slots.write().unwrap_or_else(PoisonError::into_inner);
        slots.at(address, |address| self.link(address))
    }

    fn moved(&self, slot: Slot, address: &Address) {
        if self.node(Some(slot)).is_none_or(|owner| owner.address != *address) {
            let owner = self.at(address);
            self.slots.write().unwrap_or_else(PoisonError::into_inner).move_to(slot, owner);
        }
    }

    fn link(&self, address: &Address) -> Link {
        self.seed(address).map_or_else(|| link(address, &self.access), |seed| seed.link.clone())
    }

    fn seed(&self, address: &Address) -> Option<&Arc<Node>> {
        self.seeds.iter().find(|seed| seed.address == *address)
    }

    /// What there is to say when a call isn't followed any further.
    fn told(&self, failure: Failure) -> Failure {
        match &failure {
            Failure::Answer(error) if matches!(error.code(), "MOVED" | "ASK") => {
                let text = "its nodes pass the key's slot on to each other; is it being moved?";
                let refusal = Refusal::new(ErrorKind::Unavailable, text).at(&self.describe());
                Failure::NoConnection(Arc::new(refusal))
            }
            _ => failure,
        }
    }

    fn describe(&self) -> String {
        let seeds: Vec<_> = self.seeds.iter().map(|seed| place(&seed.address)).collect();
        format!("redis cluster at {}", seeds.join(", "))
    }
}

fn link(address: &Address, access: &Access) -> Link {
    Link::new(Source::Server(Server { address: address.clone(), access: access.clone() }))
}

/// Waits a little; whether enough time is left to be answered. Who is sent out too late only comes back in doubt.
async fn paused(deadline: Instant) -> bool {
    let until = Instant::now() + PAUSE;
    sleep_until(until.min(deadline)).await;
    until + 2 * PAUSE < deadline
}
