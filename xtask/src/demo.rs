//! `cargo xtask demo`: walks through the scenarios on a running gateway, over real HTTP.

mod chat;
mod client;
mod event_streams;
mod expectation;
mod gateway;
mod lifecycle;
mod scans;
mod serve;
mod summary;
mod transcript;
mod turn;
mod walk;
mod widget;

use std::env;

use crate::arguments::Arguments;
use crate::failure::{Failure, Result};
use crate::store::{self, IN_PROCESS, Store};
use crate::workspace;
use walk::Walk;

const PACKAGE: &str = "gateway";

pub(crate) fn run(mut arguments: Arguments) -> Result {
    let foreground = arguments.switch("--serve");
    let named = arguments.value("--backend")?;
    arguments.end()?;
    let backend = named.or_else(|| env::var("RATE_LIMITER").ok().filter(|name| !name.is_empty()));
    let backend = backend.as_deref().unwrap_or(IN_PROCESS);
    if !foreground {
        return walk_on(backend);
    }
    let program = workspace::build_program(PACKAGE, store::features(backend))?;
    serve::serve(&program, &Store::of(backend)?)
}

/// The walk on counts that are kept there, whatever the environment says.
pub(crate) fn walk_on(backend: &str) -> Result {
    let program = workspace::build_program(PACKAGE, store::features(backend))?;
    let mut walk = Walk::new(program, backend, Store::of(backend)?);
    let gateway = walk.start(&[])?;
    let kept = walk.store().in_words();
    println!("A gateway listens on {}; its counts are kept in {kept}.", gateway.address());
    let client = gateway.client();
    let outcome = event_streams::per_user(&mut walk, &client)
        .and_then(|()| widget::walk(&mut walk, &client))
        .and_then(|()| event_streams::for_all(&mut walk))
        .and_then(|()| scans::walk(&mut walk, &client))
        .and_then(|()| chat::walk(&mut walk, &client))
        .and_then(|()| chat::behind_a_proxy(&mut walk))
        .and_then(|()| lifecycle::unconfigured(&mut walk));
    let log = gateway.log();
    let outcome = outcome.and_then(|()| lifecycle::ended(&mut walk, gateway));
    conclude(&walk, &outcome, &log)
}

/// The last line is the sum, also of a walk that couldn't go on.
fn conclude(walk: &Walk, outcome: &Result, log: &str) -> Result {
    let kept = walk.transcript.clean() && outcome.is_ok();
    if !kept && !log.is_empty() {
        println!("\nThe end of the gateway's log:\n{log}");
    }
    if let Err(Failure::Failed(why) | Failure::Usage(why)) = outcome {
        println!("\nThe walk ended early: {why}");
    }
    println!("\n{}", walk.transcript.summary());
    if kept { Ok(()) } else { Err(Failure::Shown) }
}
