//! Runtimes that end, and limiters that are shut down.

use std::time::Duration;

use limiter_core::{Control, ErrorKind};
use testservers::postgres::Postgres;
use tokio::runtime::Builder;
use tokio::time::sleep;

use crate::operations::*;

#[test]
fn a_runtime_that_ends_with_calls_under_way_panics_nowhere() {
    let server = Postgres::start().unwrap();
    for workers in [0, 2] {
        let mut runtime =
            if workers == 0 { Builder::new_current_thread() } else { Builder::new_multi_thread() };
        let runtime = runtime.enable_all().build().unwrap();
        let backend = runtime.block_on(async {
            let backend = client(&server).await;
            operate_all(&backend).await.unwrap();
            server.freeze();
            for (name, _) in OPERATIONS {
                let backend = backend.clone();
                tokio::spawn(async move { operate(&backend, name).await });
            }
            sleep(Duration::from_millis(50)).await;
            backend
        });
        drop(runtime);
        drop(backend);
        server.thaw();
    }
}

#[tokio::test]
async fn a_backend_that_is_shut_down_sends_nothing_more_and_leaves_the_server() {
    let server = Postgres::start().unwrap();
    let backend = client(&server).await;
    operate_all(&backend).await.unwrap();
    backend.shutdown().await.unwrap();
    for (name, _, error) in all_fail_in_time(&backend).await {
        assert_eq!(
            (error.kind(), error.may_have_charged()),
            (ErrorKind::Unavailable, false),
            "{name}: {error}"
        );
        assert!(error.to_string().contains("shut down"), "{error}");
    }
    sleep(Duration::from_millis(100)).await;
    let open = "select count(*) from pg_stat_activity where application_name = 'limiter'";
    assert_eq!(server.psql("postgres", &["-c", open]).unwrap(), "0");
}
