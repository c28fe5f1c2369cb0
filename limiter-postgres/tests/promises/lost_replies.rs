//! Answers that are lost after the server has done what was asked.

use std::sync::Arc;
use std::time::Duration;

use limiter_core::Backend;
use limiter_testkit::lost;
use limiter_testkit::proxy::{Mode, Proxy};
use testservers::postgres::Postgres;

use crate::server::{client, options};

/// Loses the answer to each operation in turn.
async fn lose(mode: Mode) {
    let server = Postgres::start().unwrap();
    let direct = client(&server.url(), options(Duration::from_secs(20), 4)).await;
    let proxy = Proxy::start(server.address()).await.unwrap();
    let url = server.url().replace(&server.address().to_string(), &proxy.address().to_string());
    let lossy = client(&url, options(Duration::from_millis(400), 4)).await;
    let (direct, lossy) = (Backend::new("direct", Arc::new(direct)), Backend::new("lossy", Arc::new(lossy)));
    lost::prove(&direct, &lossy, &proxy, mode).await.unwrap();
    lossy.control.shutdown().await.unwrap();
}

#[tokio::test]
async fn an_answer_that_never_comes_was_executed_once() {
    lose(Mode::DropReplies).await;
}

#[tokio::test]
async fn an_answer_before_which_the_connection_ends_was_executed_once() {
    lose(Mode::DropRepliesAndCut).await;
}
