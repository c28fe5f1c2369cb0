//! What a shutdown has to wait for.

use tokio::sync::watch;

/// Counts flights and what is on its way back to the store.
#[derive(Debug, Default)]
pub(super) struct Traffic(watch::Sender<Count>);

#[derive(Debug, Default)]
struct Count {
    under_way: usize,
    lost: usize,
}

/// Something that is under way until it is dropped.
#[derive(Debug)]
pub(super) struct UnderWay {
    traffic: watch::Sender<Count>,
    /// Whether it is lost if it is dropped now.
    loads: bool,
}

impl Traffic {
    pub(super) fn flight(&self) -> UnderWay {
        self.start(false)
    }

    /// Something that is to be given back.
    pub(super) fn load(&self) -> UnderWay {
        self.start(true)
    }

    /// What was lost so far has been told in a log, and isn't told again.
    pub(super) fn forget_lost(&self) {
        self.0.send_modify(|count| count.lost = 0);
    }

    /// Waits until nothing is under way; tells how much was lost, once.
    pub(super) async fn ended(&self) -> usize {
        let mut counts = self.0.subscribe();
        // It fails only when the sender has gone, which is here.
        drop(counts.wait_for(|count| count.under_way == 0).await);
        let mut lost = 0;
        self.0.send_modify(|count| lost = std::mem::take(&mut count.lost));
        lost
    }

    fn start(&self, loads: bool) -> UnderWay {
        self.0.send_modify(|count| count.under_way += 1);
        UnderWay { traffic: self.0.clone(), loads }
    }
}

impl UnderWay {
    /// What it carried has been given back, or is worth nothing any more.
    pub(super) fn unload(&mut self) {
        self.loads = false;
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.traffic.send_modify(|count| {
            count.under_way -= 1;
            count.lost += usize::from(self.loads);
        });
    }
}
