//! The words that names and settings of the made-up cluster consist of.

/// What an application is about: the first half of its name, and what settings are about.
pub const SUBJECTS: &[&str] = &[
    "account", "address", "advert", "article", "banner", "basket", "booking", "campaign", "cashier", "claims",
    "comment", "contract", "coupon", "customer", "delivery", "device", "discount", "dispatch", "document", "feedback",
    "fleet", "forecast", "fraud", "invoice", "ledger", "locale", "loyalty", "message", "offer", "parcel", "partner",
    "picture", "product", "profile", "quota", "rating", "refund", "route", "seller", "sensor", "stock", "survey",
    "tariff", "ticket", "traffic", "voucher", "wallet", "weather",
];

/// What an application is: the second half of its name.
pub const ROLES: &[&str] = &[
    "api", "batch", "bridge", "broker", "browser", "cleaner", "sampler", "console", "crawler", "daemon", "engine",
    "feeder", "finder", "front", "guard", "history", "hub", "importer", "indexer", "keeper", "listener", "merger",
    "monitor", "planner", "poller", "teller", "reader", "relay", "resolver", "router", "server", "signer", "sorter",
    "store", "tracker", "viewer", "watcher", "writer",
];

pub const TEAMS: &[&str] =
    &["atlas", "beacon", "compass", "delta", "ember", "falcon", "granite", "harbor", "juniper", "kestrel"];

pub const STAGES: &[&str] = &["live", "preview", "trial", "test"];

pub const DOMAINS: &[&str] = &["shop.example", "north.example.org", "partners.example.com", "go.example.net"];

/// What one can turn in a setting.
pub const KNOBS: &[&str] = &[
    "attempts", "backlog", "batch", "budget", "burst", "capacity", "deadline", "delay", "depth", "fanout", "grace",
    "interval", "jitter", "lease", "limit", "linger", "margin", "quorum", "rate", "retries", "shards", "slack",
    "threads", "timeout", "ttl", "weight", "window", "workers",
];

/// The words of remarks in configuration files.
pub const REMARKS: &[&str] = &[
    "after", "agreed", "always", "because", "before", "below", "change", "doubled", "during", "enough", "expect",
    "halved", "incident", "keep", "larger", "last", "load", "lower", "measured", "upgrade", "never", "nightly", "only",
    "peak", "raise", "release", "request", "review", "seldom", "shared", "since", "slower", "together", "unless",
    "until", "weekly",
];
