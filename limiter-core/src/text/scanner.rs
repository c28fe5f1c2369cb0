//! Reads a text from left to right, at run time as well as at compile time.

use super::fault::{Fault, Token};

const WHOLE: &str = "whole numbers, with single _ between digits where wanted: 5 or 1_000";

/// A place in a text: the end of what has been passed over.
#[derive(Debug)]
pub(super) struct Scanner<'a> {
    text: &'a [u8],
    at: usize,
}

/// A whole number and where it stands. One that is too large for its type is the largest of it: the limit or
/// quota then refuses it by its own rule.
#[derive(Clone, Copy, Debug)]
pub(super) struct Number {
    pub(super) value: u64,
    pub(super) token: Token,
}

impl<'a> Scanner<'a> {
    pub(super) const fn new(text: &'a str) -> Self {
        Self { text: text.as_bytes(), at: 0 }
    }

    /// The next token: a run of letters, a run of digits, or one other byte; empty at the end. Bytes beyond
    /// ASCII count as letters, so that no character is cut.
    pub(super) const fn token(&self) -> Token {
        let start = self.next();
        let mut end = start;
        while end < self.text.len() && is_letter(self.text[end]) {
            end += 1;
        }
        if end == start {
            while end < self.text.len() && self.text[end].is_ascii_digit() {
                end += 1;
            }
        }
        if end == start && end < self.text.len() {
            end += 1;
        }
        Token { start, end }
    }

    /// The next bytes up to white space.
    pub(super) const fn stretch(&self) -> Token {
        let start = self.next();
        let mut end = start;
        while end < self.text.len() && !self.text[end].is_ascii_whitespace() {
            end += 1;
        }
        Token { start, end }
    }

    /// The bytes of a token.
    pub(super) const fn bytes(&self, token: Token) -> &'a [u8] {
        self.text.split_at(token.end).0.split_at(token.start).1
    }

    /// Passes over a token.
    pub(super) const fn pass(&mut self, token: Token) {
        self.at = token.end;
    }

    /// All that was passed over since a token, itself included.
    pub(super) const fn since(&self, first: Token) -> Token {
        Token { start: first.start, end: self.at }
    }

    /// Whether nothing but white space is left.
    pub(super) const fn is_at_end(&self) -> bool {
        self.next() == self.text.len()
    }

    /// Whether a letter comes next.
    pub(super) const fn is_at_word(&self) -> bool {
        !self.is_at_end() && is_letter(self.text[self.next()])
    }

    /// Whether a digit comes next.
    pub(super) const fn is_at_digit(&self) -> bool {
        !self.is_at_end() && self.text[self.next()].is_ascii_digit()
    }

    /// Whether a word or sign comes next, in whatever case.
    pub(super) const fn is_at(&self, wanted: &str) -> bool {
        same_word(self.bytes(self.token()), wanted)
    }

    /// Passes over a word or sign, in whatever case, if it comes next.
    pub(super) const fn eat(&mut self, wanted: &str) -> bool {
        let found = self.is_at(wanted);
        if found {
            self.pass(self.token());
        }
        found
    }

    /// Passes over a whole number; `accepted` says which is wanted here.
    pub(super) const fn number(&mut self, accepted: &'static str) -> Result<Number, Fault> {
        if !self.is_at_digit() {
            return Err(self.unexpected("expected a number, found", accepted));
        }
        let token = self.digits_and_signs();
        let bytes = self.bytes(token);
        let mut value: u64 = 0;
        let mut at = 0;
        while at < bytes.len() {
            if bytes[at].is_ascii_digit() {
                value = value.saturating_mul(10).saturating_add((bytes[at] - b'0') as u64);
            } else if !is_separator(bytes, at) {
                return Err(Fault::new(token, "not a whole number:", WHOLE));
            }
            at += 1;
        }
        self.pass(token);
        Ok(Number { value, token })
    }

    /// The fault that lies in whatever comes next.
    pub(super) const fn unexpected(&self, problem: &'static str, accepted: &'static str) -> Fault {
        Fault::new(self.token(), problem, accepted)
    }

    /// The next bytes that people write numbers with.
    const fn digits_and_signs(&self) -> Token {
        let start = self.next();
        let mut end = start;
        while end < self.text.len() && matches!(self.text[end], b'0'..=b'9' | b'_' | b'.' | b',') {
            end += 1;
        }
        Token { start, end }
    }

    /// The place of the next byte that isn't white space.
    const fn next(&self) -> usize {
        let mut at = self.at;
        while at < self.text.len() && self.text[at].is_ascii_whitespace() {
            at += 1;
        }
        at
    }
}

/// What a word stands for in a table, in whatever case.
pub(super) const fn look_up<T: Copy>(word: &[u8], table: &[(&str, T)]) -> Option<T> {
    let mut row = 0;
    while row < table.len() {
        if same_word(word, table[row].0) {
            return Some(table[row].1);
        }
        row += 1;
    }
    None
}

/// Whether a word is the wanted one but for ASCII case.
pub(super) const fn same_word(word: &[u8], wanted: &str) -> bool {
    let wanted = wanted.as_bytes();
    if word.len() != wanted.len() {
        return false;
    }
    let mut at = 0;
    while at < word.len() {
        if !word[at].eq_ignore_ascii_case(&wanted[at]) {
            return false;
        }
        at += 1;
    }
    true
}

/// Whether an underscore stands at a place, before a digit. In a number that begins with a digit none of them
/// can then stand next to another.
const fn is_separator(bytes: &[u8], at: usize) -> bool {
    bytes[at] == b'_' && at + 1 < bytes.len() && bytes[at + 1].is_ascii_digit()
}

const fn is_letter(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || !byte.is_ascii()
}
