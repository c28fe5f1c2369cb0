//! Asks for a lease: granted in all its scopes or in none.

use limiter_core::{Acquired, Acquisition, Error, ErrorKind, Full, LeaseRequest, Result, Source};
use sqlx::postgres::PgRow;

use crate::call::{Argument, Call};
use crate::reply::{amount, column, unexpected};
use crate::store::Store;

/// What the function answers.
#[derive(Debug)]
struct Told {
    granted: bool,
    /// From 1 on.
    denied_by: Option<i64>,
    in_use: Vec<i64>,
    /// The permits that the id holds, where they are others than asked for.
    held: Option<i64>,
}

pub(super) async fn run(store: &Store, durable: bool, request: &LeaseRequest) -> Result<Acquisition> {
    let keys: Vec<_> = request.scopes().iter().map(|scope| store.names.key(scope.key())).collect();
    let rows = store.change(durable, &keys, call(request, keys.clone())).await?;
    let told = Told::of(&rows).and_then(|told| answer(told, request));
    told.map_err(|error| {
        let error = error.with_operation("acquire");
        if error.kind() == ErrorKind::Conflict { error } else { error.possibly_charged() }
    })
}

fn call(request: &LeaseRequest, keys: Vec<Vec<u8>>) -> Call {
    let caps = request.scopes().iter().map(|scope| scope.cap().cast_signed()).collect();
    Call::new("acquire", "acquire", true)
        .with(Argument::Id(request.id().to_string()))
        .with(Argument::Keys(keys))
        .with(Argument::Numbers(caps))
        .with(Argument::number(request.permits()))
        .with(Argument::number(request.ttl_ms()))
}

impl Told {
    fn of(rows: &[PgRow]) -> Result<Self> {
        let [row] = rows else {
            return Err(unexpected("isn't one row"));
        };
        Ok(Self {
            granted: column(row, "granted")?,
            denied_by: column(row, "denied_by")?,
            in_use: column(row, "in_use")?,
            held: column(row, "held")?,
        })
    }
}

fn answer(told: Told, request: &LeaseRequest) -> Result<Acquisition> {
    let scopes = request.scopes().len();
    let in_use = told.in_use.into_iter().map(amount).collect::<Result<Vec<_>>>()?;
    if in_use.len() != scopes {
        return Err(unexpected("doesn't tell each scope's permits"));
    }
    match (told.granted, told.denied_by, told.held) {
        (true, None, None) => {
            Ok(Acquisition::Acquired(Acquired { lease: request.lease(), in_use, source: Source::Store }))
        }
        (false, Some(place), None) => {
            let denied_by = usize::try_from(place).ok().filter(|place| (1..=scopes).contains(place));
            let denied_by = denied_by.ok_or_else(|| unexpected("names a scope that wasn't asked for"))? - 1;
            Ok(Acquisition::Full(Full { denied_by, in_use, source: Source::Store }))
        }
        (false, None, Some(held)) => Err(conflict(amount(held)?, request)),
        _ => Err(unexpected("neither grants nor refuses")),
    }
}

fn conflict(held: u64, request: &LeaseRequest) -> Error {
    let (id, permits) = (request.id(), request.permits());
    let message = format!("lease {id} holds {held} permits, asked for again with {permits}");
    Error::new(ErrorKind::Conflict, message)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use limiter_core::{EXACT, Key, LeaseId, Scope};

    use super::*;

    fn request() -> LeaseRequest {
        let scopes = [Scope::new(Key::new("a", "").unwrap(), 5), Scope::new(Key::new("b", "").unwrap(), 5)];
        let request = LeaseRequest::new(scopes, Duration::from_secs(1)).unwrap();
        request.with_id(LeaseId::parse("l1").unwrap())
    }

    fn told(granted: bool, denied_by: Option<i64>, in_use: &[i64], held: Option<i64>) -> Result<Acquisition> {
        answer(Told { granted, denied_by, in_use: in_use.to_vec(), held }, &request())
    }

    #[test]
    fn grants_and_refusals_are_told_by_scope() {
        let granted = told(true, None, &[1, EXACT.cast_signed()], None).unwrap();
        assert!(granted.is_acquired());
        assert_eq!(granted.in_use(), [1, EXACT]);
        for place in [1, 2] {
            let Acquisition::Full(full) = told(false, Some(place), &[0, 5], None).unwrap() else {
                panic!("a refusal granted");
            };
            assert_eq!((full.denied_by + 1, full.in_use), (usize::try_from(place).unwrap(), vec![0, 5]));
        }
    }

    #[test]
    fn a_conflict_says_what_the_id_holds() {
        let error = told(false, None, &[3, 0], Some(3)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Conflict);
        assert_eq!(error.message(), "lease l1 holds 3 permits, asked for again with 1");
    }

    #[test]
    fn anything_else_is_refused() {
        let beyond = EXACT.cast_signed() + 1;
        for wrong in [
            told(true, None, &[1], None),
            told(true, None, &[1, 1, 1], None),
            told(true, None, &[1, -1], None),
            told(true, None, &[1, beyond], None),
            told(true, Some(1), &[1, 1], None),
            told(true, None, &[1, 1], Some(1)),
            told(false, None, &[1, 1], None),
            told(false, Some(0), &[1, 1], None),
            told(false, Some(3), &[1, 1], None),
            told(false, Some(-1), &[1, 1], None),
            told(false, Some(1), &[1, 1], Some(1)),
            told(false, None, &[1, 1], Some(-1)),
        ] {
            assert_eq!(wrong.unwrap_err().kind(), ErrorKind::Protocol);
        }
    }
}
