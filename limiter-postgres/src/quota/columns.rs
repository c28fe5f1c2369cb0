//! Charges as functions are given them: a list for each of their parts.

use limiter_core::{QuotaCharge, ReservationId};

use crate::call::{Argument, Call};
use crate::key::{Names, period};

/// Charges, part by part.
#[derive(Debug)]
pub(super) struct Columns {
    /// The counters' names.
    pub(super) rows: Vec<Vec<u8>>,
    keys: Vec<Vec<u8>>,
    periods: Vec<i64>,
    offsets: Vec<i64>,
    maxima: Vec<i64>,
    amounts: Vec<i64>,
}

impl Columns {
    pub(super) fn of(names: &Names, charges: &[QuotaCharge]) -> Self {
        let numbers = |part: fn(&QuotaCharge) -> i64| charges.iter().map(part).collect();
        Self {
            rows: charges.iter().map(|charge| names.quota(charge.key(), charge.quota())).collect(),
            keys: charges.iter().map(|charge| names.key(charge.key())).collect(),
            periods: numbers(|charge| period(charge.quota()).into()),
            offsets: numbers(|charge| charge.quota().utc_offset_minutes().into()),
            maxima: numbers(|charge| charge.quota().max().cast_signed()),
            amounts: numbers(|charge| charge.amount().cast_signed()),
        }
    }

    /// A call about all of them, under an id.
    pub(super) fn call(&self, call: Call, id: &ReservationId) -> Call {
        let call = call.with(Argument::Id(id.as_str().to_owned())).with(Argument::Keys(self.keys.clone()));
        let numbers = [&self.periods, &self.offsets, &self.maxima, &self.amounts];
        numbers.into_iter().fold(call, |call, numbers| call.with(Argument::Numbers(numbers.clone())))
    }
}

#[cfg(test)]
mod tests {
    use limiter_core::{Key, Period, Quota};

    use super::*;

    #[test]
    fn each_part_of_a_charge_stands_in_its_list() {
        let charges: Vec<_> = Period::ALL
            .iter()
            .zip(1..)
            .map(|(period, number)| {
                let quota = Quota::new(10 * number, *period).unwrap();
                let minutes = i16::try_from(number).unwrap() * -7;
                let key = Key::new("bytes", &format!("u{number}")).unwrap();
                QuotaCharge::new(key, quota.with_utc_offset_minutes(minutes).unwrap(), 100 * number)
            })
            .collect();
        let names = Names::new("");
        let columns = Columns::of(&names, &charges);
        assert_eq!(columns.periods, [1, 2, 3, 4, 5]);
        assert_eq!(columns.offsets, [-7, -14, -21, -28, -35]);
        assert_eq!(columns.maxima, [10, 20, 30, 40, 50]);
        assert_eq!(columns.amounts, [100, 200, 300, 400, 500]);
        for (place, charge) in charges.iter().enumerate() {
            assert_eq!(columns.keys[place], names.key(charge.key()));
            assert_eq!(columns.rows[place], names.quota(charge.key(), charge.quota()));
        }
    }
}
