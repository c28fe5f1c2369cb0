//! What scripts are told of a charge.

use limiter_core::{MAX_UTC_OFFSET_MINUTES, Period, QuotaCharge};

use crate::key::Names;

/// A charge on its way: which counter, which quota, how much.
#[derive(Clone, Debug)]
pub(super) struct Line {
    name: String,
    max: u64,
    period: u64,
    zone: u64,
    amount: u64,
}

impl Line {
    pub(super) fn new(names: &Names, charge: &QuotaCharge) -> Self {
        let quota = charge.quota();
        let minutes = i64::from(quota.utc_offset_minutes()) + i64::from(MAX_UTC_OFFSET_MINUTES);
        Self {
            name: names.quota(charge.key(), quota),
            max: quota.max(),
            period: number_of(quota.period()),
            zone: u64::try_from(minutes).unwrap_or(0),
            amount: charge.amount(),
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) const fn max(&self) -> u64 {
        self.max
    }

    pub(super) const fn amount(&self) -> u64 {
        self.amount
    }

    pub(super) fn keys(&self) -> [String; 3] {
        keys_of(&self.name)
    }

    pub(super) const fn numbers(&self) -> [u64; 4] {
        [self.max, self.period, self.zone, self.amount]
    }
}

/// The keys in Redis that belong to a name: the counter, what is held until when, which ids were settled.
pub(super) fn keys_of(name: &str) -> [String; 3] {
    [name.to_owned(), format!("{name}:h"), format!("{name}:s")]
}

/// The number by which the scripts know a period.
const fn number_of(period: Period) -> u64 {
    match period {
        Period::Hour => 1,
        Period::Day => 2,
        Period::Week => 3,
        Period::Month => 4,
        _ => 5,
    }
}

#[cfg(test)]
mod tests {
    use limiter_core::{Key, Quota};

    use super::*;

    #[test]
    fn a_charge_is_told_in_four_numbers() {
        let key = Key::new("bytes", "u1").unwrap();
        let numbers = Period::ALL.iter().enumerate().map(|(place, period)| {
            let minutes = i16::try_from(place).unwrap() * 540 - 1080;
            let quota = Quota::new(9, *period).unwrap().with_utc_offset_minutes(minutes).unwrap();
            Line::new(&Names::new("limiter"), &QuotaCharge::new(key.clone(), quota, 4)).numbers()
        });
        let told: Vec<_> = numbers.collect();
        assert_eq!(told, [[9, 1, 0, 4], [9, 2, 540, 4], [9, 3, 1080, 4], [9, 4, 1620, 4], [9, 5, 2160, 4]]);
    }
}
