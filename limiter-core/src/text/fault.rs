//! What is wrong with a text, and where: only places and fixed words, so that the compiler can tell it too.

/// A stretch of a text, from one byte up to another.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token {
    pub(super) start: usize,
    pub(super) end: usize,
}

impl Token {
    pub(super) const fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// From the start of one token to the end of another.
    pub(super) const fn to(self, last: Self) -> Self {
        Self { start: self.start, end: last.end }
    }
}

/// The problem, read before the token itself (`unknown unit "mim"`), and what is accepted instead.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fault {
    pub(super) token: Token,
    pub(super) problem: &'static str,
    pub(super) accepted: &'static str,
}

/// What stands in a fault for an empty token.
pub(super) const THE_END: &str = "the end of the text";

impl Fault {
    pub(super) const fn new(token: Token, problem: &'static str, accepted: &'static str) -> Self {
        Self { token, problem, accepted }
    }
}
