//! Parsing the path language. Following a path is not here.

use super::{Error, Step};

const NAME: &str = "expected a field name";
const BRACKET: &str = "expected a position, `*` or a quoted name in the brackets";
const QUOTE: &str = "put a name that holds this character in brackets and quotes: ['...']";

/// Characters that end or cannot be part of a name written without quotes.
fn is_special(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || matches!(c, '.' | '[' | ']' | '{' | '}' | '\\' | '\'' | '"' | ',' | '=' | '*')
}

/// Whether a member name needs no quotes, also not where `!=` follows it in a field selector.
pub(super) fn is_plain(name: &str) -> bool {
    !name.is_empty() && !name.starts_with('$') && !name.ends_with('!') && !name.contains(is_special)
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    end: usize,
}

pub(super) fn parse(text: &str) -> Result<Vec<Step>, Error> {
    let start = text.len() - text.trim_start().len();
    let mut parser = Parser { text, at: start, end: text.trim_end().len().max(start) };
    if parser.take('{') {
        if !parser.text[..parser.end].ends_with('}') {
            parser.at = parser.end;
            return Err(parser.error("expected `}` at the end"));
        }
        parser.end -= 1;
    }
    parser.steps()
}

impl Parser<'_> {
    fn steps(mut self) -> Result<Vec<Step>, Error> {
        let mut steps = Vec::new();
        let rooted = self.take('$');
        if !rooted && !matches!(self.peek(), Some('.' | '[')) {
            steps.push(self.name()?);
        }
        while let Some(next) = self.peek() {
            match next {
                '.' => {
                    self.take('.');
                    // `.[0]` and `$.['a']` are what some JSONPath writers print.
                    if steps.is_empty() && self.peek() == Some('[') {
                        continue;
                    }
                    steps.push(self.name()?);
                }
                '[' => steps.push(self.bracket()?),
                _ => return Err(self.error(if rooted { "expected `.` or `[`" } else { QUOTE })),
            }
        }
        if steps.is_empty() {
            return Err(self.error(NAME));
        }
        Ok(steps)
    }

    fn name(&mut self) -> Result<Step, Error> {
        let mut name = String::new();
        while let Some(c) = self.peek() {
            match c {
                '\\' => {
                    self.take('\\');
                    name.push(self.next().ok_or_else(|| self.error("expected a character after `\\`"))?);
                }
                '.' | '[' => break,
                '*' if name.is_empty() => {
                    return Err(self.error("expected a field name; every element of a list is `[*]`"));
                }
                c if is_special(c) => return Err(self.error(QUOTE)),
                c => {
                    name.push(c);
                    self.at += c.len_utf8();
                }
            }
        }
        if name.is_empty() {
            return Err(self.error(NAME));
        }
        Ok(Step::Key(name.into()))
    }

    fn bracket(&mut self) -> Result<Step, Error> {
        self.take('[');
        let step = match self.peek() {
            Some('*') => {
                self.take('*');
                Step::Each
            }
            Some(quote @ ('\'' | '"')) => {
                self.take(quote);
                Step::Key(self.quoted(quote)?.into())
            }
            Some('0'..='9') => {
                let digits = self.text[self.at..self.end].bytes().take_while(u8::is_ascii_digit).count();
                let index = self.text[self.at..self.at + digits]
                    .parse::<u32>()
                    .map_err(|_| self.error("expected a position below 4294967296"))?;
                self.at += digits;
                Step::Index(index as usize)
            }
            Some('-') => {
                return Err(self.error("expected a position counted from the start; negative ones are not supported"));
            }
            Some('?') => return Err(self.error("filters are not supported; use `[*]` and a field selector")),
            _ => return Err(self.error(BRACKET)),
        };
        if !self.take(']') {
            return Err(self.error("expected `]`"));
        }
        Ok(step)
    }

    fn quoted(&mut self, quote: char) -> Result<String, Error> {
        let mut name = String::new();
        loop {
            match self.next() {
                None => return Err(self.error("expected the closing quote")),
                Some('\\') => name.push(self.next().ok_or_else(|| self.error("expected the closing quote"))?),
                Some(c) if c == quote => return Ok(name),
                Some(c) => name.push(c),
            }
        }
    }

    fn peek(&self) -> Option<char> {
        self.text[self.at..self.end].chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }

    fn take(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        if found {
            self.at += wanted.len_utf8();
        }
        found
    }

    fn error(&self, expected: &'static str) -> Error {
        Error { text: self.text.to_owned(), offset: self.at, expected }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{FieldPath, Step};
    use Step::{Each, Index};

    fn key(name: &str) -> Step {
        Step::Key(name.into())
    }

    fn steps(text: &str) -> Vec<Step> {
        text.parse::<FieldPath>().unwrap_or_else(|error| panic!("{error}")).steps().to_vec()
    }

    #[test]
    fn every_accepted_spelling_of_one_path_gives_the_same_steps() {
        let expected = vec![key("metadata"), key("labels"), key("kubernetes.io/service-name")];
        for text in [
            "metadata.labels['kubernetes.io/service-name']",
            r"metadata.labels.kubernetes\.io/service-name",
            ".metadata.labels[\"kubernetes.io/service-name\"]",
            "$.metadata.labels['kubernetes.io/service-name']",
            "{.metadata.labels['kubernetes.io/service-name']}",
            r"{.metadata.labels.kubernetes\.io/service-name}",
            r"metadata.labels['kubernetes\.io/service-name']",
            "$['metadata']['labels']['kubernetes.io/service-name']",
            "['metadata'].labels['kubernetes.io/service-name']",
            "  metadata.labels['kubernetes.io/service-name'] ",
        ] {
            assert_eq!(steps(text), expected, "{text}");
        }
    }

    #[test]
    fn positions_and_every_element_are_steps() {
        assert_eq!(
            steps("spec.rules[0].http.paths[*].path"),
            [key("spec"), key("rules"), Index(0), key("http"), key("paths"), Each, key("path")]
        );
        assert_eq!(steps("spec.matrix[*][12]"), [key("spec"), key("matrix"), Each, Index(12)]);
    }

    #[test]
    fn what_display_writes_parses_to_the_same_path() {
        for names in
            [vec!["a"], vec!["a.b", "c'd"], vec!["\\", ""], vec!["$", "x y", "*"], vec!["[0]", "\"", "é", "=", "a!"]]
        {
            let path = FieldPath::of(names.iter().copied());
            assert_eq!(path.to_string().parse::<FieldPath>().as_ref(), Ok(&path), "{path}");
        }
    }

    #[test]
    fn what_does_not_parse_is_shown_with_a_caret_under_the_place() {
        for (text, column) in [
            ("", 0),
            (".", 1),
            ("$", 1),
            ("{}", 1),
            ("{.metadata.name", 15),
            ("metadata..name", 9),
            ("metadata.", 9),
            ("..name", 1),
            ("spec.rules[", 11),
            ("spec.rules[]", 11),
            ("spec.rules[1", 12),
            ("spec.rules[-1]", 11),
            ("spec.rules[1:2]", 12),
            ("spec.rules[?(@.a)]", 11),
            ("spec.rules[4294967296]", 11),
            ("spec.*", 5),
            ("spec.a b", 6),
            ("spec]", 4),
            ("spec['a", 7),
            ("spec['a'x", 8),
            ("spec['a']x", 9),
            ("$metadata", 1),
            ("größe[x]", 6),
            (r"a\", 2),
        ] {
            let error = text.parse::<FieldPath>().expect_err(text);
            let shown = error.to_string();
            let caret = shown.lines().last().unwrap();
            assert_eq!(caret, format!("  {:column$}^", ""), "{shown}");
            assert_eq!(shown.lines().nth(1).unwrap().trim_end(), format!("  {text}").trim_end());
        }
    }
}
