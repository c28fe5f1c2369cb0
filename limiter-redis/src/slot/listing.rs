//! What the script that lists leases answers.

use limiter_core::{HeldLease, LeaseId, Result};
use redis::Value;

use crate::reply::{amount, list, unexpected};

/// For each lease its id, its permits and its expiry.
pub(super) fn leases(reply: Value) -> Result<Vec<HeldLease>> {
    let values = list(reply)?;
    let (leases, []) = values.as_chunks() else {
        return Err(unexpected("isn't a list of ids, permits and expiries"));
    };
    leases.iter().map(lease).collect()
}

fn lease(told: &[Value; 3]) -> Result<HeldLease> {
    let [Value::BulkString(id), Value::Int(permits), Value::Int(expires_ms)] = told else {
        return Err(unexpected("isn't an id, permits and an expiry"));
    };
    let id = str::from_utf8(id).ok().and_then(|id| LeaseId::parse(id).ok());
    let id = id.ok_or_else(|| unexpected("holds something else than a lease's id"))?;
    Ok(HeldLease { id, permits: amount(*permits)?, expires_ms: amount(*expires_ms)? })
}

#[cfg(test)]
mod tests {
    use limiter_core::ErrorKind;

    use super::*;

    fn told(id: &str, permits: i64, expires: i64) -> Vec<Value> {
        vec![Value::BulkString(id.into()), Value::Int(permits), Value::Int(expires)]
    }

    #[test]
    fn leases_are_read_in_their_order() {
        let mut both = told("b", 2, 9_007_199_254_740_991);
        both.extend(told("a", 1, 0));
        let leases = leases(Value::Array(both)).unwrap();
        let read: Vec<_> =
            leases.iter().map(|held| (held.id.as_str(), held.permits, held.expires_ms)).collect();
        assert_eq!(read, [("b", 2, 9_007_199_254_740_991), ("a", 1, 0)]);
    }

    #[test]
    fn anything_else_is_refused() {
        let wrong = [
            told("no id", 1, 1),
            told("", 1, 1),
            told("a", -1, 1),
            told("a", 1, -1),
            told("a", 1, 1 << 53),
            told("a", 1, 1)[..2].to_vec(),
            vec![Value::Int(1), Value::Int(1), Value::Int(1)],
            vec![Value::BulkString(b"a".to_vec()), Value::Double(1.0), Value::Int(1)],
            vec![Value::BulkString(vec![0xff]), Value::Int(1), Value::Int(1)],
        ];
        for values in wrong {
            let shown = format!("{values:?}");
            assert_eq!(leases(Value::Array(values)).unwrap_err().kind(), ErrorKind::Protocol, "{shown}");
        }
        assert_eq!(leases(Value::Nil).unwrap_err().kind(), ErrorKind::Protocol);
    }
}
