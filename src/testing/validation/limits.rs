//! What the server refuses in a LimitRange.

use std::collections::{BTreeSet, HashSet};

use serde_json::Value;

use super::{
    super::{quantity, status::Flaw},
    items, name, resource, text,
};

const TYPES: [&str; 3] = ["Pod", "Container", "PersistentVolumeClaim"];

pub(super) fn check(object: &Value, flaws: &mut Vec<Flaw>) {
    let mut types = HashSet::new();
    for (place, limit) in items(&object["spec"], "limits").iter().enumerate() {
        let field = format!("spec.limits[{place}]");
        let of_type = format!("{field}.type");
        let said = text(&limit["type"]);
        let before = flaws.len();
        name::qualified(said, &of_type, flaws);
        if flaws.len() == before && !said.contains('/') && !TYPES.contains(&said) {
            flaws.push(Flaw::invalid(&of_type, said, "must be a standard limit type or fully qualified"));
        }
        if !types.insert(said) {
            flaws.push(Flaw::duplicate(of_type, said));
        }
        Limit { limit, field, of_pods: said == "Pod" }.check(said, flaws);
    }
}

/// The limits of one kind of thing.
struct Limit<'l> {
    limit: &'l Value,
    field: String,
    /// Pods have no defaults: their containers have.
    of_pods: bool,
}

/// An amount that is said, as a number and as a text.
type Amount<'l> = (i128, &'l str);

impl<'l> Limit<'l> {
    fn check(&self, said: &str, flaws: &mut Vec<Flaw>) {
        let mut resources = BTreeSet::new();
        for part in ["max", "min", "default", "defaultRequest", "maxLimitRequestRatio"] {
            let amounts = self.limit[part].as_object().into_iter().flatten();
            let mut names = amounts.map(|(name, _)| name.as_str()).peekable();
            if self.of_pods && part.starts_with("default") {
                if names.peek().is_some() {
                    let why = "may not be specified when `type` is 'Pod'";
                    flaws.push(Flaw::forbidden(format!("{}.{part}", self.field), why));
                }
                continue;
            }
            for name in names {
                let field = self.path(part, name);
                match said {
                    "Pod" | "Container" => resource::of_container(name, &field, flaws),
                    _ => resource::any(name, &field, flaws),
                }
                resources.insert(name);
            }
        }
        let sized = ["min", "max"].iter().any(|part| !self.limit[part]["storage"].is_null());
        if said == "PersistentVolumeClaim" && !sized {
            let why = "either minimum or maximum storage value is required, but neither was provided";
            flaws.push(Flaw::required(format!("{}.limits", self.field), why));
        }
        for resource in resources {
            self.order(resource, flaws);
            self.ratio(resource, flaws);
        }
    }

    fn path(&self, part: &str, resource: &str) -> String {
        format!("{}.{part}[{resource}]", self.field)
    }

    fn amount(&self, part: &str, resource: &str) -> Option<Amount<'l>> {
        if self.of_pods && part.starts_with("default") {
            return None;
        }
        let said = self.limit[part][resource].as_str()?;
        Some((quantity::nanos(said)?, said))
    }

    /// What must not be more than what.
    fn order(&self, resource: &str, flaws: &mut Vec<Flaw>) {
        let amount = |part| self.amount(part, resource);
        // The flaw is that of one of them, and not always of the one whose amount the server shows.
        for (less, more, at, shows_less, names) in [
            ("min", "max", "min", true, ["min value", "max value"]),
            ("min", "defaultRequest", "defaultRequest", false, ["min value", "default request value"]),
            ("defaultRequest", "max", "defaultRequest", true, ["default request value", "max value"]),
            ("defaultRequest", "default", "defaultRequest", true, ["default request value", "default limit value"]),
            ("min", "default", "default", true, ["min value", "default value"]),
            ("default", "max", "default", false, ["default value", "max value"]),
        ] {
            let both = amount(less).zip(amount(more));
            if let Some((less, more)) = both.filter(|(less, more)| less.0 > more.0) {
                let why = format!("{} {} is greater than {} {}", names[0], less.1, names[1], more.1);
                let shown = if shows_less { less.1 } else { more.1 };
                flaws.push(Flaw::invalid(self.path(at, resource), shown, &why));
            }
        }
        let both = amount("default").zip(amount("defaultRequest"));
        let differ = both.filter(|(limit, asked)| limit.0 != asked.0 && !resource::is_overcommitted(resource));
        if let Some(((_, limit), (_, asked))) = differ {
            let why = format!("default value {limit} must equal to defaultRequest value {asked} in {resource}");
            flaws.push(Flaw::invalid(self.path("defaultRequest", resource), asked, &why));
        }
    }

    fn ratio(&self, resource: &str, flaws: &mut Vec<Flaw>) {
        const ONE: i128 = 1_000_000_000;
        let Some((ratio, said)) = self.amount("maxLimitRequestRatio", resource) else { return };
        let field = self.path("maxLimitRequestRatio", resource);
        if ratio < ONE {
            flaws.push(Flaw::invalid(&field, said, &format!("ratio {said} is less than 1")));
        }
        if let Some(((least, _), (most, _))) = self.amount("min", resource).zip(self.amount("max", resource)) {
            let limit = most as f64 / least as f64;
            if ratio as f64 / ONE as f64 > limit {
                let why = format!("ratio {said} is greater than max/min = {limit:.6}");
                flaws.push(Flaw::invalid(&field, said, &why));
            }
        }
    }
}
