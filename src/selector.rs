//! Label selectors: the text of `kubectl get -l`, parsed once, matched against any source of labels.
//!
//! Stores and the fake API server share this one reading, so that a client-side selector and a
//! server-side one agree. Deliberately not here: field selectors, whose meaning depends on the kind, and
//! the structured `matchLabels` form, which kube types carry.

mod label;
mod parse;

use std::{borrow::Cow, collections::BTreeSet, fmt, str::FromStr};

#[cfg(feature = "testing")]
pub(crate) use label::{is_dns_label, key_problems, subdomain_problems, value_problems};
use parse::Parser;

/// Which labels an object must have: every requirement holds.
///
/// The syntax is that of Kubernetes: `a` and `!a` ask for a key, `a=1`, `a==1` and `a!=1` for one value,
/// `a in (1,2)` and `a notin (1,2)` for one of several, `a>1` and `a<1` compare integers; commas join
/// requirements. `!=` and `notin` also match where the label is absent.
///
/// [`Display`](fmt::Display) prints the canonical form: requirements ordered by key, values ordered and
/// without repetition, `=` for `==`. Equal selectors print alike, and what is printed parses again.
///
/// ```
/// use kube_indexed_store::selector::LabelSelector;
///
/// let selector: LabelSelector = "tier notin (db, cache), app == web".parse()?;
/// assert_eq!(selector.to_string(), "app=web,tier notin (cache,db)");
///
/// let labels = |key: &str| (key == "app").then(|| "web".into());
/// assert!(selector.matches(labels));
/// # Ok::<(), kube_indexed_store::selector::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct LabelSelector {
    requirements: Vec<Requirement>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Requirement {
    key: String,
    test: Test,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Test {
    Exists,
    Absent,
    Equals(String),
    Differs(String),
    In(BTreeSet<String>),
    NotIn(BTreeSet<String>),
    Above(i64),
    Below(i64),
}

/// Text that is not a label selector.
///
/// The message holds the whole text, what was found, what was expected and where (a byte offset).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("label selector {text:?}: {problem} (at byte {position})")]
#[non_exhaustive]
pub struct Error {
    text: String,
    position: usize,
    problem: String,
}

impl Error {
    /// The text that was parsed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The byte offset in [`text`](Self::text) where it stopped making sense.
    pub fn position(&self) -> usize {
        self.position
    }

    /// What is wrong, in the words of the API server.
    #[cfg(feature = "testing")]
    pub(crate) fn problem(&self) -> &str {
        &self.problem
    }
}

impl LabelSelector {
    /// Whether there are no requirements: everything matches.
    pub fn is_empty(&self) -> bool {
        self.requirements.is_empty()
    }

    /// Whether an object with these labels is selected; `label` looks one up by its key.
    pub fn matches<'a>(&self, label: impl Fn(&str) -> Option<Cow<'a, str>>) -> bool {
        self.requirements.iter().all(|requirement| {
            let value = label(&requirement.key);
            requirement.test.holds(value.as_deref())
        })
    }
}

impl Test {
    fn holds(&self, value: Option<&str>) -> bool {
        match (self, value) {
            (Test::Exists, value) => value.is_some(),
            (Test::Absent, value) => value.is_none(),
            (Test::Equals(wanted), Some(value)) => wanted == value,
            (Test::Differs(unwanted), Some(value)) => unwanted != value,
            (Test::In(wanted), Some(value)) => wanted.contains(value),
            (Test::NotIn(unwanted), Some(value)) => !unwanted.contains(value),
            (Test::Above(bound), Some(value)) => value.parse().is_ok_and(|value: i64| value > *bound),
            (Test::Below(bound), Some(value)) => value.parse().is_ok_and(|value: i64| value < *bound),
            (Test::Differs(_) | Test::NotIn(_), None) => true,
            (_, None) => false,
        }
    }
}

impl FromStr for LabelSelector {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let mut requirements = Parser::new(text).selector()?;
        requirements.sort_by(|a, b| a.key.cmp(&b.key));
        Ok(LabelSelector { requirements })
    }
}

impl fmt::Display for LabelSelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, requirement) in self.requirements.iter().enumerate() {
            if index > 0 {
                f.write_str(",")?;
            }
            let key = &requirement.key;
            match &requirement.test {
                Test::Exists => f.write_str(key)?,
                Test::Absent => write!(f, "!{key}")?,
                Test::Equals(value) => write!(f, "{key}={value}")?,
                Test::Differs(value) => write!(f, "{key}!={value}")?,
                Test::In(values) => write!(f, "{key} in ({})", joined(values))?,
                Test::NotIn(values) => write!(f, "{key} notin ({})", joined(values))?,
                Test::Above(bound) => write!(f, "{key}>{bound}")?,
                Test::Below(bound) => write!(f, "{key}<{bound}")?,
            }
        }
        Ok(())
    }
}

