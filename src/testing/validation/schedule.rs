//! What the server refuses in the schedule of a CronJob.
//!
//! Not here: which time zones exist, beyond the areas they are in.

use serde_json::Value;

use super::{super::status::Flaw, text};

/// What the five fields of a schedule may say: the least and the most number, and names for them.
const FIELDS: [(i64, i64, &[&str]); 5] = [
    (0, 59, &[]),
    (0, 23, &[]),
    (1, 31, &[]),
    (1, 12, &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]),
    (0, 6, &["sun", "mon", "tue", "wed", "thu", "fri", "sat"]),
];
const DESCRIPTORS: [&str; 7] = ["@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"];
const UNITS: [&str; 8] = ["ns", "us", "\u{b5}s", "\u{3bc}s", "ms", "s", "m", "h"];
/// How the names of time zones begin that have several parts.
const AREAS: [&str; 17] = [
    "Africa",
    "America",
    "Antarctica",
    "Arctic",
    "Asia",
    "Atlantic",
    "Australia",
    "Brazil",
    "Canada",
    "Chile",
    "Etc",
    "Europe",
    "Indian",
    "Mexico",
    "Pacific",
    "US",
    "posix",
];
/// Time zones whose names have one part.
const ZONES: [&str; 46] = [
    "UTC",
    "GMT",
    "CET",
    "CST6CDT",
    "Cuba",
    "EET",
    "EST",
    "EST5EDT",
    "Egypt",
    "Eire",
    "Factory",
    "GB",
    "GB-Eire",
    "GMT+0",
    "GMT-0",
    "GMT0",
    "Greenwich",
    "HST",
    "Hongkong",
    "Iceland",
    "Iran",
    "Israel",
    "Jamaica",
    "Japan",
    "Kwajalein",
    "Libya",
    "MET",
    "MST",
    "MST7MDT",
    "NZ",
    "NZ-CHAT",
    "Navajo",
    "PRC",
    "PST8PDT",
    "Poland",
    "Portugal",
    "ROC",
    "ROK",
    "Singapore",
    "Turkey",
    "UCT",
    "Universal",
    "W-SU",
    "WET",
    "Zulu",
    "Local",
];

pub(super) fn check(spec: &Value, flaws: &mut Vec<Flaw>) {
    let schedule = text(&spec["schedule"]);
    if schedule.is_empty() {
        flaws.push(Flaw::required("spec.schedule", ""));
    } else {
        flaws.extend(problem(schedule).err().map(|why| Flaw::invalid("spec.schedule", schedule, &why)));
    }
    if schedule.contains("TZ") {
        let why = "cannot use TZ or CRON_TZ in schedule, use timeZone field instead";
        flaws.push(Flaw::invalid("spec.schedule", schedule, why));
    }
    if let Some(zone) = spec["timeZone"].as_str() {
        let why = match zone {
            "" => "timeZone must be nil or non-empty string".to_owned(),
            _ if zone.eq_ignore_ascii_case("local") => {
                "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones".to_owned()
            }
            _ if is_zone(zone) => return,
            _ => format!("unknown time zone {zone}"),
        };
        flaws.push(Flaw::invalid("spec.timeZone", zone, &why));
    }
}

fn is_zone(name: &str) -> bool {
    let spelled = |part: &str| {
        let known = |byte: u8| byte.is_ascii_alphanumeric() || b"._+-".contains(&byte);
        !part.is_empty() && ![".", ".."].contains(&part) && !part.starts_with('-') && part.bytes().all(known)
    };
    let known = match name.split_once('/') {
        Some((area, _)) => AREAS.contains(&area),
        None => ZONES.contains(&name),
    };
    known && name.split('/').all(spelled)
}

