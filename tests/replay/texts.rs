//! What texts are: uids, times, ages, addresses, and messages that quote or number.

use jiff::Timestamp;
use serde_json::Value;

/// A message that quotes an object as JSON.
pub struct Quote<'m> {
    pub before: &'m str,
    pub value: Value,
    pub after: &'m str,
}

impl<'m> Quote<'m> {
    pub fn of(message: &'m str) -> Option<Self> {
        let start = message.find("\"{\\\"")?;
        let (before, rest) = message.split_at(start);
        let mut texts = serde_json::Deserializer::from_str(rest).into_iter::<String>();
        let text = texts.next()?.ok()?;
        let after = &rest[texts.byte_offset()..];
        Some(Quote { before, value: serde_json::from_str(&text).ok()?, after })
    }
}

/// The number runs of a text, and what lies between them.
pub fn numbers(text: &str) -> Vec<&str> {
    let letters = text.as_bytes();
    let mut cuts: Vec<usize> = vec![0];
    cuts.extend((1..letters.len()).filter(|at| letters[at - 1].is_ascii_digit() != letters[*at].is_ascii_digit()));
    cuts.push(letters.len());
    cuts.windows(2).filter_map(|pair| text.get(pair[0]..pair[1])).collect()
}

/// What tells an entry of discovery from its neighbours.
pub fn identity(item: &Value) -> Option<String> {
    let name = item["metadata"]["name"].as_str().or(item["metadata"].as_object().map(|_| ""));
    let found = name.or(item["resource"].as_str()).or(item["subresource"].as_str()).or(item["version"].as_str());
    found.map(str::to_owned)
}

/// The uids that a text names.
pub fn uids(text: &str) -> Vec<&str> {
    text.split(|letter: char| letter != '-' && !letter.is_ascii_hexdigit()).filter(|word| is_uid(word)).collect()
}

pub fn is_uid(text: &str) -> bool {
    text.len() == 36 && text.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit())
}

pub fn is_time(text: &str) -> bool {
    text.parse::<Timestamp>().is_ok()
}

/// An age as Tables show it: `5s`, `3m12s`, `4d2h`.
pub fn is_age(text: &str) -> bool {
    let unit = |letter: char| "smhdy".contains(letter);
    text.starts_with(|letter: char| letter.is_ascii_digit())
        && text.ends_with(unit)
        && text.chars().all(|letter| letter.is_ascii_digit() || unit(letter))
}

/// Whether both are addresses, or both the word for none.
pub fn given_out(recorded: &str, answered: &str) -> bool {
    recorded == answered
        || (recorded.parse::<std::net::IpAddr>().is_ok() && answered.parse::<std::net::IpAddr>().is_ok())
}
