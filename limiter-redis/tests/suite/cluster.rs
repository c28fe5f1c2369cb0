//! On a cluster of three masters: once with all keys in one partition, once with every key in one of its own.

use std::sync::LazyLock;

use limiter_testkit::Candidate;
use testservers::redis::Cluster;

use crate::store::Store;

static CLUSTER: LazyLock<Cluster> = LazyLock::new(|| Cluster::start(3, 0).unwrap());

fn store() -> Store {
    Store::on(|| CLUSTER.url())
}

async fn in_one_partition() -> Candidate {
    store().candidate_by_clock().await.with_partition("one")
}

async fn apart() -> Candidate {
    store().candidate_by_clock().await
}

async fn apart_in_real_time() -> Candidate {
    store().candidate().await
}

mod one_partition {
    use super::in_one_partition;

    limiter_testkit::suite!(in_one_partition, shared);
}

mod every_key_apart {
    use super::apart;

    limiter_testkit::suite!(apart, keys_apart, shared);
}

mod every_key_apart_in_real_time {
    use super::apart_in_real_time;

    limiter_testkit::suite!(apart_in_real_time, keys_apart, real_time, shared);
}
