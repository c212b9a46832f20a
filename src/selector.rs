//! Label selectors: the text of `kubectl get -l`, parsed once, matched against any source of labels.
//!
//! Stores and the fake API server share this one reading, so that a client-side selector and a
//! server-side one agree. Deliberately not here: field selectors, whose meaning depends on the kind, and
//! the structured `matchLabels` form, which kube types carry.

use std::{borrow::Cow, collections::BTreeSet, fmt, str::FromStr};

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
        let mut parser = Parser { text, tokens: tokens(text), next: 0 };
        let mut requirements = parser.selector()?;
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

/// A symbol, or a run of other characters; the end of the text is an empty token.
struct Token<'t> {
    text: &'t str,
    position: usize,
}

impl Token<'_> {
    fn is_word(&self) -> bool {
        !self.text.is_empty() && !self.text.starts_with(SYMBOLS)
    }
}

const SYMBOLS: [char; 7] = ['=', '!', '(', ')', ',', '>', '<'];
const SPACES: [char; 4] = [' ', '\t', '\r', '\n'];

/// The tokens of `text`, ending with the empty one. The longest symbol wins: `==`, `!=`.
fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start_matches(SPACES);
    loop {
        let length = match rest.get(..2) {
            Some("==" | "!=") => 2,
            _ if rest.starts_with(SYMBOLS) => 1,
            _ => rest.find(|c| SYMBOLS.contains(&c) || SPACES.contains(&c)).unwrap_or(rest.len()),
        };
        let (token, after) = rest.split_at(length);
        tokens.push(Token { text: token, position: text.len() - rest.len() });
        if token.is_empty() {
            return tokens;
        }
        rest = after.trim_start_matches(SPACES);
    }
}

struct Parser<'t> {
    text: &'t str,
    tokens: Vec<Token<'t>>,
    next: usize,
}

impl<'t> Parser<'t> {
    fn selector(&mut self) -> Result<Vec<Requirement>, Error> {
        let mut requirements = Vec::new();
        if self.peek().text.is_empty() {
            return Ok(requirements);
        }
        if !self.starts_requirement() {
            return Err(self.expected("!, identifier, or 'end of string'"));
        }
        loop {
            requirements.push(self.requirement().map_err(|mut error| {
                error.problem.insert_str(0, "unable to parse requirement: ");
                error
            })?);
            match self.peek().text {
                "" => return Ok(requirements),
                "," => self.next += 1,
                _ => return Err(self.expected("',' or 'end of string'")),
            }
            if !self.starts_requirement() {
                return Err(self.expected("identifier after ','"));
            }
        }
    }

    fn starts_requirement(&self) -> bool {
        let token = self.peek();
        token.is_word() || token.text == "!"
    }

    fn requirement(&mut self) -> Result<Requirement, Error> {
        let negated = self.peek().text == "!";
        if negated {
            self.next += 1;
        }
        let at = self.peek().position;
        let key = self.word("identifier")?.to_owned();
        let problems = key_problems(&key);
        if !problems.is_empty() {
            let problem = format!("<nil>: Invalid value: {key:?}: {}", problems.join("; "));
            return Err(self.error(at, problem));
        }
        let test = if negated {
            Test::Absent
        } else if matches!(self.peek().text, "" | ",") {
            Test::Exists
        } else {
            self.test(&key)?
        };
        Ok(Requirement { key, test })
    }

    fn test(&mut self, key: &str) -> Result<Test, Error> {
        let operator = self.peek().text;
        if !matches!(operator, "in" | "notin" | "=" | "==" | "!=" | ">" | "<") {
            return Err(self.expected("in, notin, =, ==, !=, gt, lt"));
        }
        self.next += 1;
        let at = self.peek().position;
        if matches!(operator, "in" | "notin") {
            let values = self.values()?;
            for (index, value) in values.iter().enumerate() {
                self.check_value(key, index, value, at)?;
            }
            return Ok(if operator == "in" { Test::In(values) } else { Test::NotIn(values) });
        }
        let value = match self.peek().text {
            "" | "," => "",
            _ => self.word("identifier")?,
        };
        let bound = match operator {
            ">" | "<" => Some(value.parse::<i64>().map_err(|_| {
                let why = "for 'Gt', 'Lt' operators, the value must be an integer";
                self.error(at, format!("values[0]: Invalid value: {value:?}: {why}"))
            })?),
            _ => None,
        };
        self.check_value(key, 0, value, at)?;
        Ok(match (operator, bound) {
            (">", Some(bound)) => Test::Above(bound),
            ("<", Some(bound)) => Test::Below(bound),
            ("!=", _) => Test::Differs(value.to_owned()),
            _ => Test::Equals(value.to_owned()),
        })
    }

