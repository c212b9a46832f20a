//! What the server refuses in how pods find others by name.

use serde_json::Value;

use super::{
    super::status::Flaw,
    address::{self, Form},
    items, one_of, text,
};
use crate::selector::subdomain_problems;

const UNDERSCORED: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', \
                           and must start and end with an alphanumeric character (e.g. 'example.com', regex used for \
                           validation is '_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?(\\._?[a-z0-9]([-_a-z0-9]*[a-z0-9])?)*')";
const MOST_SERVERS: usize = 3;
const MOST_SEARCHES: usize = 32;
/// How long all searches may be, and the spaces between them.
const MOST_BYTES: usize = 2048;

pub(super) fn check(spec: &Value, field: &str, flaws: &mut Vec<Flaw>) {
    let policies = ["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"];
    one_of(&spec["dnsPolicy"], &format!("{field}.dnsPolicy"), &policies, flaws);
    let (config, field) = (&spec["dnsConfig"], format!("{field}.dnsConfig"));
    let servers = items(config, "nameservers");
    if spec["dnsPolicy"] == "None" {
        if config.is_null() {
            return flaws.push(Flaw::required(field, "must provide `dnsConfig` when `dnsPolicy` is None"));
        }
        if servers.is_empty() {
            let why = "must provide at least one DNS nameserver when `dnsPolicy` is None";
            return flaws.push(Flaw::required(format!("{field}.nameservers"), why));
        }
    }
    if servers.len() > MOST_SERVERS {
        let why = format!("must not have more than {MOST_SERVERS} nameservers");
        flaws.push(Flaw::invalid(format!("{field}.nameservers"), servers.to_vec(), &why));
    }
    for (place, server) in servers.iter().enumerate() {
        address::ip(text(server), &format!("{field}.nameservers[{place}]"), Form::Clear, flaws);
    }
    let searches = items(config, "searches");
    let bytes: usize = searches.iter().map(|search| text(search).len()).sum();
    for (wrong, why) in [
        (searches.len() > MOST_SEARCHES, format!("must not have more than {MOST_SEARCHES} search paths")),
        (
            bytes + searches.len().saturating_sub(1) > MOST_BYTES,
            format!("must not have more than {MOST_BYTES} characters (including spaces) in the search list"),
        ),
    ] {
        if wrong {
            flaws.push(Flaw::invalid(format!("{field}.searches"), searches.to_vec(), &why));
        }
    }
    for (place, search) in searches.iter().map(text).enumerate() {
        let search = if search == "." { search } else { search.strip_suffix('.').unwrap_or(search) };
        // Other than elsewhere, names may have underscores here.
        let problems = if search == "." { Vec::new() } else { subdomain_problems(&search.replace('_', "x")) };
        for why in problems {
            let why = if why.starts_with("a lowercase") { UNDERSCORED } else { &why };
            flaws.push(Flaw::invalid(format!("{field}.searches[{place}]"), search, why));
        }
    }
    for (place, option) in items(config, "options").iter().enumerate() {
        if text(&option["name"]).is_empty() {
            flaws.push(Flaw::required(format!("{field}.options[{place}]"), "must not be empty"));
        }
    }
}
