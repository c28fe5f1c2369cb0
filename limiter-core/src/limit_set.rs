//! Several limits on one key.

use std::fmt;

use crate::charge::Charge;
use crate::error::{Error, ErrorKind, Result};
use crate::exact::MAX_PER_CALL;
use crate::key::Key;
use crate::limit::Limit;

/// One or more limits of one key, in order: 5 a minute and 60 an hour. A hit on all of them is one call.
///
/// A set that exists is valid: 1 to 64 limits, no two of which count in the same counter (of the same
/// algorithm and window). Its text has `;` between the limits.
///
/// ```
/// use limiter_core::{Key, LimitSet, limit};
///
/// let limits: LimitSet = "5/min; 60/hour".parse()?;
/// assert_eq!(limits, LimitSet::new([limit!("5/min"), limit!("60/hour")])?);
/// assert_eq!(limits.to_string(), "5/min; 60/hour");
///
/// let key = Key::new("chat", "user-17")?;
/// let charges: Vec<_> = limits.charges(&key).collect();
/// limiter_core::check_charges(&charges)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LimitSet(Box<[Limit]>);

impl LimitSet {
    /// A set of limits, in this order.
    ///
    /// # Errors
    /// [`InvalidRequest`](ErrorKind::InvalidRequest) for no limits, more than 64, or two of the same algorithm
    /// and window, which would count in the same counter.
    pub fn new(limits: impl IntoIterator<Item = Limit>) -> Result<Self> {
        let mut set: Vec<Limit> = Vec::new();
        for limit in limits {
            check_next(&set, &limit)?;
            set.push(limit);
        }
        if set.is_empty() {
            return Err(Error::invalid("limit set", "empty", "1 to 64 limits"));
        }
        Ok(Self::checked(set))
    }

    /// A set of limits that have been checked.
    pub(crate) fn checked(limits: Vec<Limit>) -> Self {
        Self(limits.into())
    }

    /// The limits, in order.
    pub fn iter(&self) -> std::slice::Iter<'_, Limit> {
        self.0.iter()
    }

    /// The limits, in order.
    pub fn as_slice(&self) -> &[Limit] {
        &self.0
    }

    /// How many limits: 1 to 64.
    #[expect(clippy::len_without_is_empty, reason = "a set is never empty")]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// One unit of each limit on a key: the charges of one hit.
    pub fn charges<'a>(&'a self, key: &'a Key) -> impl ExactSizeIterator<Item = Charge<'a>> + Clone {
        self.0.iter().map(|limit| Charge::new(key, limit))
    }
}

impl From<Limit> for LimitSet {
    fn from(limit: Limit) -> Self {
        Self(Box::new([limit]))
    }
}

impl<'a> IntoIterator for &'a LimitSet {
    type Item = &'a Limit;
    type IntoIter = std::slice::Iter<'a, Limit>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Display for LimitSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, limit) in self.iter().enumerate() {
            if index > 0 {
                f.write_str("; ")?;
            }
            limit.fmt(f)?;
        }
        Ok(())
    }
}

fn check_next(earlier: &[Limit], limit: &Limit) -> Result<()> {
    if earlier.len() == MAX_PER_CALL {
        return Err(Error::invalid("limit set", "longer than 64", "1 to 64 limits"));
    }
    match earlier.iter().find(|other| other.same_counter(limit)) {
        None => Ok(()),
        Some(other) => Err(Error::new(
            ErrorKind::InvalidRequest,
            format!(
                "a limit set counts twice in one counter, {other} and {limit}; \
                 accepted: each algorithm and window once"
            ),
        )),
    }
}
