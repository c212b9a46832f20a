//! Requests and answers of an API server, as a recording has them or a session.

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
