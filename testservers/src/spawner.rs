//! The one thread that starts servers.
//!
//! A server is bound to this process with `setpriv --pdeathsig`, and the system takes the thread that started it for
//! its parent. So that is a thread which ends only with the process, not that of a test.

use std::io;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;

type Order = (Command, Sender<io::Result<Child>>);

static ORDERS: OnceLock<Sender<Order>> = OnceLock::new();
static BINDS: OnceLock<bool> = OnceLock::new();

/// Starts the command on that thread.
pub(crate) fn spawn(command: Command) -> io::Result<Child> {
    let orders = ORDERS.get_or_init(|| {
        let (sender, orders) = mpsc::channel();
        thread::Builder::new().name("testservers".to_owned()).spawn(|| work(orders)).ok();
        sender
    });
    let gone = || io::Error::other("the thread that starts servers has ended");
    let (sender, started) = mpsc::channel();
    orders.send((command, sender)).map_err(|_| gone())?;
    started.recv().map_err(|_| gone())?
}

fn work(orders: Receiver<Order>) {
    for (mut command, started) in orders {
        started.send(command.spawn()).ok();
    }
}

/// A command that runs the program, and that the system kills when this process ends, where it can.
pub(crate) fn bound(program: &Path) -> Command {
    if !binds() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL", "--"]).arg(program);
    command
}

/// Whether there is a `setpriv` that knows how: not everywhere, and that of small systems doesn't.
pub(crate) fn binds() -> bool {
    *BINDS.get_or_init(|| {
        let mut trial = Command::new("setpriv");
        trial.args(["--pdeathsig", "KILL", "--", "true"]);
        trial.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        trial.status().is_ok_and(|status| status.success())
    })
}
