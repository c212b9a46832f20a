//! Durations as people and Go write them: `15m`, `2m10s`, `250ms`.

use std::time::Duration;

use jiff::SignedDuration;
use serde::{Deserialize, Deserializer, de};

pub(super) fn optional<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    let Some(text) = Option::<String>::deserialize(deserializer)? else { return Ok(None) };
    let duration = text.parse::<SignedDuration>().ok().and_then(|duration| Duration::try_from(duration).ok());
    duration.map(Some).ok_or_else(|| {
        de::Error::custom(format_args!(
            "{text:?} is no duration: write a number and a unit, such as 250ms, 15m or 1h30m"
        ))
    })
}
