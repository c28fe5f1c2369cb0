//! Refunds that go in several calls.

use std::time::Duration;

use limiter_core::{Charge, Key, Limit, Receipt, Source, limit};

use super::server::{Stranger, store};
use crate::rate::Rates;

const HOUR: Limit = limit!("1000/hour");
const PARAMETERS: &str = "bytea[], bigint[], boolean, bigint, bigint, bigint";

/// The second call of a refund finds a row held.
#[tokio::test]
async fn a_refund_that_fails_halfway_may_have_changed_something() {
    let patience = Duration::from_millis(300);
    let rates = Rates::new(store("parts", patience, None).await, false);
    let key = Key::new("part", "u1").unwrap();
    let charge = Charge::new(&key, &HOUR);
    let charged_at = rates.hit(&[charge]).await.unwrap().outcomes()[0].charged_at_ms().unwrap();
    let receipt = |times: usize| {
        let mut receipt = Receipt::new(Source::Store);
        (0..times).for_each(|_| receipt.add(&charge, charged_at).unwrap());
        receipt
    };
    let mut stranger = Stranger::come().await;
    stranger
        .run(format!(
            "create sequence parts.calls; alter function parts.refund_many({PARAMETERS}) rename to refund_once; \
             create function parts.refund_many({PARAMETERS}) returns bigint language plpgsql as $$ begin \
             if nextval('parts.calls') > 1 then raise lock_not_available using detail = '1'; end if; \
             return parts.refund_once($1, $2, $3, $4, $5, $6); end $$"
        ))
        .await;
    let halfway = rates.refund(receipt(2)).await.unwrap_err();
    assert!(halfway.may_have_charged(), "{halfway}");
    let at_once = rates.refund(receipt(2)).await.unwrap_err();
    assert!(!at_once.may_have_charged(), "{at_once}");
}
