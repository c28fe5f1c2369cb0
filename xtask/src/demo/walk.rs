//! A walk in progress: which gateway program, which store, who the visitors are, and what was promised so far.

use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::client::{Answer, Client};
use super::expectation::{self, Want};
use super::gateway::{Audience, Gateway};
use super::summary::{summary, summary_of_all};
use super::transcript::{Line, Transcript};
use super::turn;
use crate::failure::Result;
use crate::store::{IN_PROCESS, Store};
use crate::style::{self, Style};

/// Between two looks at something that is awaited.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// A walk in progress.
#[derive(Debug)]
pub(crate) struct Walk {
    program: PathBuf,
    store: Store,
    /// Tells the visitors of walks on a shared store apart; none where nothing is shared.
    tag: Option<u16>,
    pub(crate) transcript: Transcript,
}

impl Walk {
    pub(crate) fn new(program: PathBuf, backend: &str, store: Store) -> Self {
        let clock = turn::now().subsec_micros() ^ std::process::id();
        let tag = (backend != IN_PROCESS).then(|| u16::try_from(clock & 0xffff).unwrap_or_default());
        let transcript = Transcript::new(Style::of_stdout());
        Self { program, store, tag, transcript }
    }

    /// Whether the counts outlive the gateway, so that an earlier walk's may still stand.
    pub(crate) const fn shares_a_store(&self) -> bool {
        self.tag.is_some()
    }

    /// A name that no other walk on the same store uses.
    pub(crate) fn named(&self, name: &str) -> String {
        self.tag.map_or_else(|| name.to_owned(), |tag| format!("{name}-{tag:04x}"))
    }

    /// An address out of the range set aside for benchmarks, that no other walk on the same store uses.
    pub(crate) fn address(&self, network: u8) -> String {
        let [high, low] = self.tag.unwrap_or(7).to_be_bytes();
        format!("198.{}.{high}.{low}", 18 + network % 2)
    }

    /// Starts a gateway with these settings besides the defaults.
    pub(crate) fn start(&self, settings: &[(&str, &str)]) -> Result<Gateway> {
        let key = self.named("pk_demo");
        let mut all = vec![("GATEWAY_ADDR", "127.0.0.1:0"), ("GATEWAY_WIDGET_KEYS", &*key)];
        all.extend(self.store.choice());
        all.extend(self.store.variables());
        all.extend(settings);
        Gateway::start(&self.program, &all, Audience::Walk)
    }

    /// Where the counts live.
    pub(crate) const fn store(&self) -> &Store {
        &self.store
    }

    /// The program that is started.
    pub(crate) fn program(&self) -> &std::path::Path {
        &self.program
    }

    /// Puts one answer beside what it was expected to hold.
    pub(crate) fn expect(&mut self, answer: &Answer, promise: &str, wants: &[Want<'_>]) {
        self.judge(answer, promise, &expectation::misses(answer, wants));
    }

    /// Puts one answer beside a verdict on it.
    pub(crate) fn judge(&mut self, answer: &Answer, promise: &str, misses: &[String]) {
        let line = Line { request: &answer.request, caller: &answer.caller, seen: &summary(answer), promise };
        self.transcript.line(&line, misses);
    }

    /// Puts several answers to the same request beside what each was expected to hold.
    pub(crate) fn expect_each(&mut self, answers: &[Answer], promise: &str, wants: &[Want<'_>]) {
        let misses: Vec<String> =
            answers.iter().flat_map(|answer| expectation::misses(answer, wants)).collect();
        let request = answers.first().map_or("", |answer| &answer.request);
        let mut callers: Vec<&str> = answers.iter().map(|answer| &*answer.caller).collect();
        callers.dedup();
        let caller = match callers[..] {
            [one] => one.to_owned(),
            _ => format!("{} callers", callers.len()),
        };
        self.transcript
            .line(&Line { request, caller: &caller, seen: &summary_of_all(answers), promise }, &misses);
    }

    /// Asks what a subject has used and puts it beside what was expected. Asking charges nothing.
    pub(crate) fn expect_usage(
        &mut self,
        client: &Client,
        subject: &str,
        promise: &str,
        wants: &[Want<'_>],
    ) -> Result {
        let answer = client.get(&format!("/usage/{subject}"))?;
        let mut misses = expectation::misses(&answer, &[("status", Value::from(200))]);
        misses.extend(expectation::misses(&answer, wants));
        let seen = format!("{} {}", answer.status(), expectation::shown(&answer, wants));
        let line = Line { request: &answer.request, caller: "", seen: &seen, promise };
        self.transcript.line(&line, &misses);
        Ok(())
    }

    /// Puts a fact that isn't an answer's on a line of its own.
    pub(crate) fn expect_fact(&mut self, seen: &str, promise: &str, misses: &[String]) {
        self.transcript.line(&Line { request: "", caller: "", seen, promise }, misses);
    }

    /// Waits out the turn of a window, or of a day, if it comes too soon for what is to be walked.
    pub(crate) fn clear_of_turn(&self, period: Duration, needed: Duration) {
        turn::wait_out(period, needed, |wait| {
            let what = if period == turn::DAY { "midnight UTC" } else { "the minute's turn" };
            self.transcript
                .note(&format!("waiting {} for {what}: windows fade across it", style::duration(wait)));
        });
    }
}

/// The same request several times over.
pub(crate) fn repeat(times: usize, mut request: impl FnMut() -> Result<Answer>) -> Result<Vec<Answer>> {
    (0..times).map(|_| request()).collect()
}

/// Looks until it is so, at most so long; tells how long it took, or `None`.
pub(crate) fn until(limit: Duration, mut so: impl FnMut() -> Result<bool>) -> Result<Option<Duration>> {
    let begun = Instant::now();
    loop {
        if so()? {
            return Ok(Some(begun.elapsed()));
        }
        if begun.elapsed() >= limit {
            return Ok(None);
        }
        thread::sleep(LOOK_EVERY);
    }
}

/// The value of a part of a subject's usage.
pub(crate) fn usage(client: &Client, subject: &str, part: &str) -> Result<Value> {
    let answer = client.get(&format!("/usage/{subject}"))?;
    Ok(answer.body().pointer(part).cloned().unwrap_or(Value::Null))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn walks_on_a_shared_store_have_visitors_of_their_own() {
        let in_process = || Store::of(IN_PROCESS).unwrap();
        let alone = Walk::new(PathBuf::new(), IN_PROCESS, in_process());
        assert_eq!(alone.named("ada"), "ada");
        assert!(!alone.shares_a_store());
        let shared = Walk::new(PathBuf::new(), "redis", in_process());
        assert!(shared.shares_a_store());
        assert!(shared.named("ada").starts_with("ada-"));
        assert!(shared.address(1).parse::<std::net::Ipv4Addr>().is_ok());
        assert_ne!(shared.address(0), shared.address(1));
    }

    #[test]
    fn waiting_ends_when_it_is_so_or_when_time_is_up() {
        let mut looks = 0;
        let so = || {
            looks += 1;
            Ok(looks == 3)
        };
        assert!(until(Duration::from_secs(5), so).unwrap().is_some());
        assert_eq!(looks, 3);
        assert!(until(Duration::from_millis(30), || Ok(false)).unwrap().is_none());
    }
}
