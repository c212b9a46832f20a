//! URLs: `url('https://example.com:80/a').getHost()`.

use std::{any::Any, collections::BTreeMap};

use cel::{
    DeclarationError, Env, ExecutionError,
    common::{
        types::{CelBool, CelList, CelString, Type},
        value::{StaticVal, Val},
    },
};

use super::failed;
use crate::testing::schema::rules::map::Map;

static TYPE: Type = Type::new_unspecified_type("kubernetes.URL");

/// A URL in its parts.
#[derive(Debug, Clone, PartialEq, Default)]
struct Url {
    scheme: String,
    /// Who asks, where it says so.
    user: String,
    /// The host, with its port.
    host: String,
    path: String,
    query: String,
    /// What follows a scheme that no slash follows.
    opaque: String,
}

impl Url {
    /// Reads a URL that a request could be sent to, or says why it is none.
    fn read(text: &str) -> Result<Self, String> {
        Url::whole(text)?;
        Url::whole(text.split('#').next().unwrap_or_default())
    }

    /// The same of a text that has no fragment.
    fn whole(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Err("empty url".to_owned());
        }
        if text.chars().any(|letter| letter.is_ascii_control()) {
            return Err("net/url: invalid control character in URL".to_owned());
        }
        if text == "*" {
            return Ok(Url { path: text.to_owned(), ..Url::default() });
        }
        let (scheme, rest) = scheme(text)?;
        let scheme = scheme.to_ascii_lowercase();
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let query = query.to_owned();
        if !rest.starts_with('/') {
            let opaque = rest.to_owned();
            return if scheme.is_empty() {
                Err("invalid URI for request".to_owned())
            } else {
                Ok(Url { scheme, opaque, query, ..Url::default() })
            };
        }
        let authority = rest.strip_prefix("//").filter(|rest| !scheme.is_empty() || !rest.starts_with('/'));
        let (authority, path) =
            authority.map_or(("", rest), |rest| rest.split_at(rest.find('/').unwrap_or(rest.len())));
        let (user, host) = authority.rsplit_once('@').unwrap_or(("", authority));
        check_host(host)?;
        check_escapes(path, |_| true)?;
        let (user, host, path) = (user.to_owned(), host.to_owned(), escaped(path));
        Ok(Url { scheme, user, host, path, query, opaque: String::new() })
    }

    /// The host and its port.
    fn parts(&self) -> (&str, &str) {
        let end = self.host.rfind(']').map_or(0, |end| end + 1);
        let colon = self.host[end..].rfind(':').map(|colon| end + colon);
        let (host, port) = colon.map_or((&*self.host, ""), |colon| (&self.host[..colon], &self.host[colon + 1..]));
        (host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host), port)
    }
}

fn scheme(text: &str) -> Result<(&str, &str), String> {
    for (place, letter) in text.char_indices() {
        match letter {
            'a'..='z' | 'A'..='Z' => {}
            '0'..='9' | '+' | '-' | '.' if place > 0 => {}
            ':' if place == 0 => return Err("missing protocol scheme".to_owned()),
            ':' => return Ok((&text[..place], &text[place + 1..])),
            _ => break,
        }
    }
    Ok(("", text))
}

fn check_host(host: &str) -> Result<(), String> {
    let port = match host.rfind(']') {
        None if host.starts_with('[') => return Err("missing ']' in host".to_owned()),
        Some(end) if host.starts_with('[') => &host[end + 1..],
        _ => host.rfind(':').map_or("", |colon| &host[colon..]),
    };
    let digits = port.strip_prefix(':').unwrap_or(port);
    if !port.is_empty() && (port == digits || !digits.bytes().all(|digit| digit.is_ascii_digit())) {
        return Err(format!("invalid port {port:?} after host"));
    }
    check_escapes(host, |byte| byte >= 0x80)?;
    let fine = |letter: char| {
        !letter.is_ascii() || letter.is_ascii_alphanumeric() || "-_.~!$&'()*+,;=:[]<>\"%".contains(letter)
    };
    let wrong = host.chars().find(|letter| !fine(*letter));
    wrong.map_or(Ok(()), |letter| Err(format!("invalid character {:?} in host name", letter.to_string())))
}

