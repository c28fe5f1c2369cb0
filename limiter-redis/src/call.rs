//! One script call, ready to be sent.

use redis::Cmd;

use crate::script::Script;

/// One script call, ready to be sent. All its keys hash to the same slot of a cluster.
#[derive(Debug)]
pub(crate) struct Call {
    script: &'static Script,
    operation: &'static str,
    changes: bool,
    command: Cmd,
}

impl Call {
    /// A call of a script with so many keys, which are to be added first, then the arguments. `changes` says whether
    /// the store may be another after it; `operation` is its name in errors; `bytes`, about how long its arguments are.
    pub(crate) fn new(
        script: &'static Script,
        operation: &'static str,
        changes: bool,
        keys: usize,
        bytes: usize,
    ) -> Self {
        // One place for all of it: the command, the script, the number of keys; keys; numbers, a word, perhaps a time.
        let mut command = Cmd::with_capacity(3 + keys + 3, 64 + 64 * keys + bytes);
        command.arg("EVALSHA").arg(script.sha()).arg(keys);
        Self { script, operation, changes, command }
    }

    /// Adds a key or an argument.
    pub(crate) fn arg(&mut self, value: impl redis::ToRedisArgs) -> &mut Self {
        self.command.arg(value);
        self
    }

    /// The script's name.
    pub(crate) const fn script(&self) -> &'static str {
        self.script.name()
    }

    /// Its name in errors.
    pub(crate) const fn operation(&self) -> &'static str {
        self.operation
    }

    /// Whether the store may be another after it.
    pub(crate) const fn changes(&self) -> bool {
        self.changes
    }

    /// The first of its keys, where it has any.
    pub(crate) fn key(&self) -> Option<&[u8]> {
        let mut arguments = self.command.args_iter().skip(2);
        match (arguments.next()?, arguments.next()?) {
            (redis::Arg::Simple(keys), redis::Arg::Simple(key)) if keys != b"0" => Some(key),
            _ => None,
        }
    }

    /// By the script's SHA-1: for a server that knows the script.
    pub(crate) const fn by_sha(&self) -> &Cmd {
        &self.command
    }

    /// By the script's text: for a server that said `NOSCRIPT`. From then on it knows the script.
    pub(crate) fn by_text(&self) -> Cmd {
        let mut command = redis::cmd("EVAL");
        command.arg(self.script.source());
        for argument in self.command.args_iter().skip(2) {
            match argument {
                redis::Arg::Simple(bytes) => command.arg(bytes),
                // A cursor never stands in a script call.
                _ => &mut command,
            };
        }
        command
    }
}