fn joined(values: &BTreeSet<String>) -> String {
    values.iter().map(String::as_str).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> LabelSelector {
        text.parse().unwrap_or_else(|error| panic!("{error}"))
    }

    fn selected(selector: &str) -> Vec<&'static str> {
        let objects: [(&str, &[(&str, &str)]); 4] =
            [("one", &[("a", "1")]), ("two", &[("a", "2"), ("b", "x")]), ("none", &[]), ("empty", &[("a", "")])];
        let selector = parse(selector);
        let matching = objects.iter().filter(|(_, labels)| {
            selector.matches(|key| labels.iter().find(|(k, _)| *k == key).map(|(_, v)| Cow::Borrowed(*v)))
        });
        matching.map(|(name, _)| *name).collect()
    }

    #[test]
    fn every_operator_selects_what_the_api_server_selects() {
        let table: [(&str, &[&str]); 17] = [
            ("", &["one", "two", "none", "empty"]),
            ("a", &["one", "two", "empty"]),
            ("!a", &["none"]),
            ("a=1", &["one"]),
            ("a==1", &["one"]),
            ("a!=1", &["two", "none", "empty"]),
            ("a in (1,2)", &["one", "two"]),
            ("a notin (1)", &["two", "none", "empty"]),
            ("a in ()", &["empty"]),
            ("a=", &["empty"]),
            ("a in (1,)", &["one", "empty"]),
            ("a>1", &["two"]),
            ("a<2", &["one"]),
            ("b,a=2", &["two"]),
            (" a = 1 ", &["one"]),
            ("a = 1, b", &[]),
            ("x/y=1", &[]),
        ];
        for (selector, expected) in table {
            assert_eq!(selected(selector), expected, "{selector}");
        }
    }

    #[test]
    fn refusals_name_what_was_found_and_what_was_expected() {
        let table = [
            ("a=1,", 4, "found '', expected: identifier after ','"),
            ("a=b c", 4, "found 'c', expected: ',' or 'end of string'"),
            (",", 0, "found ',', expected: !, identifier, or 'end of string'"),
            ("(a)", 0, "found '(', expected: !, identifier, or 'end of string'"),
            ("a!", 1, "unable to parse requirement: found '!', expected: in, notin, =, ==, !=, gt, lt"),
            ("a b", 2, "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"),
            ("a===b", 3, "unable to parse requirement: found '=', expected: identifier"),
            ("a>=1", 2, "unable to parse requirement: found '=', expected: identifier"),
            ("!a=b", 2, "found '=', expected: ',' or 'end of string'"),
            ("!!a", 1, "unable to parse requirement: found '!', expected: identifier"),
            ("a in b", 5, "unable to parse requirement: found 'b' expected: '('"),
            ("a in (", 6, "unable to parse requirement: found '', expected: ',', ')' or identifier"),
            ("a in (b", 7, "unable to parse requirement: found '', expected: ',' or ')'"),
            ("a in (b c)", 8, "unable to parse requirement: found 'c', expected: ',' or ')'"),
            ("a in (b=)", 7, "unable to parse requirement: found '=', expected: ',' or ')'"),
            ("a in (,b", 8, "unable to parse requirement: found '', expected: ',' or ')'"),
            ("a,!b,,c", 5, "found ',', expected: identifier after ','"),
            (
                "a>x",
                2,
                "unable to parse requirement: values[0]: Invalid value: \"x\": for 'Gt', 'Lt' operators, the value must be an integer",
            ),
            ("/a", 0, "unable to parse requirement: <nil>: Invalid value: \"/a\": prefix part must be non-empty"),
        ];
        for (text, position, problem) in table {
            let error = text.parse::<LabelSelector>().unwrap_err();
            let expected = Error { text: text.to_owned(), position, problem: problem.to_owned() };
            assert_eq!(error, expected, "{text}");
        }
        let error = "a=b c".parse::<LabelSelector>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "label selector \"a=b c\": found 'c', expected: ',' or 'end of string' (at byte 4)"
        );
    }

    #[test]
    fn keys_and_values_are_checked_as_labels() {
        let long = "k".repeat(64);
        for text in ["-a", "a/b/c", "a/", "A.b/c=d", "a=-x", "a in (ok,-x)", "a<-5", "é=1", &long] {
            assert!(text.parse::<LabelSelector>().is_err(), "{text}");
        }
        for text in ["a.b/c_d.e=f", "in in (in)", "notin=in", "a in (b,,c)", &long[1..]] {
            parse(text);
        }
    }

    #[test]
    fn equal_selectors_print_alike_and_parse_again() {
        for text in ["b in (2, 1,2),a==x,!c", "  b in (1,2) ,!c, a = x"] {
            assert_eq!(parse(text).to_string(), "a=x,b in (1,2),!c");
        }
        for text in ["a", "!a", "a=", "a!=b", "a in ()", "a notin (,b)", "a>1", "a<1", ""] {
            assert_eq!(parse(&parse(text).to_string()), parse(text), "{text}");
        }
        assert!(parse(" ").is_empty() && LabelSelector::default().is_empty());
    }
}
