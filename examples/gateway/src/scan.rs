//! Scans that cost money: so many at a time, and so many bytes a day.
//!
//! A scan runs in a task of its own, so that a request which is cancelled midway can't leave its slot, or a
//! reservation, to their time to live: the task stops reading, settles what was read, and releases the slot.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use limiter_factory::{
    Error, ErrorKind, Key, LeaseRequest, QuotaOutcome, QuotaTrackerExt, Reservation, Scope, Slot, SlotGuard,
    check_amount,
};
use serde::Deserialize;
use serde_json::json;
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep};

use crate::answers::{self, Failure};
use crate::app::App;
use crate::caller::Caller;
use crate::json_body::JsonBody;

/// The running scans of a user.
pub const USER: &str = "scans.user";
/// The bytes scanned for a user.
pub const BYTES: &str = "scan.bytes";

/// How long a slot outlives a gateway that was killed. A living one renews it.
const SLOT_TTL: Duration = Duration::from_secs(30);
/// How long a reservation outlives a gateway that was killed: longer than the longest scan.
const RESERVATION_TTL: Duration = Duration::from_secs(120);
const MAX_HOLD_MS: u64 = 60_000;
/// A settlement carries an id: sent again, it counts once.
const SETTLE_ATTEMPTS: u32 = 3;

/// What to scan.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Scan {
    /// Bytes that it will probably be.
    pub estimate: u64,
    /// Bytes that it will turn out to be.
    pub actual: u64,
    /// How long it takes, in milliseconds.
    #[serde(default)]
    pub hold_ms: u64,
}

/// What to scan without an estimate.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct QuickScan {
    /// Bytes that it will turn out to be.
    pub actual: u64,
}

/// `POST /scan`: a slot, and the estimate set aside; then the work; then what was really read is settled.
///
/// # Errors
/// The limiters', and numbers out of their bounds.
pub async fn reserved(
    State(app): State<Arc<App>>,
    caller: Caller,
    JsonBody(scan): JsonBody<Scan>,
) -> Result<Response, Failure> {
    check_amount("estimate", scan.estimate)?;
    check_amount("actual", scan.actual)?;
    if scan.hold_ms > MAX_HOLD_MS {
        return Err(Error::invalid("hold_ms", scan.hold_ms, "0 to 60000").into());
    }
    in_own_task(app, caller, Work::Reserved(scan)).await
}

/// `POST /scan/quick`: the simpler way. Refused at or over the quota; recorded afterwards, always, past it too.
///
/// # Errors
/// As [`reserved`].
pub async fn quick(
    State(app): State<Arc<App>>,
    caller: Caller,
    JsonBody(scan): JsonBody<QuickScan>,
) -> Result<Response, Failure> {
    check_amount("actual", scan.actual)?;
    in_own_task(app, caller, Work::Quick(scan)).await
}

#[derive(Clone, Copy, Debug)]
enum Work {
    Reserved(Scan),
    Quick(QuickScan),
}

/// How a scan ended.
enum End {
    Whole,
    ClientGone,
    Closing,
    SlotLost,
}

/// Ends when the client goes: the request's future then drops the other half.
type ClientGone = oneshot::Receiver<()>;

async fn in_own_task(app: Arc<App>, caller: Caller, work: Work) -> Result<Response, Failure> {
    let (client, client_gone) = oneshot::channel();
    let running = app.running();
    let task = tokio::spawn(async move {
        let answer = with_slot(&app, &caller, work, client_gone).await;
        drop(running);
        answer
    });
    let answer = task.await;
    drop(client);
    match answer {
        Ok(answer) => Ok(answer?),
        Err(error) => Ok(answers::internal(&format!("a scan's task failed: {error}"))),
    }
}

