//! Recorded exchanges: requests that a real API server got, with what it answered.
//!
//! A file holds several, each below a line `### what it shows`. Lines of the request begin with `>`, those of the answer's
//! head with `<`; the answer's body follows an empty line. A body that streams ends with a line `[end: ...]`.

use std::{fs, path::Path};

/// One request and its answer.
pub struct Exchange {
    pub title: String,
    pub request: Request,
    pub answer: Answer,
}

/// What was asked.
#[derive(Clone)]
pub struct Request {
    pub method: String,
    pub target: String,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

/// What was answered.
pub struct Answer {
    pub code: u16,
    pub headers: Vec<(String, String)>,
    pub body: String,
    /// How the body ended, where the recording says so.
    pub end: Option<End>,
}

/// How a body ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The server ended it, as it ends every whole answer.
    Clean,
    /// It had not ended yet.
    Open,
    /// The connection broke.
    Broken,
}

impl Answer {
    /// All values of a header.
    pub fn header(&self, name: &str) -> Vec<&str> {
        let named = self.headers.iter().filter(|(is, _)| is.eq_ignore_ascii_case(name));
        named.map(|(_, value)| value.as_str()).collect()
    }
}

/// The exchanges of a file. Headings without a request are notes.
pub fn read(file: &Path) -> Vec<Exchange> {
    let bytes = fs::read(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let text = String::from_utf8_lossy(&bytes);
    text.split("### ").skip(1).filter_map(exchange).collect()
}

fn exchange(text: &str) -> Option<Exchange> {
    let (title, text) = text.split_once('\n')?;
    let asked = text.lines().take_while(|line| line.starts_with('>'));
    let asked: Vec<&str> = asked.map(|line| line[1..].strip_prefix(' ').unwrap_or(&line[1..])).collect();
    let answered: Vec<&str> = text.lines().skip(asked.len()).collect();
    Some(Exchange { title: title.to_owned(), request: request(&asked)?, answer: answer(&answered)? })
}

fn request(lines: &[&str]) -> Option<Request> {
    let (first, lines) = lines.split_first()?;
    let mut words = first.split(' ');
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let head = lines.iter().position(|line| line.is_empty()).unwrap_or(lines.len());
    let body = lines[head..].iter().skip(1).copied().collect::<Vec<_>>().join("\n");
    Some(Request { method, target, headers: headers(&lines[..head]), body: whole(body, "") })
}

fn answer(lines: &[&str]) -> Option<Answer> {
    let head = lines.iter().position(|line| !line.starts_with('<')).unwrap_or(lines.len());
    let lines_of_head: Vec<&str> = lines[..head].iter().map(|line| line[1..].trim_start()).collect();
    let (first, rest) = lines_of_head.split_first()?;
    let code = first.split(' ').nth(1)?.parse().ok()?;
    let mut body = lines[head..].join("\n").trim_matches('\n').to_owned();
    let mut end = None;
    if let Some(at) = body.rfind("[end: ") {
        end = Some(match &body[at..] {
            "[end: the server ended the body cleanly]" => End::Clean,
            "[end: the client closed]" => End::Open,
            _ => End::Broken,
        });
        body.truncate(at);
    }
    let body = whole(body.trim_end_matches('\n').to_owned(), "\n");
    Some(Answer { code, headers: headers(rest), body, end })
}

fn headers(lines: &[&str]) -> Vec<(String, String)> {
    let pairs = lines.iter().filter_map(|line| line.split_once(": "));
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// The whole of a body of which the recording shows the beginning and the length: it goes on as it began, and closes what
/// it opened. The length counts what the body ended with.
fn whole(body: String, ended_with: &str) -> String {
    let Some((length, shown)) = body.strip_suffix(" bytes in all]").and_then(|body| {
        let (shown, length) = body.rsplit_once("...[")?;
        Some((length.parse::<usize>().ok()?, shown))
    }) else {
        return body;
    };
    let Some(period) = period(shown.as_bytes()) else { return body };
    let length = length - ended_with.len();
    let repeated = &shown[shown.len() - period..];
    let mut whole = shown.to_owned();
    let mut closing = closing(&whole);
    while whole.len() + repeated.len() + closing.len() <= length {
        whole.push_str(repeated);
    }
    // A list of operations ends in the middle of a period.
    for piece in repeated.chars() {
        if whole.len() + closing.len() >= length {
            break;
        }
        whole.push(piece);
        closing = self::closing(&whole);
    }
    whole + &closing
}

/// The length of the shortest piece that the end of a text repeats, at least three times.
fn period(text: &[u8]) -> Option<usize> {
    let repeats = |period: usize| {
        let tail = text.len().checked_sub(period.max(8) * 3).map(|start| &text[start..]);
        tail.is_some_and(|tail| tail[period..] == tail[..tail.len() - period])
    };
    (1..=text.len() / 3).find(|period| repeats(*period))
}

/// What closes the strings, lists and objects that a JSON text leaves open.
fn closing(text: &str) -> String {
    let (mut open, mut quoted, mut escaped) = (Vec::new(), false, false);
    for letter in text.chars() {
        match letter {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '{' if !quoted => open.push('}'),
            '[' if !quoted => open.push(']'),
            '}' | ']' if !quoted => {
                open.pop();
            }
            _ => {}
        }
    }
    let quote = if quoted { "\"" } else { "" };
    quote.chars().chain(open.into_iter().rev()).collect()
}
