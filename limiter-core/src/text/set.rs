//! Several limits as text: `5/min; 60/hour`.

use std::str::FromStr;

use super::error::ParseError;
use super::fault::{Fault, Token};
use super::limit::{Next, limit};
use super::scanner::Scanner;
use crate::exact::MAX_PER_CALL;
use crate::limit::Limit;
use crate::limit_set::LimitSet;

/// Limits with `;` between them, and none after the last.
impl FromStr for LimitSet {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let limits = limits(text).map_err(|fault| ParseError::new(text, fault))?;
        Ok(Self::checked(limits))
    }
}

fn limits(text: &str) -> Result<Vec<Limit>, Fault> {
    let mut scanner = Scanner::new(text);
    let mut limits = Vec::new();
    loop {
        let first = scanner.token();
        let (limit, next) = limit(&mut scanner)?;
        check(&limits, &limit, first, &scanner)?;
        limits.push(limit);
        if scanner.is_at_end() {
            return Ok(limits);
        }
        if !scanner.eat(";") {
            return Err(scanner.unexpected("unexpected", after(next)));
        }
        if scanner.is_at_end() {
            return Err(scanner.unexpected(
                "expected a limit after ;, found",
                "a limit, such as 60/hour, or no ; after the last",
            ));
        }
    }
}

fn check(earlier: &[Limit], limit: &Limit, first: Token, scanner: &Scanner<'_>) -> Result<(), Fault> {
    let token = scanner.since(first);
    if earlier.len() == MAX_PER_CALL {
        return Err(Fault::new(token, "one limit too many:", "1 to 64 limits in a set"));
    }
    if earlier.iter().any(|other| other.same_counter(limit)) {
        let accepted = "each algorithm and window once in a set";
        return Err(Fault::new(token, "the same counter as an earlier limit:", accepted));
    }
    Ok(())
}

fn after(next: Next) -> &'static str {
    match next {
        Next::Burst => "burst N, counting denied, ; and another limit, or nothing more",
        Next::CountingDenied => "counting denied, ; and another limit, or nothing more",
        Next::Nothing => "; and another limit, or nothing more",
    }
}
