//! What the function that lists leases answers.

use limiter_core::{HeldLease, LeaseId, Result};
use sqlx::postgres::PgRow;

use crate::reply::{amount_in, column, unexpected};

/// For each lease its id, its permits and its expiry.
pub(super) fn leases(rows: &[PgRow]) -> Result<Vec<HeldLease>> {
    rows.iter().map(lease).collect()
}

fn lease(row: &PgRow) -> Result<HeldLease> {
    let id = LeaseId::parse(column(row, "id")?);
    let id = id.map_err(|_| unexpected("holds something else than a lease's id"))?;
    Ok(HeldLease { id, permits: amount_in(row, "permits")?, expires_ms: amount_in(row, "expires_ms")? })
}
