//! Answers that are lost after the server has done what was asked.

use std::sync::Arc;
use std::time::Duration;

use limiter_core::{Backend, Control};
use limiter_testkit::lost;
use limiter_testkit::proxy::{Mode, Proxy};
use testservers::redis::Redis;

use crate::everything::everything;
use crate::server::{client, client_within};

/// Loses the answer to each operation in turn.
async fn lose(mode: Mode) {
    let server = Redis::start().unwrap();
    let direct = client(&server.url()).await;
    // From here on the scripts are known: each call is one command.
    everything(&direct, "warm").await.unwrap();
    let proxy = Proxy::start(server.address()).await.unwrap();
    let lossy = client_within(&format!("redis://{}", proxy.address()), Duration::from_millis(400)).await;
    let (direct, client) =
        (Backend::new("direct", Arc::new(direct)), Backend::new("lossy", Arc::new(lossy.clone())));
    lost::prove(&direct, &client, &proxy, mode).await.unwrap();
    lossy.shutdown().await.unwrap();
}

#[tokio::test]
async fn an_answer_that_never_comes_was_executed_once() {
    lose(Mode::DropReplies).await;
}

#[tokio::test]
async fn an_answer_before_which_the_connection_ends_was_executed_once() {
    lose(Mode::DropRepliesAndCut).await;
}

#[tokio::test]
async fn an_answer_within_which_the_connection_ends_was_executed_once() {
    lose(Mode::Cut { after_bytes: 2 }).await;
}

#[tokio::test]
async fn an_answer_within_which_the_connection_is_reset_was_executed_once() {
    lose(Mode::Reset { after_bytes: 2 }).await;
}
