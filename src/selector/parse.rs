//! Reading label selectors: tokens, then requirements.

use std::collections::BTreeSet;

use super::{
    Error, Requirement, Test,
    label::{key_problems, value_problems},
};

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

pub(super) struct Parser<'t> {
    text: &'t str,
    tokens: Vec<Token<'t>>,
    next: usize,
}

impl<'t> Parser<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Parser { text, tokens: tokens(text), next: 0 }
    }

    pub(super) fn selector(&mut self) -> Result<Vec<Requirement>, Error> {
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
