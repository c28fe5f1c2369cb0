//! How much a quota allows: plain units (`1_000_000`) or bytes (`50 GiB`).

use std::fmt;

use super::fault::{Fault, Token};
use super::scanner::{Number, Scanner, look_up};

const BYTES: &[(&str, u64)] = &[
    ("B", 1),
    ("kB", 1000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("TB", 1_000_000_000_000),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("TiB", 1 << 40),
];

/// The units an amount is shown in, the largest first. A whole multiple of them is surely meant as bytes; a million
/// may be messages. Nor is KiB among them: plain digits are never longer.
const SHOWN: [(u64, &str); 3] = [(1 << 40, "TiB"), (1 << 30, "GiB"), (1 << 20, "MiB")];

const ACCEPTED: &str = "B, kB, MB, GB, TB, KiB, MiB, GiB, TiB, or no unit";

/// Reads a number with or without a unit.
pub(super) const fn amount(scanner: &mut Scanner<'_>) -> Result<Number, Fault> {
    let number = attempt!(scanner.number("an amount, such as 1_000_000 or 50 GiB"));
    let unit = scanner.token();
    if !scanner.is_at_word() || scanner.is_at("per") {
        return Ok(number);
    }
    let bytes = attempt!(bytes(unit, scanner.bytes(unit)));
    scanner.pass(unit);
    Ok(Number { value: number.value.saturating_mul(bytes), token: number.token.to(unit) })
}

/// Writes an amount in the largest unit that it is a whole multiple of.
pub(super) fn write_amount(f: &mut fmt::Formatter<'_>, amount: u64) -> fmt::Result {
    for (bytes, unit) in SHOWN {
        if amount > 0 && amount.is_multiple_of(bytes) {
            return write!(f, "{} {unit}", amount / bytes);
        }
    }
    write!(f, "{amount}")
}

const fn bytes(unit: Token, word: &[u8]) -> Result<u64, Fault> {
    if reads_as_bits(word) {
        return Err(Fault::new(unit, "bits or bytes? Ambiguous unit", ACCEPTED));
    }
    match look_up(word, BYTES) {
        Some(bytes) => Ok(bytes),
        None => Err(Fault::new(unit, "unknown unit", ACCEPTED)),
    }
}

/// `Mb` and `Kib` are units of bits, as are `b` and `kb`; `mb` and `kib` can only be meant as bytes.
const fn reads_as_bits(word: &[u8]) -> bool {
    match word {
        b"b" | b"kb" => true,
        [first, .., b'b'] => first.is_ascii_uppercase() && look_up(word, BYTES).is_some(),
        _ => false,
    }
}
