//! Programs that are run to their end and asked what they printed.

use std::fs::File;
use std::io::{self, Read, Seek};
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;

use crate::patience::until;

const LOOK_EVERY: Duration = Duration::from_millis(1);

/// How a program ended and what it printed.
#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: Vec<u8>,
}

/// Runs it, at most so long: then it is killed, which is an error of kind `TimedOut`.
pub(crate) fn of(command: &mut Command, limit: Duration) -> io::Result<Output> {
    // Files, which unlike pipes take any amount while nobody reads.
    let (stdout, stderr) = (tempfile::tempfile()?, tempfile::tempfile()?);
    command.stdin(Stdio::null()).stdout(stdout.try_clone()?).stderr(stderr.try_clone()?);
    let mut child = command.spawn()?;
    let ended = until(limit, LOOK_EVERY, || child.try_wait().transpose().ok_or(()));
    let Ok(status) = ended else {
        child.kill()?;
        child.wait()?;
        let what = format!("{} took longer than {} s", command.get_program().display(), limit.as_secs());
        return Err(io::Error::new(io::ErrorKind::TimedOut, what));
    };
    Ok(Output { status: status?, stdout: whole(stdout)?, stderr: whole(stderr)? })
}

fn whole(mut file: File) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.rewind()?;
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(all(test, unix))]
mod tests {
    use std::time::Instant;

    use super::*;

    #[test]
    fn tells_what_was_printed_and_how_it_ended() {
        let mut shell = Command::new("sh");
        let output = of(shell.args(["-c", "echo a; echo b >&2; exit 3"]), Duration::from_secs(10)).unwrap();
        assert_eq!((&*output.stdout, &*output.stderr), (&b"a\n"[..], &b"b\n"[..]));
        assert_eq!(output.status.code(), Some(3));
    }

    #[test]
    fn waits_only_so_long() {
        let begun = Instant::now();
        let error = of(Command::new("sleep").arg("60"), Duration::from_millis(20)).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert!(begun.elapsed() < Duration::from_secs(30));
    }
}
