//! Values that say something of rates, slots and quotas.

use limiter_core::{Error, ErrorKind, Result};
use serde::Deserialize;

use crate::part::Part;
use crate::redact::shown_piece;

/// What a value says of each part.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String", bound = "Self: TryFrom<String, Error = Error>")]
pub(crate) struct ByPart<T> {
    pub(crate) rates: T,
    pub(crate) slots: T,
    pub(crate) quotas: T,
}

impl<T: Copy> ByPart<T> {
    const fn all(of: T) -> Self {
        Self { rates: of, slots: of, quotas: of }
    }

    fn of_mut(&mut self, part: Part) -> &mut T {
        match part {
            Part::Rates => &mut self.rates,
            Part::Slots => &mut self.slots,
            Part::Quotas => &mut self.quotas,
        }
    }

    /// Each part with what is said of it.
    pub(crate) fn each(self) -> [(Part, T); 3] {
        [(Part::Rates, self.rates), (Part::Slots, self.slots), (Part::Quotas, self.quotas)]
    }
}

/// What becomes of a call while the store is down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Instead {
    #[default]
    Refuse,
    Allow,
    Memory,
}

/// What [`ByPart<Instead>`] reads, in words.
pub(crate) const INSTEADS: &str =
    "refuse, allow or memory, for all or each by name: rates=allow,slots=refuse,quotas=memory";
/// What [`ByPart<bool>`] reads, in words.
pub(crate) const PARTS: &str = "none, all, or some of rates, slots, quotas with commas between";

impl Instead {
    fn named(word: &str) -> Option<Self> {
        match word {
            "refuse" => Some(Self::Refuse),
            "allow" => Some(Self::Allow),
            "memory" => Some(Self::Memory),
            _ => None,
        }
    }
}

/// `allow`, or `rates=allow,quotas=memory`: what isn't named is refused.
impl TryFrom<String> for ByPart<Instead> {
    type Error = Error;

    fn try_from(value: String) -> Result<Self> {
        if let Some(instead) = Instead::named(&value) {
            return Ok(Self::all(instead));
        }
        let mut read = Self::default();
        let mut named = Vec::new();
        for piece in value.split(',') {
            let pair = piece.split_once('=').map(|(part, word)| (Part::named(part.trim()), word.trim()));
            let Some((Some(part), word)) = pair else { return Err(no_such(&value, piece, INSTEADS)) };
            let instead = Instead::named(word).ok_or_else(|| no_such(&value, piece, INSTEADS))?;
            once(&mut named, part, INSTEADS)?;
            *read.of_mut(part) = instead;
        }
        Ok(read)
    }
}

/// `none`, `all`, or `rates,slots`.
impl TryFrom<String> for ByPart<bool> {
    type Error = Error;

    fn try_from(value: String) -> Result<Self> {
        match value.as_str() {
            "none" => return Ok(Self::all(false)),
            "all" => return Ok(Self::all(true)),
            _ => {}
        }
        let mut read = Self::default();
        let mut named = Vec::new();
        for piece in value.split(',') {
            let part = Part::named(piece.trim()).ok_or_else(|| no_such(&value, piece, PARTS))?;
            once(&mut named, part, PARTS)?;
            *read.of_mut(part) = true;
        }
        Ok(read)
    }
}

fn no_such(value: &str, piece: &str, accepted: &str) -> Error {
    let piece = shown_piece(value, piece.trim());
    Error::new(ErrorKind::Config, format!("{piece} is none of it; accepted: {accepted}"))
}

/// Of two that name the same part, nobody can tell which was meant.
fn once(named: &mut Vec<Part>, part: Part, accepted: &str) -> Result<()> {
    if named.contains(&part) {
        let text = format!("it names {} twice; accepted: {accepted}, each once", part.name());
        return Err(Error::new(ErrorKind::Config, text));
    }
    named.push(part);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn insteads(value: &str) -> Result<ByPart<Instead>> {
        value.to_owned().try_into()
    }

    fn parts(value: &str) -> Result<ByPart<bool>> {
        value.to_owned().try_into()
    }

    #[test]
    fn a_word_alone_is_for_all() {
        assert_eq!(insteads("memory").unwrap(), ByPart::all(Instead::Memory));
        assert_eq!(insteads("refuse").unwrap(), ByPart::default());
        assert_eq!(parts("all").unwrap(), ByPart::all(true));
        assert_eq!(parts("none").unwrap(), ByPart::default());
    }

    #[test]
    fn what_is_not_named_is_refused() {
        let read = insteads("rates=allow, quotas = memory").unwrap();
        assert_eq!(read.each().map(|(_, of)| of), [Instead::Allow, Instead::Refuse, Instead::Memory]);
        let read = parts("quotas,rates").unwrap();
        assert_eq!(read.each().map(|(_, of)| of), [true, false, true]);
    }

    #[test]
    fn anything_else_is_refused() {
        for value in
            ["", "Allow", "deny", "rates", "rates=", "rates=allow,", "streams=allow", "allow,refuse", "="]
        {
            assert!(insteads(value).unwrap_err().message().contains("is none of it"), "{value}");
        }
        for value in ["", "All", "rates,", "rates;slots", "all,rates", "true", "none,none"] {
            assert!(parts(value).unwrap_err().message().contains("is none of it"), "{value}");
        }
    }

    #[test]
    fn a_part_is_named_once() {
        assert!(
            insteads("rates=allow,rates=refuse").unwrap_err().message().starts_with("it names rates twice")
        );
        assert!(parts("slots,slots").unwrap_err().message().starts_with("it names slots twice"));
    }
}
