//! How a gateway starts and ends: never without a configured store, never leaving a stream hanging.

use std::thread;

use super::client::Caller;
use super::expectation::fact_misses;
use super::gateway::{END, Ended, Gateway};
use super::walk::Walk;
use crate::failure::{Result, failed};
use crate::style;

/// Nothing is configured by accident: without `RATE_LIMITER` there is no gateway, not one without limits.
pub(crate) fn unconfigured(walk: &mut Walk) -> Result {
    walk.transcript
        .scenario("Start and end", "Misconfiguration never means no limit; ending drains what is open.");
    let settings = [("RATE_LIMITER", ""), ("GATEWAY_ADDR", "127.0.0.1:0")];
    let refusal = Gateway::refuse(walk.program(), &settings)?;
    let code = refusal.status.and_then(|status| status.code());
    let told = refusal.log.contains("RATE_LIMITER");
    let seen = match (code, told) {
        (Some(code), true) => format!("exit code {code}, naming RATE_LIMITER"),
        (Some(code), false) => format!("exit code {code}"),
        (None, _) => "it runs".to_owned(),
    };
    let misses = fact_misses(code == Some(1) && told, || format!("it said: {}", refusal.log.trim()));
    walk.expect_fact(&seen, "without RATE_LIMITER it refuses to start, and says why", &misses);
    Ok(())
}

/// SIGTERM while a stream is open.
pub(crate) fn ended(walk: &mut Walk, gateway: Gateway) -> Result {
    let zoe = Caller::user(&walk.named("zoe"));
    let (_, stream) = gateway.client().open_events(&zoe)?;
    let Some(stream) = stream else {
        return failed("no event stream could be opened to end the gateway with");
    };
    let reader = thread::spawn(|| stream.read_to_end());
    let ended = gateway.end()?;
    walk.expect_fact(&seen(&ended), "SIGTERM with a stream open: it drains and exits", &end_misses(&ended));
    let read = reader.join().unwrap_or_else(|_| failed("the thread that reads the stream panicked"));
    let misses = fact_misses(read.is_ok(), || format!("{read:?}"));
    walk.expect_fact("end of stream", "the open stream was ended, not cut off", &misses);
    Ok(())
}

fn seen(ended: &Ended) -> String {
    let code = ended.status.and_then(|status| status.code());
    let code = code.map_or_else(|| "no exit code".to_owned(), |code| format!("exit code {code}"));
    let said = ended.lines.join(" ");
    format!("{said:?}, {code} after {}", style::duration(ended.took))
}

fn end_misses(ended: &Ended) -> Vec<String> {
    let mut misses = fact_misses(ended.lines == ["drained"], || {
        format!("wanted the line `drained`, got {:?}", ended.lines)
    });
    match ended.status {
        Some(status) => misses.extend(fact_misses(status.success(), || format!("it ended with {status}"))),
        None => misses.push(format!("it still ran after {} s", END.as_secs())),
    }
    misses
}
