//! The `Accept` header: the encoding and the form of an answer, and whether it is indented.
//!
//! Not here: request bodies ([`media`](super::media)); protobuf and CBOR, which are never answered.

use bytes::Bytes;
use http::{HeaderMap, header};
use kube::core::Status;
use serde_json::Value;

use super::{
    kinds::Kind,
    media,
    requests::Request,
    status,
    table::{self, Include},
    text::{self, Form},
    yaml,
};

const TYPES: &str = "application/json, application/yaml, application/vnd.kubernetes.protobuf";
const STREAMS: &str = "application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch";
/// Where the server itself has nothing but JSON.
const JSON_ONLY: &str = "application/json";

/// The wishes of a client, the dearest one first.
pub(super) struct Accept {
    offers: Vec<Offer>,
    /// Whether JSON is to be indented, as far as it is not said with the type.
    pretty: bool,
}

/// One type a client accepts, with its parameters.
struct Offer {
    media_type: String,
    quality: f64,
    parameters: Vec<(String, String)>,
}

/// How an answer is to look.
#[derive(Debug, Clone)]
pub(super) struct Look {
    pub(super) form: Form,
    /// Whether objects become a Table.
    pub(super) table: Option<table::Options>,
    /// Whether the first event of a watch ends it, as no event can look as it was asked to.
    pub(super) unfit: bool,
    /// Why objects do not have the form that is asked for. Servers find that out once there are any.
    pub(super) misfit: Option<Box<Status>>,
    pub(super) encoding: Encoding,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    Json,
    Indented,
    Yaml,
}

impl Encoding {
    pub(super) fn media_type(self) -> &'static str {
        if self == Encoding::Yaml { "application/yaml" } else { "application/json" }
    }

    /// A JSON text the way it is to look.
    pub(super) fn encode(self, json: &Bytes) -> Bytes {
        match self {
            Encoding::Json => [&**json, b"\n"].concat().into(),
            Encoding::Indented => text::indented(json),
            Encoding::Yaml => match serde_json::from_slice::<Value>(json) {
                Ok(value) => yaml::emit(&value).into(),
                Err(_) => json.clone(),
            },
        }
    }
}

impl Accept {
    pub(super) fn new(request: &Request, headers: &HeaderMap) -> Self {
        let header = request.accept.as_deref().filter(|header| !header.is_empty()).unwrap_or("*/*");
        let mut offers: Vec<_> = header.split(',').filter_map(Offer::read).collect();
        // What is said more precisely is dearer.
        let wide = |offer: &Offer| offer.media_type.matches('*').count();
        offers.sort_by(|a, b| b.quality.total_cmp(&a.quality).then(wide(a).cmp(&wide(b))));
        let agent = headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
        let by_hand = ["curl", "Wget", "Mozilla/5.0"].iter().any(|start| agent.starts_with(start));
        let pretty = match request.param("pretty").filter(|said| !said.is_empty()) {
            Some(said) => ["1", "t", "T", "true", "TRUE", "True"].contains(&said),
            None => by_hand,
        };
        Accept { offers, pretty }
    }

    /// How objects of a kind are to look.
    pub(super) fn objects(&self, request: &Request, kind: &Kind) -> Result<Look, Box<Status>> {
        let (watch, list) = (request.verb == "watch", ["list", "deletecollection"].contains(&request.verb.as_str()));
        let produced = if watch || request.verb == "list" { format!("{TYPES}, {STREAMS}") } else { TYPES.to_owned() };
        if !kind.custom {
            self.produced(&produced)?;
        }
        for offer in &self.offers {
            let Some(encoding) = self.encoding(offer) else { continue };
            let mut look = Look { form: Form::Whole, table: None, unfit: false, misfit: None, encoding };
            match offer.conversion() {
                None => {}
                Some(("Table", version)) => {
                    look.form = Form::Kept;
                    look.table = Some(table::Options { include: Include::Metadata, version });
                }
                Some(("PartialObjectMetadata", _)) if !list => look.form = Form::Metadata,
                Some(("PartialObjectMetadataList", _)) if list => look.form = Form::Metadata,
                Some(("PartialObjectMetadataList", _)) if watch => look.unfit = true,
                Some((wrong @ ("PartialObjectMetadata" | "PartialObjectMetadataList"), _)) => {
                    let is = if list { "a list" } else { "not a list" };
                    let go = go_type(kind, list);
                    let message = format!("you requested {wrong}, but the requested object is {is} ({go})");
                    look.misfit = Some(status::failure(406, "NotAcceptable", message));
                }
                Some(_) => continue,
            }
            if let Some(table) = &mut look.table {
                table.include = Include::read(request)?;
            }
            if watch && encoding == Encoding::Yaml {
                look.misfit = Some(unacceptable(STREAMS));
            }
            return Ok(look);
        }
        Err(self.nothing_acceptable())
    }

