//! Validation of numbers against a schema.

use serde_json::{Number, Value};

use super::super::status::Flaw;

/// What is wrong with a number.
pub(super) fn flaws(number: &Number, schema: &Value, path: &str) -> Vec<Flaw> {
    let mut flaws = Vec::new();
    let format = schema["format"].as_str();
    let type_name = schema["type"].as_str().unwrap_or_default();
    let fits = match (type_name, format) {
        ("integer", Some("int32")) => whole(number).is_some_and(|number| i32::try_from(number).is_ok()),
        ("integer", _) => whole(number).is_some(),
        _ => true,
    };
    if !fits {
        let format = match format {
            Some(format @ ("int32" | "int64")) => format!("with format {format}"),
            _ => "(default format)".to_owned(),
        };
        flaws.push(Flaw::invalid(
            "<nil>",
            "",
            &format!("Checked value must be of type {type_name} {format} in {path}"),
        ));
    }
    let value = number.as_f64().unwrap_or_default();
    // Integers are compared with integers.
    let bound = |name: &str| schema[name].as_f64().map(|bound| if number.is_f64() { bound } else { bound.trunc() });
    let mut refuse = |value: Number, why: String| flaws.push(Flaw::invalid(path, value, &why));
    match bound("multipleOf") {
        Some(factor) if factor <= 0.0 => {
            refuse((factor as i64).into(), format!("factor MultipleOf declared for {path} must be positive: {factor}"));
        }
        Some(factor) => {
            let times = if factor < 1.0 { 1.0 / factor * value } else { value / factor };
            if (times - times.round()).abs() > 1e-9 * times.abs().max(1.0) {
                refuse(number.clone(), format!("{path} in body should be a multiple of {factor}"));
            }
        }
        None => {}
    }
    let mut beyond = |why: String| refuse(number.clone(), format!("{path} in body should be {why}"));
    if let Some(least) = bound("minimum") {
        match schema["exclusiveMinimum"] == true {
            true if value <= least => beyond(format!("greater than {least}")),
            false if value < least => beyond(format!("greater than or equal to {least}")),
            _ => {}
        }
    }
    if let Some(most) = bound("maximum") {
        match schema["exclusiveMaximum"] == true {
            true if value >= most => beyond(format!("less than {most}")),
            false if value > most => beyond(format!("less than or equal to {most}")),
            _ => {}
        }
    }
    flaws
}

/// The number as an integer, if it is one.
pub(super) fn whole(number: &Number) -> Option<i64> {
    let float = || number.as_f64().filter(|value| value.fract() == 0.0 && value.abs() < 9.0e18);
    number.as_i64().or_else(|| float().map(|value| value as i64))
}
