//! Slots held by guards while the counts live in a real store.
#![cfg(any(feature = "redis", feature = "postgres"))]
#![expect(clippy::unwrap_used, reason = "a test that can't go on ends")]

mod cases;

use limiter_factory::{Limiters, from_vars};

/// A real server that can be made to stand still.
pub(crate) trait Server {
    /// An empty one.
    fn start() -> Self;

    /// Where `RATE_LIMITER` finds it.
    fn url(&self) -> String;

    fn freeze(&self);

    fn thaw(&self);

    /// Limiters of this store, with connections of their own.
    async fn limiters(&self) -> Limiters {
        from_vars([("RATE_LIMITER", self.url())]).await.unwrap()
    }
}

#[cfg(feature = "redis")]
impl Server for testservers::redis::Redis {
    fn start() -> Self {
        Self::start().unwrap()
    }

    fn url(&self) -> String {
        self.url()
    }

    fn freeze(&self) {
        self.pause();
    }

    fn thaw(&self) {
        self.resume();
    }
}

#[cfg(feature = "postgres")]
impl Server for testservers::postgres::Postgres {
    fn start() -> Self {
        Self::start().unwrap()
    }

    fn url(&self) -> String {
        self.url()
    }

    fn freeze(&self) {
        self.freeze();
    }

    fn thaw(&self) {
        self.thaw();
    }
}

/// Each case as a test on one kind of server.
macro_rules! on {
    ($name:ident, $server:ty, $($case:ident),+ $(,)?) => {
        mod $name {
            $(
                #[tokio::test]
                async fn $case() {
                    crate::cases::$case::<$server>().await;
                }
            )+
        }
    };
}

macro_rules! all_on {
    ($name:ident, $server:ty) => {
        on!(
            $name,
            $server,
            guards_dropped_anywhere_give_their_slots_back_within_a_second,
            a_shutdown_leaves_no_slot_taken,
            a_lease_is_renewed_past_its_time_to_live,
            a_holder_whose_server_stands_still_learns_it_before_the_slot_is_anybodys,
        );
    };
}

#[cfg(feature = "redis")]
all_on!(redis, testservers::redis::Redis);

#[cfg(feature = "postgres")]
all_on!(postgres, testservers::postgres::Postgres);