    /// `(a,b)`; an empty place between commas or parentheses is the empty value.
    fn values(&mut self) -> Result<BTreeSet<String>, Error> {
        if self.peek().text != "(" {
            let problem = format!("found '{}' expected: '('", self.peek().text);
            return Err(self.error(self.peek().position, problem));
        }
        self.next += 1;
        if !self.peek().is_word() && !matches!(self.peek().text, "," | ")") {
            return Err(self.expected("',', ')' or identifier"));
        }
        let mut values = BTreeSet::new();
        loop {
            let mut value = "";
            if self.peek().is_word() {
                value = self.word("identifier")?;
            }
            values.insert(value.to_owned());
            match self.peek().text {
                "," => self.next += 1,
                ")" => {
                    self.next += 1;
                    return Ok(values);
                }
                _ => return Err(self.expected("',' or ')'")),
            }
        }
    }

    fn check_value(&self, key: &str, index: usize, value: &str, at: usize) -> Result<(), Error> {
        let problems = value_problems(value);
        if problems.is_empty() {
            return Ok(());
        }
        let problem = format!("values[{index}][{key}]: Invalid value: {value:?}: {}", problems.join("; "));
        Err(self.error(at, problem))
    }

    /// The last token is the empty one, and nothing steps over it.
    fn peek(&self) -> &Token<'t> {
        &self.tokens[self.next]
    }

    fn word(&mut self, expected: &str) -> Result<&'t str, Error> {
        if !self.peek().is_word() {
            return Err(self.expected(expected));
        }
        self.next += 1;
        Ok(self.tokens[self.next - 1].text)
    }

    fn expected(&self, expected: &str) -> Error {
        let token = self.peek();
        self.error(token.position, format!("found '{}', expected: {expected}", token.text))
    }

    fn error(&self, position: usize, problem: String) -> Error {
        Error { text: self.text.to_owned(), position, problem }
    }
}

/// What is wrong with a label key (and with an annotation key in lower case), in the API server's words.
pub(crate) fn key_problems(key: &str) -> Vec<String> {
    let (prefix, name) = match key.split_once('/') {
        None => (None, key),
        Some((_, name)) if name.contains('/') => {
            return vec![format!(
                "a valid label key {NAME_RULE} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
            )];
        }
        Some((prefix, name)) => (Some(prefix), name),
    };
    let mut problems = Vec::new();
    match prefix {
        Some("") => problems.push("prefix part must be non-empty".to_owned()),
        Some(prefix) => {
            problems.extend(subdomain(prefix, "bytes").iter().map(|problem| format!("prefix part {problem}")));
        }
        None => {}
    }
    if name.is_empty() {
        problems.push("name part must be non-empty".to_owned());
    } else if name.len() > LONGEST {
        problems.push(format!("name part must be no more than {LONGEST} bytes"));
    }
    if !is_word_like(name) {
        problems.push(format!("name part {NAME_RULE}"));
    }
    problems
}

/// What is wrong with a label value, in the API server's words.
pub(crate) fn value_problems(value: &str) -> Vec<String> {
    let mut problems = Vec::new();
    if value.len() > LONGEST {
        problems.push(format!("must be no more than {LONGEST} bytes"));
    }
    if !value.is_empty() && !is_word_like(value) {
        problems.push(
            "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start \
             and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for \
             validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
                .to_owned(),
        );
    }
    problems
}

/// What is wrong with a DNS subdomain (RFC 1123), in the API server's words.
pub(crate) fn subdomain_problems(text: &str) -> Vec<String> {
    subdomain(text, "characters")
}

/// The same with the word in which its place counts: in keys of labels it is another one.
fn subdomain(text: &str, unit: &str) -> Vec<String> {
    let mut problems = Vec::new();
    if text.len() > 253 {
        problems.push(format!("must be no more than 253 {unit}"));
    }
    if !text.split('.').all(is_dns_label) {
        problems.push(
            "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must \
             start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is \
             '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
                .to_owned(),
        );
    }
    problems
}

/// Lower-case letters, digits and inner dashes, at least one character; any length.
pub(crate) fn is_dns_label(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.iter().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'-')
        && bytes.first().is_some_and(|b| *b != b'-')
        && bytes.last().is_some_and(|b| *b != b'-')
}

const LONGEST: usize = 63;
const NAME_RULE: &str = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an \
                         alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation \
                         is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

fn is_word_like(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
        && bytes.first().is_some_and(u8::is_ascii_alphanumeric)
        && bytes.last().is_some_and(u8::is_ascii_alphanumeric)
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
