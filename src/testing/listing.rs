//! Lists: which state they show, their pages, and the tokens between pages.

use base64::{
    DecodeError, Engine,
    alphabet::URL_SAFE,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use bytes::Bytes;
use kube::core::Status;
use serde::{Deserialize, Serialize};

use super::{
    kinds::KindId,
    options::{Options, revision},
    selection::Selection,
    state::{State, Target},
    status,
    storage::prefix,
    text::{self, Form},
    write,
};

/// A list in pieces: the head, then the items, each without the brace that opens it.
pub(super) struct List {
    pub(super) head: Bytes,
    pub(super) items: Vec<Bytes>,
    /// What stands in the place of no items: metadata alone has no empty lists.
    none: &'static [u8],
}

/// Base64 as tokens have it: without padding, and bits too many are nobody's concern.
const TOKENS: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone),
);

/// Where the next page starts.
#[derive(Serialize, Deserialize, Default)]
#[serde(default)]
struct Token {
    v: String,
    rv: i64,
    start: String,
}

/// The revision a list waits for, if its options name one that may lie ahead.
pub(super) fn awaited(options: &Options) -> Result<u64, Box<Status>> {
    if !options.token.is_empty() {
        return Ok(0);
    }
    let asked = revision(&options.version)
        .map_err(|problem| status::bad_request(format!("invalid resource version: {problem}")))?;
    Ok(asked.unwrap_or(0))
}

impl List {
    /// The whole list as one text.
    pub(super) fn text(&self) -> Bytes {
        const END: &[u8] = b"]}";
        if self.items.is_empty() {
            return [&self.head, self.none, b"}"].concat().into();
        }
        let length = self.head.len() + self.items.iter().map(|item| item.len() + 2).sum::<usize>() + END.len();
        let mut text = Vec::with_capacity(length);
        text.extend_from_slice(&self.head);
        for (index, item) in self.items.iter().enumerate() {
            text.extend_from_slice(if index == 0 { b"[{" } else { b",{" });
            text.extend_from_slice(item);
        }
        text.extend_from_slice(END);
        text.into()
    }
}

/// The list for options that were checked.
pub(super) fn list(state: &State, target: &Target, options: &Options, form: Form) -> Result<List, Box<Status>> {
    let kind = &target.kind;
    let selection = Selection::new(target, &options.labels, &options.fields)?;
    let asked = awaited(options)?;
    let newest = state.storage.revision;
    // One object makes one page: the server gets it, and does not look for another.
    let of_one = selection.is_of_one();
    let mut limit = usize::try_from(options.limit).unwrap_or(0);
    let (mut at, mut start) = (newest, String::new());
    if !options.token.is_empty() {
        let token = Token::read(&options.token)?;
        if !["", "0"].contains(&options.version.as_str()) {
            return Err(status::bad_request("specifying resource version is not allowed when using continue"));
        }
        (at, start) = resume(state, kind.id, token)?;
    } else if options.version_match == "Exact"
        || (options.version_match.is_empty() && asked > 0 && limit > 0 && !of_one)
    {
        if asked < state.storage.oldest(kind.id) {
            return Err(status::expired("The resourceVersion for the provided list is too old."));
        }
        at = asked;
    }
    if (asked == 0 && !options.version.is_empty()) || of_one {
        limit = 0;
    }
    let prefix = prefix(&target.namespace);
    let after = if start.is_empty() { String::new() } else { format!("{prefix}{start}") };
    let mut items = Vec::new();
    let mut next = None;
    if let Some(table) = state.storage.table(kind.id) {
        let mut objects = table.at(at, &prefix, &after);
        while let Some((key, object)) = objects.next() {
            if !selection.matches(kind, object) {
                continue;
            }
            items.push(text::item(kind, &target.version, object, form));
            if items.len() == limit {
                let rest = objects.count();
                let remaining = (!selection.has_selectors()).then_some(rest);
                next = (rest > 0).then(|| (token(at, &key[prefix.len()..]), remaining));
                break;
            }
        }
    }
    let none: &[u8] = if form == Form::Metadata { b"null" } else { b"[]" };
    Ok(List { head: text::list_head(kind, &target.version, form, at, next), items, none })
}

fn token(revision: u64, last: &str) -> String {
    let rv = i64::try_from(revision).unwrap_or(i64::MAX);
    encoded(&Token { v: VERSION.to_owned(), rv, start: format!("/{last}\0") })
}

const VERSION: &str = "meta.k8s.io/v1";

fn encoded(token: &Token) -> String {
    // The server writes NUL as an escape, as serde_json does.
    TOKENS.encode(serde_json::to_vec(token).unwrap_or_default())
}

fn invalid(why: impl std::fmt::Display) -> Box<Status> {
    status::bad_request(format!("invalid continue token: continue key is not valid: {why}"))
}

impl Token {
    /// What a token says, if it is one.
    fn read(text: &str) -> Result<Self, Box<Status>> {
        let text = text.trim_end_matches('=');
        let bytes = TOKENS.decode(text).map_err(|error| {
            let at = match error {
                DecodeError::InvalidByte(at, _) | DecodeError::InvalidLastSymbol { offset: at, .. } => at,
                // A letter alone says nothing; Go tells where its four letters would begin.
                _ => text.len() / 4 * 4,
            };
            invalid(format!("illegal base64 data at input byte {at}"))
        })?;
        let token: Token = serde_json::from_slice(&bytes).map_err(|error| match error.is_data() {
            true => invalid("it is no JSON object with v, rv and start"),
            false => invalid(write::complaint(&bytes, &error)),
        })?;
        if token.v != VERSION {
            let why = format!("server does not recognize this encoded version {}", token.v);
            return Err(invalid(why));
        }
        if token.rv == 0 {
            return Err(invalid(format!("incorrect encoded start resourceVersion (version {VERSION})")));
        }
        if token.start.is_empty() {
            return Err(invalid(format!("encoded start key empty (version {VERSION})")));
        }
        let place = token.start.strip_prefix('/').unwrap_or(&token.start);
        if !place.is_empty() && place.split('/').any(|part| ["", ".", ".."].contains(&part)) {
            return Err(invalid(token.start));
        }
        Ok(token)
    }
}

/// The revision and the place a token stands for.
fn resume(state: &State, kind: KindId, token: Token) -> Result<(u64, String), Box<Status>> {
    let start = token.start.strip_prefix('/').unwrap_or(&token.start);
    let newest = state.storage.revision;
    let Ok(at) = u64::try_from(token.rv) else {
        return Ok((newest, start.to_owned()));
    };
    if at > newest {
        return Err(status::too_large_version(at, newest));
    }
    if at < state.storage.oldest(kind) {
        let mut gone = status::expired(
            "The provided continue parameter is too old to display a consistent list result. You can start a new list \
             without the continue parameter, or use the continue token in this response to retrieve the remainder of the \
             results. Continuing with the provided token results in an inconsistent list - objects that were created, \
             modified, or deleted between the time the first chunk was returned and now may show up in the list.",
        );
        let fresh = encoded(&Token { v: token.v, rv: -1, start: start.to_owned() });
        let metadata = gone.metadata.get_or_insert_default();
        metadata.continue_ = Some(fresh);
        return Err(gone);
    }
    Ok((at, start.to_owned()))
}
