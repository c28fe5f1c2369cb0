//! Writes a target as a URL that anybody may see.

use std::path::Path;

use limiter_remote::url::encode;

use super::query::{CA, CERT, CONNECT_TIMEOUT, KEY, RESPONSE_TIMEOUT, SENTINEL_PASSWORD, SENTINEL_USER};
use super::scheme::{Kind, Scheme};
use crate::options::Options;
use crate::target::{Address, Login, Place, REDACTED, Target, Tls};

/// The URL of a target and its timeouts, with [`REDACTED`] for each password. Read again, it is the same target but
/// for the passwords.
pub(crate) fn render(target: &Target, options: &Options) -> String {
    let database = target.database;
    let (kind, addresses, path) = match &target.place {
        Place::Single(address) => (Kind::Single, std::slice::from_ref(address), format!("/{database}")),
        Place::Cluster(addresses) => (Kind::Cluster, addresses.as_slice(), String::new()),
        Place::Sentinel { sentinels, service, .. } => {
            (Kind::Sentinel, sentinels.as_slice(), format!("/{}/{database}", encode(service)))
        }
    };
    let scheme = Scheme::name_of(kind, target.tls.is_some());
    let hosts = addresses.iter().map(Address::to_string).collect::<Vec<_>>().join(",");
    format!("{scheme}://{}{hosts}{path}?{}", before_hosts(&target.login), query(target, options))
}

fn before_hosts(login: &Login) -> String {
    let user = login.user.as_deref().unwrap_or_default();
    login.password.as_ref().map_or_else(String::new, |_| format!("{}:{REDACTED}@", encode(user)))
}

fn query(target: &Target, options: &Options) -> String {
    let mut parameters = vec![
        (CONNECT_TIMEOUT, format!("{}ms", options.connect_timeout().as_millis())),
        (RESPONSE_TIMEOUT, format!("{}ms", options.response_timeout().as_millis())),
    ];
    if let Some(tls) = &target.tls {
        parameters.extend(files(tls));
    }
    if let Place::Sentinel { login, .. } = &target.place {
        parameters.extend(login.user.iter().map(|user| (SENTINEL_USER, encode(user).to_string())));
        parameters.extend(login.password.iter().map(|_| (SENTINEL_PASSWORD, REDACTED.to_owned())));
    }
    parameters.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

fn files(tls: &Tls) -> impl Iterator<Item = (&'static str, String)> {
    let (cert, key) = tls.client.as_ref().map(|(cert, key)| (cert, key)).unzip();
    let named = [(CA, tls.ca.as_ref()), (CERT, cert), (KEY, key)].into_iter();
    let text = |path: &Path| encode(&path.to_string_lossy()).to_string();
    named.filter_map(move |(name, path)| path.map(|path| (name, text(path))))
}
