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
use std::path::PathBuf;

use crate::arguments::Arguments;
use crate::failure::{Failure, Result};
use crate::workspace;
use walk::Walk;

const PACKAGE: &str = "gateway";
const IN_PROCESS: &str = "memory";

pub(crate) fn run(mut arguments: Arguments) -> Result {
    let foreground = arguments.switch("--serve");
    let named = arguments.value("--backend")?;
    arguments.end()?;
    let backend = named.or_else(|| env::var("RATE_LIMITER").ok().filter(|name| !name.is_empty()));
    let backend = backend.as_deref().unwrap_or(IN_PROCESS);
    let program = workspace::build_program(PACKAGE)?;
    if foreground { serve::serve(&program, backend) } else { walk_on(program, backend) }
}

/// The walk on counts in the process, whatever the environment says.
pub(crate) fn walk_in_memory() -> Result {
    walk_on(workspace::build_program(PACKAGE)?, IN_PROCESS)
}

fn walk_on(program: PathBuf, backend: &str) -> Result {
    let mut walk = Walk::new(program, backend);
    let gateway = walk.start(&[])?;
    println!("A gateway listens on {}; its counts are kept in `{backend}`.", gateway.address());
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
