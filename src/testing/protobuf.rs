//! Request bodies in protobuf, in which Go's clients send objects of built-in kinds: an envelope that names the type,
//! and a message of that type. Messages number their fields; [`Shapes`](super::shape::Shapes) knows the numbers.
//!
//! Unknown fields are skipped, as clients may be newer than the server. Not here: answers, which are JSON for all
//! clients that accept it; custom kinds, which have no messages; CustomResourceDefinitions, whose schemas have some of
//! their own.

mod message;
mod wire;

use bytes::Bytes;
use serde_json::{Map, Value};

use super::shape::Shape;
use wire::Fields;

/// What all messages begin with.
const MAGIC: &[u8] = b"k8s\0";

/// What is said around a message.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Envelope {
    pub(super) api_version: String,
    pub(super) kind: String,
    message: Vec<u8>,
}

impl Envelope {
    pub(super) fn read(body: &Bytes) -> Result<Self, String> {
        if body.is_empty() {
            return Err("empty data".to_owned());
        }
        let Some(rest) = body.strip_prefix(MAGIC) else {
            let message = "provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]";
            return Err(message.to_owned());
        };
        if rest.is_empty() {
            return Err("empty body".to_owned());
        }
        let mut envelope = Envelope::default();
        for field in Fields::of(rest) {
            let field = field?;
            match field.number {
                1 => {
                    for field in Fields::of(field.bytes("TypeMeta")?) {
                        let field = field?;
                        match field.number {
                            1 => envelope.api_version = text(field.bytes("APIVersion")?),
                            2 => envelope.kind = text(field.bytes("Kind")?),
                            _ => {}
                        }
                    }
                }
                2 => envelope.message = field.bytes("Raw")?.to_vec(),
                _ => {}
            }
        }
        Ok(envelope)
    }

    /// What the message says, as JSON has it: with the empty fields that Go's clients write.
    pub(super) fn value(&self, shape: Shape<'_>) -> Result<Value, String> {
        let mut object = Map::new();
        message::structure(&self.message, shape, &[], &mut object)?;
        Ok(object.into())
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};
    use serde_json::json;

    use super::*;
    use crate::testing::shape::Shapes;

    /// A field whose content is bytes.
    fn field(number: u8, content: &[u8]) -> Vec<u8> {
        [&[number << 3 | 2, content.len() as u8], content].concat()
    }

    fn number(number: u8, value: u8) -> Vec<u8> {
        vec![number << 3, value]
    }

    fn said(kind: &str, message: &[u8]) -> Result<Value, String> {
        let envelope = Envelope { message: message.to_vec(), ..Envelope::default() };
        envelope.value(Shapes::built_in().kind("v1", kind))
    }

    #[test]
    fn an_envelope_says_what_is_in_it_or_why_not() {
        let about = [field(1, b"v1"), field(2, b"Secret")].concat();
        let body = [b"k8s\0".to_vec(), field(1, &about), field(2, b"x"), field(3, b""), field(9, b"new")].concat();
        let expected = Envelope { api_version: "v1".to_owned(), kind: "Secret".to_owned(), message: b"x".to_vec() };
        assert_eq!(Envelope::read(&body.into()), Ok(expected));
        assert_eq!(Envelope::read(&Bytes::new()), Err("empty data".to_owned()));
        assert_eq!(Envelope::read(&Bytes::from_static(b"k8s\0")), Err("empty body".to_owned()));
        assert_eq!(Envelope::read(&Bytes::from_static(b"k8s\0\x0a\x09")), Err("unexpected EOF".to_owned()));
        let no_prefix = Envelope::read(&Bytes::from_static(b"{}")).expect_err("no protobuf");
        assert!(no_prefix.starts_with("provided data does not appear to be a protobuf message"), "{no_prefix}");
    }

    #[test]
    fn fields_have_the_names_and_forms_of_json() {
        let time = field(8, &[number(1, 60), number(2, 5)].concat());
        let labels = [field(11, &[field(1, b"a"), field(2, b"b")].concat()), field(11, &field(1, b"c"))].concat();
        let metadata = [field(1, b"s"), time, labels.iter().copied().chain(number(7, 3)).collect()].concat();
        let secret = [field(1, &metadata), field(2, &[field(1, b"k"), field(2, b"\0\xff")].concat()), number(5, 1)];
        assert_eq!(
            said("Secret", &secret.concat()),
            Ok(json!({
                "metadata": {
                    "name": "s", "creationTimestamp": "1970-01-01T00:01:00Z", "labels": {"a": "b", "c": ""}, "generation": 3,
                },
                "data": {"k": "AP8="}, "immutable": true,
            }))
        );
    }

    #[test]
    fn structures_within_their_own_do_not_show() {
        let volume = [field(1, b"v"), field(2, &field(6, &field(1, b"s")))].concat();
        let groups = [number(4, 1), number(4, 2), field(4, &[3, 4])].concat();
        let spec = [field(1, &volume), field(14, &groups), number(4, 30)].concat();
        assert_eq!(
            said("Pod", &field(2, &spec)),
            Ok(json!({"spec": {
                "volumes": [{"name": "v", "secret": {"secretName": "s"}}],
                "securityContext": {"supplementalGroups": [1, 2, 3, 4]},
                "terminationGracePeriodSeconds": 30,
            }}))
        );
    }

    #[test]
    fn ports_are_numbers_or_names_and_quantities_texts() {
        let port = |target: &[u8]| field(1, &[number(3, 80), field(4, target)].concat());
        let named = [number(1, 1), number(2, 0), field(3, b"web")].concat();
        let ports = [port(&number(2, 90)), port(&named)].concat();
        assert_eq!(
            said("Service", &field(2, &ports)),
            Ok(json!({"spec": {"ports": [{"port": 80, "targetPort": 90}, {"port": 80, "targetPort": "web"}]}}))
        );
        let hard = [field(1, b"cpu"), field(2, &field(1, b"2"))].concat();
        let quota = field(2, &[field(1, &hard), field(1, &field(1, b"pods"))].concat());
        assert_eq!(said("ResourceQuota", &quota), Ok(json!({"spec": {"hard": {"cpu": "2", "pods": "0"}}})));
    }

    proptest! {
        // Half of them are nearly messages: fields in each other, with anything in between.
        #[test]
        fn whatever_is_sent_is_read_or_refused(
            parts in vec((1_u8..20, vec(any::<u8>(), 0..12)), 0..12), nested in any::<bool>(), kind in 0_usize..4,
        ) {
            let kind = ["Pod", "Service", "ResourceQuota", "ControllerRevision"][kind];
            let mut message: Vec<u8> = parts.iter().flat_map(|(number, content)| match nested {
                true => field(*number % 16, content),
                false => content.clone(),
            }).collect();
            for number in [2, 1].into_iter().filter(|_| nested) {
                message = if message.len() < 128 { field(number, &message) } else { message };
            }
            if let Ok(value) = said(kind, &message) {
                prop_assert!(value.is_object());
            }
            if let Ok(envelope) = Envelope::read(&[MAGIC, &message].concat().into()) {
                prop_assert!(envelope.message.len() <= message.len());
            }
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        assert_eq!(said("Secret", &number(1, 5)), Err("proto: wrong wireType = 0 for field metadata".to_owned()));
        assert_eq!(said("Secret", b"\x0a\x05ab"), Err("unexpected EOF".to_owned()));
        let time = field(1, &field(8, &[8, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]));
        assert_eq!(said("Secret", &time), Err("562949953421311 seconds since 1970 are no time".to_owned()));
        assert_eq!(said("Secret", &field(9, b"from the future")), Ok(json!({})));
    }
}
