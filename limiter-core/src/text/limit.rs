//! A limit as text: `5/min`, `fixed 1000/day`, `bucket 10/s burst 20 counting denied`, `unlimited`.

use std::fmt;
use std::str::FromStr;

use super::error::ParseError;
use super::fault::{Fault, Token};
use super::scanner::Scanner;
use super::window::{window_ms, write_window};
use crate::limit::{Algorithm, Limit, LimitError};

/// What may follow the part of a limit that was read.
#[derive(Clone, Copy, Debug)]
pub(super) enum Next {
    Burst,
    CountingDenied,
    Nothing,
}

/// Reads a text that is one limit.
pub(super) const fn whole_limit(text: &str) -> Result<Limit, Fault> {
    let mut scanner = Scanner::new(text);
    let (limit, next) = attempt!(limit(&mut scanner));
    if scanner.is_at_end() {
        return Ok(limit);
    }
    let accepted = match next {
        _ if scanner.is_at(";") => "one limit here; several are a limit set",
        Next::Burst => "burst N, counting denied, or nothing more",
        Next::CountingDenied => "counting denied, or nothing more",
        Next::Nothing => "nothing more",
    };
    Err(scanner.unexpected("unexpected", accepted))
}

/// Reads the limit that comes next.
pub(super) const fn limit(scanner: &mut Scanner<'_>) -> Result<(Limit, Next), Fault> {
    if scanner.eat("unlimited") {
        return Ok((Limit::UNLIMITED, Next::Nothing));
    }
    let algorithm = attempt!(algorithm(scanner));
    let max = attempt!(scanner.number("a number of units, such as 5"));
    let window_ms = attempt!(window_ms(scanner));
    let built = Limit::from_ms(algorithm, max.value, window_ms);
    let limit = attempt!(by_rule(built, max.token, "max is"));
    let (limit, next) = attempt!(with_burst(scanner, limit));
    with_denied(scanner, limit, next)
}

/// `[fixed | sliding | log | bucket] COUNT / [N] UNIT [burst N] [counting denied]`, or `unlimited`.
///
/// - Without an algorithm it is a sliding window. `per` may stand for `/`. Case doesn't matter, nor does white
///   space between two words.
/// - Numbers are whole, with `_` between digits where wanted: `1_000_000`.
/// - Units are `ms`, `s`, `min`, `h`, `d`, `w`, and their names: `second`, `minutes`, `hour`, … Not `m`, which
///   might be a month.
///
/// ```
/// use limiter_core::Limit;
///
/// for text in ["5/min", "100 per 2 minutes", "fixed 1_000/day", "log 3/10s", "bucket 10/s burst 20"] {
///     text.parse::<Limit>()?;
/// }
/// # Ok::<(), limiter_core::ParseError>(())
/// ```
impl FromStr for Limit {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        whole_limit(text).map_err(|fault| ParseError::new(text, fault))
    }
}

/// The shortest text that parses back to the same limit: `5/min`, `100/2min`, `fixed 1000/day`,
/// `bucket 10/s burst 20`, `unlimited`.
impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let algorithm = match self.algorithm() {
            Algorithm::Unlimited => return f.write_str("unlimited"),
            Algorithm::FixedWindow => "fixed ",
            Algorithm::SlidingWindow => "",
            Algorithm::SlidingLog => "log ",
            Algorithm::TokenBucket => "bucket ",
        };
        write!(f, "{algorithm}{}/", self.max())?;
        write_window(f, self.window_ms())?;
        if self.capacity() != self.max() {
            write!(f, " burst {}", self.capacity())?;
        }
        if self.counts_denied() {
            f.write_str(" counting denied")?;
        }
        Ok(())
    }
}

const fn algorithm(scanner: &mut Scanner<'_>) -> Result<Algorithm, Fault> {
    if scanner.is_at_digit() || scanner.eat("sliding") {
        Ok(Algorithm::SlidingWindow)
    } else if scanner.eat("fixed") {
        Ok(Algorithm::FixedWindow)
    } else if scanner.eat("log") {
        Ok(Algorithm::SlidingLog)
    } else if scanner.eat("bucket") {
        Ok(Algorithm::TokenBucket)
    } else if scanner.is_at_word() {
        Err(scanner
            .unexpected("unknown algorithm", "fixed, sliding, log or bucket before the number, or unlimited"))
    } else {
        Err(scanner.unexpected(
            "expected a limit, found",
            "a limit such as 5/min, fixed 1000/day, log 3/10s, bucket 10/s burst 20, or unlimited",
        ))
    }
}

const fn with_burst(scanner: &mut Scanner<'_>, limit: Limit) -> Result<(Limit, Next), Fault> {
    let word = scanner.token();
    if !scanner.eat("burst") {
        let next = match limit.algorithm() {
            Algorithm::TokenBucket => Next::Burst,
            Algorithm::SlidingLog => Next::Nothing,
            _ => Next::CountingDenied,
        };
        return Ok((limit, next));
    }
    if !matches!(limit.algorithm(), Algorithm::TokenBucket) {
        return Err(Fault::new(
            word,
            "not a token bucket, so no",
            "burst after a bucket only, such as bucket 10/s burst 20",
        ));
    }
    let burst = attempt!(scanner.number("a number of units, such as burst 20"));
    let limit = attempt!(by_rule(limit.with_burst(burst.value), burst.token, "burst is"));
    Ok((limit, Next::CountingDenied))
}

const fn with_denied(scanner: &mut Scanner<'_>, limit: Limit, next: Next) -> Result<(Limit, Next), Fault> {
    let first = scanner.token();
    if !scanner.eat("counting") {
        return Ok((limit, next));
    }
    let last = scanner.token();
    if !scanner.eat("denied") {
        return Err(scanner.unexpected("expected denied, found", "counting denied"));
    }
    match limit.counting_denied() {
        Ok(limit) => Ok((limit, Next::Nothing)),
        Err(_) => Err(Fault::new(
            first.to(last),
            "a sliding log can't be",
            "counting denied after a sliding window, fixed or bucket",
        )),
    }
}

const fn by_rule(
    built: Result<Limit, LimitError>,
    token: Token,
    problem: &'static str,
) -> Result<Limit, Fault> {
    match built {
        Ok(limit) => Ok(limit),
        Err(error) => Err(Fault::new(token, problem, error.accepted())),
    }
}