/// Whether what percent signs stand for is something, and something that may be there.
fn check_escapes(text: &str, may_be: impl Fn(u8) -> bool) -> Result<(), String> {
    for (place, _) in text.match_indices('%') {
        let said =
            text.get(place + 1..place + 3).filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
        let said = said.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        if !said.is_some_and(&may_be) {
            let shown: String = text[place..].chars().take(3).collect();
            return Err(format!("invalid URL escape {shown:?}"));
        }
    }
    Ok(())
}

/// A path with what needs it escaped.
fn escaped(path: &str) -> String {
    let kept = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~!$&'()*+,;=:@[]/%".contains(&byte);
    path.bytes().map(|byte| if kept(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

impl Val for Url {
    fn get_type(&self) -> &Type {
        &TYPE
    }

    fn cel_type() -> &'static Type {
        &TYPE
    }

    fn equals(&self, other: &dyn Val) -> bool {
        other.downcast_ref::<Url>() == Some(self)
    }

    fn clone_as_boxed<'v>(&self) -> Box<dyn Val + 'v> {
        Box::new(self.clone())
    }

    fn as_any(&self) -> Option<&dyn Any> {
        Some(self)
    }
}

impl StaticVal for Url {}

pub(super) fn declare(environment: &mut Env) -> Result<(), DeclarationError> {
    cel::add_overload!(environment, fn url: (CelString) -> Result<Url>)?;
    cel::add_overload!(environment, fn is_url: (CelString) -> CelBool, name = "isURL")?;
    cel::add_member_overload!(environment, fn get_scheme: (Url) -> CelString)?;
    cel::add_member_overload!(environment, fn get_host: (Url) -> CelString)?;
    cel::add_member_overload!(environment, fn get_hostname: (Url) -> CelString)?;
    cel::add_member_overload!(environment, fn get_port: (Url) -> CelString)?;
    cel::add_member_overload!(environment, fn get_escaped_path: (Url) -> CelString)?;
    cel::add_member_overload!(environment, fn get_query: (Url) -> Map)
}

fn url(text: &CelString<'_>) -> Result<Url, ExecutionError> {
    let text = text.inner();
    Url::read(text)
        .map_err(|why| failed(format!("URL parse error during conversion from string: parse {text:?}: {why}")))
}

fn is_url(text: &CelString<'_>) -> CelBool {
    Url::read(text.inner()).is_ok().into()
}

fn get_scheme(url: &Url) -> CelString<'static> {
    url.scheme.clone().into()
}

fn get_host(url: &Url) -> CelString<'static> {
    url.host.clone().into()
}

fn get_hostname(url: &Url) -> CelString<'static> {
    url.parts().0.to_owned().into()
}

fn get_port(url: &Url) -> CelString<'static> {
    url.parts().1.to_owned().into()
}

fn get_escaped_path(url: &Url) -> CelString<'static> {
    url.path.clone().into()
}

fn get_query(url: &Url) -> Map<'static> {
    let parts = url.query.split('&').filter(|part| !part.is_empty() && !part.contains(';'));
    let fine = parts.filter(|part| check_escapes(part, |_| true).is_ok());
    let mut found: BTreeMap<String, Vec<Box<dyn Val>>> = BTreeMap::new();
    for (name, value) in form_urlencoded::parse(fine.collect::<Vec<_>>().join("&").as_bytes()) {
        found.entry(name.into_owned()).or_default().push(Box::new(CelString::from(value.into_owned())));
    }
    let entries =
        found.into_iter().map(|(name, values)| -> (String, Box<dyn Val>) { (name, Box::new(CelList::from(values))) });
    Map::new(entries.collect())
}
