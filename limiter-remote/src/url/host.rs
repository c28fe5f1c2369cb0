//! Hosts and ports.

use std::net::{IpAddr, Ipv6Addr};

/// The longest name that there is, in bytes.
const LONGEST_NAME: usize = 253;

/// A host, be it empty, and what stands behind it: a name, an IPv4 address, or an IPv6 address, which is told without its
/// brackets. `None` for what is none, an address to listen on among them: nobody can connect to that.
pub fn host(text: &str) -> Option<(String, &str)> {
    let (host, behind) =
        if let Some((inner, behind)) = text.strip_prefix('[').and_then(|inner| inner.split_once(']')) {
            (inner.parse::<Ipv6Addr>().ok()?.to_string(), behind)
        } else {
            let (name, behind) = text.split_at(text.find(':').unwrap_or(text.len()));
            // Several colons: an IPv6 address without brackets.
            let is_host = is_name(name) && behind.matches(':').count() <= 1;
            (is_host.then(|| name.to_owned())?, behind)
        };
    (!is_wildcard(&host)).then_some((host, behind))
}

/// A port that one can connect to, in digits alone.
pub fn port(text: &str) -> Option<u16> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|port| digits && *port > 0)
}

fn is_name(host: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
    host.len() <= LONGEST_NAME && host.bytes().all(allowed)
}

fn is_wildcard(host: &str) -> bool {
    host.parse::<IpAddr>().is_ok_and(|address| address.is_unspecified())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_told_from_what_stands_behind_them() {
        let cases = [
            ("cache:6379", Some(("cache", ":6379"))),
            ("10.0.0.7", Some(("10.0.0.7", ""))),
            ("[::1]:6379", Some(("::1", ":6379"))),
            ("", Some(("", ""))),
            ("::1", None),
            ("[cache]:1", None),
            ("0.0.0.0", None),
            ("[::]", None),
            ("ca che", None),
        ];
        for (text, wanted) in cases {
            let found = host(text);
            assert_eq!(found.as_ref().map(|(host, behind)| (host.as_str(), *behind)), wanted, "{text}");
        }
        assert!(host(&"a".repeat(253)).is_some());
        assert!(host(&"a".repeat(254)).is_none());
    }

    #[test]
    fn a_port_is_a_number_that_can_be_connected_to() {
        for (text, wanted) in
            [("1", Some(1)), ("65535", Some(65535)), ("0", None), ("65536", None), ("+80", None), ("", None)]
        {
            assert_eq!(port(text), wanted, "{text}");
        }
    }
}
