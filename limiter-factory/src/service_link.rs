//! Kubernetes' service links.
//!
//! For each Service of a namespace, Kubernetes sets variables in every pod. A Service called `limiter` so sets
//! `LIMITER_PORT` and its kin, and one called `limiter-redis` `LIMITER_REDIS_PORT`: nobody's settings, and no reason to
//! refuse the start.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;

/// The Services whose links are among some variables.
pub(crate) struct ServiceLinks(BTreeSet<String>);

impl ServiceLinks {
    /// Finds them. `LIMITER_` and a word may be a slip as well, so that a Service of a longer name than `limiter` is
    /// known by both variables that each Service has.
    pub(crate) fn among(variables: &BTreeMap<String, OsString>) -> Self {
        let service = |variable: &String| variable.strip_suffix("_SERVICE_HOST").map(str::to_owned);
        let has_port = |service: &String| {
            let port = format!("{service}_SERVICE_PORT");
            variables.contains_key(&port)
        };
        let longer = variables.keys().filter_map(service).filter(has_port);
        Self(longer.chain(["LIMITER".to_owned()]).collect())
    }

    /// Whether a variable is one that Kubernetes sets for one of them.
    pub(crate) fn hold(&self, variable: &str) -> bool {
        self.0.iter().any(|service| variable.strip_prefix(service.as_str()).is_some_and(is_link))
    }
}

/// What stands behind a Service's name.
fn is_link(behind: &str) -> bool {
    match behind {
        "_PORT" | "_SERVICE_HOST" | "_SERVICE_PORT" => true,
        _ => {
            behind.strip_prefix("_SERVICE_PORT_").is_some_and(is_port_name)
                || behind.strip_prefix("_PORT_").is_some_and(is_port_link)
        }
    }
}

/// A port's name, as Kubernetes writes it into a variable.
fn is_port_name(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    !name.is_empty() && name.bytes().all(allowed)
}

/// `<number>_<protocol>`, by itself or with `_PROTO`, `_PORT` or `_ADDR`.
fn is_port_link(rest: &str) -> bool {
    let mut parts = rest.split('_');
    let number = parts.next().is_some_and(|number| number.parse::<u16>().is_ok());
    let protocol = matches!(parts.next(), Some("TCP" | "UDP" | "SCTP"));
    let detail = matches!(parts.next(), None | Some("PROTO" | "PORT" | "ADDR"));
    number && protocol && detail && parts.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_service_link(variable: &str) -> bool {
        links_among(&[variable]).hold(variable)
    }

    fn links_among(variables: &[&str]) -> ServiceLinks {
        ServiceLinks::among(&variables.iter().map(|name| ((*name).to_owned(), OsString::new())).collect())
    }

    #[test]
    fn a_service_of_a_longer_name_is_known_by_its_host_and_port() {
        let links = links_among(&["LIMITER_REDIS_SERVICE_HOST", "LIMITER_REDIS_SERVICE_PORT"]);
        for link in ["LIMITER_REDIS_SERVICE_HOST", "LIMITER_REDIS_PORT", "LIMITER_REDIS_PORT_6379_TCP_ADDR"] {
            assert!(links.hold(link), "{link}");
            assert!(!is_service_link(link), "{link} may be a slip");
        }
        for other in ["LIMITER_REDIS_URL", "LIMITER_REDIS_PORTS", "LIMITER_OTHER_PORT", "LIMITER_REDISPORT"] {
            assert!(!links.hold(other), "{other}");
        }
    }

    #[test]
    fn links_of_a_service_called_limiter_are_known() {
        let links = [
            "LIMITER_PORT",
            "LIMITER_SERVICE_HOST",
            "LIMITER_SERVICE_PORT",
            "LIMITER_SERVICE_PORT_HTTP",
            "LIMITER_SERVICE_PORT_GRPC_2",
            "LIMITER_PORT_6379_TCP",
            "LIMITER_PORT_6379_TCP_PROTO",
            "LIMITER_PORT_53_UDP_PORT",
            "LIMITER_PORT_9_SCTP_ADDR",
        ];
        for link in links {
            assert!(is_service_link(link), "{link}");
        }
    }

    #[test]
    fn what_only_looks_like_a_link_is_not_one() {
        let others = [
            "LIMITER_PORTS",
            "LIMITER_HOST",
            "LIMITER_SERVICE",
            "LIMITER_SERVICE_PORT_",
            "LIMITER_SERVICE_PORT_http",
            "LIMITER_PORT_TCP",
            "LIMITER_PORT_70000_TCP",
            "LIMITER_PORT_6379_HTTP",
            "LIMITER_PORT_6379_TCP_HOST",
            "LIMITER_PORT_6379_TCP_ADDR_X",
            "PORT",
        ];
        for other in others {
            assert!(!is_service_link(other), "{other}");
        }
    }
}
