//! Signals to processes, where there are such.

/// What is asked of a process.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Signal {
    /// SIGTERM
    Terminate,
    /// SIGINT
    Interrupt,
    /// SIGKILL
    Kill,
    /// SIGSTOP
    Stop,
    /// SIGCONT
    Continue,
}

/// Sends it. One that has ended by itself can't be reached, and needn't be.
#[cfg(unix)]
pub(crate) fn send(process: u32, what: Signal) {
    use nix::sys::signal::{self, kill};
    use nix::unistd::Pid;

    let what = match what {
        Signal::Terminate => signal::SIGTERM,
        Signal::Interrupt => signal::SIGINT,
        Signal::Kill => signal::SIGKILL,
        Signal::Stop => signal::SIGSTOP,
        Signal::Continue => signal::SIGCONT,
    };
    if let Ok(process) = i32::try_from(process) {
        kill(Pid::from_raw(process), what).ok();
    }
}

#[cfg(not(unix))]
pub(crate) fn send(_process: u32, _what: Signal) {}
