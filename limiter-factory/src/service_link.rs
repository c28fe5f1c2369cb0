//! Kubernetes' service links.
//!
//! For each Service of a namespace, Kubernetes sets variables in every pod. A Service called `limiter` so sets
//! `LIMITER_PORT` and its kin: nobody's settings, and no reason to refuse the start.

/// Whether a variable is one that Kubernetes sets for a Service called `limiter`.
pub(crate) fn is_service_link(variable: &str) -> bool {
    match variable.strip_prefix("LIMITER_") {
        Some("PORT" | "SERVICE_HOST" | "SERVICE_PORT") => true,
        Some(rest) => {
            rest.strip_prefix("SERVICE_PORT_").is_some_and(is_port_name)
                || rest.strip_prefix("PORT_").is_some_and(is_port_link)
        }
        None => false,
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