async fn with_slot(app: &App, caller: &Caller, work: Work, gone: ClientGone) -> Result<Response, Error> {
    let cap = app.config.scans_per_user;
    let scope = Scope::new(Key::new(USER, caller.subject())?, cap);
    let slot = match app.limiters.slots().acquire(&LeaseRequest::new([scope], SLOT_TTL)?).await? {
        Slot::Acquired(slot) => slot,
        Slot::Full(full) => {
            let in_use = full.in_use.first().copied();
            return Ok(answers::too_many("too_many_scans", "user", USER, cap, in_use));
        }
    };
    let key = Key::new(BYTES, caller.subject())?;
    let answer = match work {
        Work::Reserved(scan) => scan_reserved(app, &key, scan, &slot, gone).await,
        Work::Quick(scan) => scan_quick(app, &key, scan).await,
    };
    if let Err(error) = slot.release().await {
        tracing::warn!(%error, "a scan's slot stays taken until its time to live runs out");
    }
    answer
}

async fn scan_reserved(
    app: &App,
    key: &Key,
    scan: Scan,
    slot: &SlotGuard,
    gone: ClientGone,
) -> Result<Response, Error> {
    let (quotas, quota) = (app.limiters.quotas(), &app.config.scan_quota);
    let (reservation, reserved) = quotas.reserve_one(key, quota, scan.estimate, RESERVATION_TTL).await?;
    if let Some((_, outcome)) = reserved.refused() {
        return Ok(answers::quota_exceeded(BYTES, quota, outcome));
    }
    let (read, end) = read(app, scan, slot, gone).await;
    let outcome = settle(app, &reservation, read).await?;
    match end {
        End::Whole => Ok(scanned(read, &outcome)),
        End::ClientGone => Ok(ended_early("client_gone", read)),
        End::Closing => Ok(ended_early("shutting_down", read)),
        End::SlotLost => Err(Error::new(ErrorKind::LeaseLost, "the scan lost its slot midway")),
    }
}

async fn scan_quick(app: &App, key: &Key, scan: QuickScan) -> Result<Response, Error> {
    let (quotas, quota) = (app.limiters.quotas(), &app.config.scan_quota);
    let before = quotas.check(key, quota).await?;
    if !before.is_allowed() {
        return Ok(answers::quota_exceeded(BYTES, quota, &before));
    }
    let after = quotas.record(key, quota, scan.actual).await?;
    Ok(scanned(scan.actual, &after))
}

/// Reads, until all is read or nobody may or wants to go on; tells how many bytes it came to.
async fn read(app: &App, scan: Scan, slot: &SlotGuard, gone: ClientGone) -> (u64, End) {
    let started = Instant::now();
    let end = tokio::select! {
        biased;
        () = sleep(Duration::from_millis(scan.hold_ms)) => return (scan.actual, End::Whole),
        () = slot.lost() => End::SlotLost,
        () = app.closing() => End::Closing,
        _ = gone => End::ClientGone,
    };
    let done = started.elapsed().as_millis().min(u128::from(scan.hold_ms));
    let read = u128::from(scan.actual) * done / u128::from(scan.hold_ms.max(1));
    (u64::try_from(read).unwrap_or(scan.actual), end)
}

/// What was read was paid for: it is settled even if that takes several attempts.
async fn settle(app: &App, reservation: &Reservation, read: u64) -> Result<QuotaOutcome, Error> {
    let settlement = reservation.settlement(&[read])?;
    let mut attempt = 1;
    loop {
        match app.limiters.quotas().settle(&settlement).await {
            Ok(outcomes) => return Ok(outcomes[0]),
            Err(error) if error.is_transient() && attempt < SETTLE_ATTEMPTS => {
                tracing::warn!(%error, attempt, "settling again");
                sleep(Duration::from_millis(100) * attempt).await;
                attempt += 1;
            }
            Err(error) => return Err(error),
        }
    }
}

fn scanned(read: u64, outcome: &QuotaOutcome) -> Response {
    answers::ok(json!({"scanned": read, "used": outcome.used, "remaining": outcome.remaining}))
}

fn ended_early(why: &str, read: u64) -> Response {
    tracing::info!(read, why, "a scan ended early");
    answers::error(StatusCode::SERVICE_UNAVAILABLE, why)
}
