//! `cargo xtask demo --serve`: a gateway in the foreground, and what to try on it.

use std::net::TcpListener;
use std::path::Path;
use std::thread;
use std::time::Duration;

use super::gateway::{Audience, Gateway};
use crate::environment::is_set;
use crate::failure::{Result, failed};
use crate::process;
use crate::store::Store;

const USUAL: &str = "127.0.0.1:8080";
const ANY_FREE: &str = "127.0.0.1:0";
const LOOK_EVERY: Duration = Duration::from_millis(50);

pub(crate) fn serve(program: &Path, store: &Store) -> Result {
    let interrupted = process::watch_for_interrupt();
    let mut settings = store.choice();
    if !is_set("GATEWAY_ADDR") {
        settings.push(("GATEWAY_ADDR", free_address()));
    }
    if !is_set("GATEWAY_WIDGET_KEYS") {
        settings.push(("GATEWAY_WIDGET_KEYS", "pk_demo"));
    }
    settings.extend(store.variables());
    let mut gateway = Gateway::start(program, &settings, Audience::People)?;
    println!("{}", what_to_try(gateway.address(), &store.in_words()));
    while !interrupted() {
        if gateway.has_ended()? {
            return failed("the gateway ended by itself; its log stands above");
        }
        thread::sleep(LOOK_EVERY);
    }
    let ended = gateway.end()?;
    println!("\n{}", ended.lines.join("\n"));
    match ended.status {
        Some(status) if status.success() => Ok(()),
        Some(status) => failed(format!("the gateway ended with {status}")),
        None => failed("the gateway didn't end in time and was killed"),
    }
}

fn free_address() -> &'static str {
    if TcpListener::bind(USUAL).is_ok() { USUAL } else { ANY_FREE }
}

fn what_to_try(address: &str, kept: &str) -> String {
    format!(
        "\
The gateway listens on {address}, its counts are kept in {kept}. Ctrl-C ends it. To try:

  # chat: the sixth in a minute is refused
  for i in 1 2 3 4 5 6; do curl -si {address}/chat/message -H 'X-User-Id: ada' --json '{{\"text\":\"hi\"}}'; echo; done
  # an event stream; a sixth beside five open ones is refused
  curl -sN {address}/events -H 'X-User-Id: ada'
  # a scan that reserves 20 GiB, takes 10 s and settles 12 GiB
  curl -s {address}/scan -H 'X-User-Id: ada' --json '{{\"estimate\":21474836480,\"actual\":12884901888,\"hold_ms\":10000}}'
  # the same quota, recorded after the fact
  curl -s {address}/scan/quick -H 'X-User-Id: ada' --json '{{\"actual\":1073741824}}'
  # the public widget
  curl -s {address}/widget/keys/resolve -H 'X-Session-Id: S' --json '{{\"public_key\":\"pk_demo\"}}'
  # what ada has used so far
  curl -s {address}/usage/ada
"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_to_try_holds_valid_json_and_the_address() {
        let text = what_to_try("http://127.0.0.1:4711", "`memory`");
        let bodies: Vec<&str> =
            text.split("--json '").skip(1).filter_map(|rest| rest.split('\'').next()).collect();
        assert_eq!(bodies.len(), 4);
        for body in bodies {
            assert!(serde_json::from_str::<serde_json::Value>(body).is_ok(), "{body}");
        }
        assert_eq!(text.matches("http://127.0.0.1:4711").count(), 7);
    }
}