/// Reads a schedule as the server does, up to what it cannot read.
fn problem(schedule: &str) -> Result<(), String> {
    let mut rest = schedule;
    if schedule.starts_with("TZ=") || schedule.starts_with("CRON_TZ=") {
        let (zone, after) = schedule
            .split_once(' ')
            .ok_or("invalid schedule format: runtime error: slice bounds out of range [:-1]")?;
        let zone = zone.split_once('=').map_or("", |(_, zone)| zone);
        if !zone.is_empty() && !is_zone(zone) {
            return Err(format!("provided bad location {zone}: unknown time zone {zone}"));
        }
        rest = after.trim();
    }
    if rest.starts_with('@') {
        return descriptor(rest);
    }
    let fields: Vec<_> = rest.split_whitespace().collect();
    if fields.len() != FIELDS.len() {
        return Err(format!("expected exactly 5 fields, found {}: [{}]", fields.len(), fields.join(" ")));
    }
    for (field, bounds) in fields.into_iter().zip(FIELDS) {
        field.split(',').filter(|range| !range.is_empty()).try_for_each(|expression| range(expression, bounds))?;
    }
    Ok(())
}

fn descriptor(said: &str) -> Result<(), String> {
    if let Some(duration) = said.strip_prefix("@every ") {
        return self::duration(duration).map_err(|why| format!("failed to parse duration {said}: time: {why}"));
    }
    let known = DESCRIPTORS.contains(&said);
    if known { Ok(()) } else { Err(format!("unrecognized descriptor: {said}")) }
}

/// `1h30m`, as Go reads it.
fn duration(said: &str) -> Result<(), String> {
    let mut rest = said.strip_prefix(['+', '-']).unwrap_or(said);
    if rest == "0" {
        return Ok(());
    }
    let is_number = |c: char| c.is_ascii_digit() || c == '.';
    while let Some(end) = Some(rest.find(|c| !is_number(c)).unwrap_or(rest.len())) {
        let (number, after) = rest.split_at(end);
        let (unit, next) = after.split_at(after.find(is_number).unwrap_or(after.len()));
        if !number.contains(|c: char| c.is_ascii_digit()) || number.matches('.').count() > 1 {
            return Err(format!("invalid duration {said:?}"));
        }
        if unit.is_empty() {
            return Err(format!("missing unit in duration {said:?}"));
        }
        if !UNITS.contains(&unit) {
            return Err(format!("unknown unit {unit:?} in duration {said:?}"));
        }
        if next.is_empty() {
            break;
        }
        rest = next;
    }
    Ok(())
}

/// `*`, `5`, `1-5`, with a step: `*/2`.
fn range(expression: &str, (least, most, names): (i64, i64, &[&str])) -> Result<(), String> {
    let parts: Vec<_> = expression.split('/').collect();
    let ends: Vec<_> = parts[0].split('-').collect();
    let named = |said: &str| names.iter().zip(least..).find(|(name, _)| said.eq_ignore_ascii_case(name));
    let number_or_name = |said: &str| named(said).map_or_else(|| number(said), |(_, number)| Ok(number));
    let (start, mut end) = match ends.as_slice() {
        ["*" | "?", ..] => (least, most),
        [only] => (number_or_name(only)?, number_or_name(only)?),
        [first, last] => (number_or_name(first)?, number_or_name(last)?),
        [first, ..] => {
            number_or_name(first)?;
            return Err(format!("too many hyphens: {expression}"));
        }
        [] => return Ok(()),
    };
    let step = match parts.as_slice() {
        [_] => 1,
        [_, step] => number(step)?,
        _ => return Err(format!("too many slashes: {expression}")),
    };
    if parts.len() == 2 && ends.len() == 1 {
        end = most;
    }
    if start < least {
        return Err(format!("beginning of range ({start}) below minimum ({least}): {expression}"));
    }
    if end > most {
        return Err(format!("end of range ({end}) above maximum ({most}): {expression}"));
    }
    if start > end {
        return Err(format!("beginning of range ({start}) beyond end of range ({end}): {expression}"));
    }
    if step == 0 {
        return Err(format!("step of range should be a positive number: {expression}"));
    }
    Ok(())
}

fn number(said: &str) -> Result<i64, String> {
    let digits = said.strip_prefix(['+', '-']).unwrap_or(said);
    let spelled = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let why = if spelled { "value out of range" } else { "invalid syntax" };
    let number: i64 =
        said.parse().map_err(|_| format!("failed to parse int from {said}: strconv.Atoi: parsing {said:?}: {why}"))?;
    if number < 0 { Err(format!("negative number ({number}) not allowed: {said}")) } else { Ok(number) }
}