    /// How a document that describes the server is to look.
    pub(super) fn document(&self) -> Result<Encoding, Box<Status>> {
        self.produced(TYPES)?;
        self.plain().ok_or_else(|| self.nothing_acceptable())
    }

    /// Protobuf is what a real server would have had.
    fn nothing_acceptable(&self) -> Box<Status> {
        if self.offers.iter().any(|offer| offer.media_type == media::PROTOBUF) {
            let message = "this fake cluster writes no protobuf: accept application/json or application/yaml";
            return status::failure(406, "NotAcceptable", message);
        }
        unacceptable(TYPES)
    }

    /// Refuses clients that do not accept JSON, where there is nothing else.
    pub(super) fn json_only(&self) -> Result<(), Box<Status>> {
        self.produced(JSON_ONLY)
    }

    /// The dearest of these types, of which the first is as good as any.
    pub(super) fn one_of<'t>(&self, types: &[&'t str]) -> Option<&'t str> {
        self.offers.iter().find_map(|offer| match offer.media_type.as_str() {
            "*/*" | "application/*" => types.first().copied(),
            named => types.iter().find(|known| **known == named).copied(),
        })
    }

    /// How a Status is to look that says what went wrong: there always is one, accepted or not.
    pub(super) fn refusals(&self) -> Encoding {
        self.plain().unwrap_or(Encoding::Indented)
    }

    /// How aggregated discovery is to look, if it is what the client would rather have.
    pub(super) fn aggregated(&self) -> Option<Encoding> {
        let offers = self.offers.iter().filter(|offer| {
            let of = |name: &str| offer.parameter(name).unwrap_or_default();
            (of("g"), of("v"), of("as")) == ("apidiscovery.k8s.io", "v2", "APIGroupDiscoveryList")
        });
        offers.into_iter().find_map(|offer| self.encoding(offer))
    }

    /// Something without another form.
    fn plain(&self) -> Option<Encoding> {
        let mut plain = self.offers.iter().filter(|offer| offer.conversion().is_none());
        plain.find_map(|offer| self.encoding(offer))
    }

    fn encoding(&self, offer: &Offer) -> Option<Encoding> {
        if offer.parameter("stream").is_some_and(|stream| !["", "watch"].contains(&stream)) {
            return None;
        }
        match offer.media_type.as_str() {
            "application/json" | "application/*" | "*/*" if self.pretty || offer.parameter("pretty") == Some("1") => {
                Some(Encoding::Indented)
            }
            "application/json" | "application/*" | "*/*" => Some(Encoding::Json),
            "application/yaml" => Some(Encoding::Yaml),
            _ => None,
        }
    }

    /// The server looks at the bare names of types first, and at the rest later.
    fn produced(&self, types: &str) -> Result<(), Box<Status>> {
        let known =
            |offer: &Offer| offer.media_type == "*/*" || types.split(", ").any(|known| known == offer.media_type);
        if self.offers.iter().any(known) {
            return Ok(());
        }
        Err(status::not_produced(types))
    }
}

impl Offer {
    fn read(text: &str) -> Option<Self> {
        let mut parts = text.split(';').map(str::trim);
        let media_type = parts.next().filter(|media_type| !media_type.is_empty())?;
        let media_type = if media_type == "*" { "*/*" } else { media_type };
        let pairs = parts.filter_map(|part| part.split_once('='));
        let pairs: Vec<_> = pairs.map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned())).collect();
        let quality = pairs.iter().find(|(name, _)| name == "q").map_or(1.0, |(_, value)| value.parse().unwrap_or(0.0));
        Some(Offer { media_type: media_type.to_owned(), quality, parameters: pairs })
    }

    fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The form objects are to be brought into and its version, empty where there is no such form.
    fn conversion(&self) -> Option<(&str, &'static str)> {
        let [form, group, version] = ["as", "g", "v"].map(|name| self.parameter(name));
        if (form, group, version) == (None, None, None) {
            return None;
        }
        let form = form.filter(|_| group == Some("meta.k8s.io")).unwrap_or_default();
        match version {
            Some("v1") => Some((form, "v1")),
            Some("v1beta1") => Some((form, "v1beta1")),
            _ => Some(("", "")),
        }
    }
}

fn unacceptable(types: &str) -> Box<Status> {
    status::failure(406, "NotAcceptable", format!("only the following media types are accepted: {types}"))
}

/// What the server's own language calls objects of a kind.
fn go_type(kind: &Kind, list: bool) -> String {
    let package = match kind.group.split('.').next().unwrap_or_default() {
        _ if kind.custom => return format!("*unstructured.Unstructured{}", if list { "List" } else { "" }),
        "" | "events" => "core",
        first => first,
    };
    format!("*{package}.{}", if list { &kind.list } else { &kind.kind })
}
