//! Taking a list apart while it comes: its items, one by one, and what is around them. A whole page is never held.

use memchr::memchr2;

/// The longest item, and the longest text around them, that is read; the API server's own limit for one object is far
/// below.
const MAX: usize = 64 << 20;

/// The text was longer than [`MAX`].
#[derive(Debug)]
pub(super) struct TooLong;

/// Splits one JSON text as its bytes come.
#[derive(Default)]
pub(super) struct Splitter {
    /// All but the items: in their place is an empty list.
    around: Vec<u8>,
    /// The item at hand, as far as it has come.
    item: Vec<u8>,
    place: Place,
    /// How many lists and maps are open, counted within the item if there is one.
    depth: usize,
    /// Whether the next byte is of a string, and whether a backslash is before it.
    string: bool,
    escaped: bool,
    /// Where the string began that came last in the text around.
    last_string: usize,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Place {
    #[default]
    Around,
    /// Behind the name of the list's items.
    Named,
    /// Between items.
    Between,
    /// In an item: a list, a map or a string.
    Item,
    /// In an item that is none of these, and ends where the next thing begins.
    Bare,
}

impl Splitter {
    /// Takes more bytes, and hands out the items that are complete.
    pub(super) fn feed(&mut self, mut bytes: &[u8], mut found: impl FnMut(&Splitter, &[u8])) -> Result<(), TooLong> {
        while let Some(&byte) = bytes.first() {
            let taken = match self.place {
                _ if self.string => self.in_string(bytes),
                Place::Between => self.between(byte),
                Place::Bare if matches!(byte, b',' | b']' | b'}') || byte.is_ascii_whitespace() => 0,
                _ => self.structure(bytes),
            };
            let complete = match self.place {
                Place::Item => self.depth == 0 && !self.string,
                Place::Bare => taken == 0,
                _ => false,
            };
            if complete {
                let item = std::mem::take(&mut self.item);
                found(self, &item);
                // The room of one item is enough for the next.
                self.item = item;
                self.item.clear();
                self.place = Place::Between;
            }
            if self.around.len().max(self.item.len()) > MAX {
                return Err(TooLong);
            }
            bytes = &bytes[taken..];
        }
        Ok(())
    }

    /// What is around the items: so far, closed where it is open for them.
    pub(super) fn around_so_far(&self) -> Vec<u8> {
        [&*self.around, b"]}"].concat()
    }

    /// What is around the items.
    pub(super) fn into_around(self) -> Vec<u8> {
        self.around
    }

    fn take(&mut self, bytes: &[u8]) {
        match self.place {
            Place::Item | Place::Bare => &mut self.item,
            _ => &mut self.around,
        }
        .extend_from_slice(bytes);
    }

    /// Takes what is of a string, and tells how much that is.
    fn in_string(&mut self, bytes: &[u8]) -> usize {
        let end = if std::mem::take(&mut self.escaped) {
            1
        } else {
            match memchr2(b'"', b'\\', bytes) {
                Some(at) => {
                    self.escaped = bytes[at] == b'\\';
                    self.string = self.escaped;
                    at + 1
                }
                None => bytes.len(),
            }
        };
        self.take(&bytes[..end]);
        end
    }

    fn between(&mut self, byte: u8) -> usize {
        match byte {
            b']' => {
                self.around.push(byte);
                (self.place, self.depth) = (Place::Around, 1);
                1
            }
            b',' => 1,
            _ if byte.is_ascii_whitespace() => 1,
            b'{' | b'[' | b'"' => {
                (self.place, self.depth) = (Place::Item, 0);
                self.structure(&[byte])
            }
            _ => {
                self.place = Place::Bare;
                self.structure(&[byte])
            }
        }
    }

    /// Takes everything up to the next byte that opens or closes something, and that one; tells how much that is.
    fn structure(&mut self, bytes: &[u8]) -> usize {
        let means =
            |byte: &u8| matches!(byte, b'"' | b'{' | b'}' | b'[' | b']' | b':' | b',') || byte.is_ascii_whitespace();
        let skip = bytes.iter().take_while(|byte| !means(byte)).count();
        if skip > 0 {
            if self.place == Place::Named {
                self.place = Place::Around;
            }
            self.take(&bytes[..skip]);
            return skip;
        }
        let byte = bytes[0];
        match (byte, self.place) {
            (b'"', _) => {
                self.string = true;
                self.last_string = self.around.len();
                self.place = if self.place == Place::Named { Place::Around } else { self.place };
            }
            (b'[', Place::Named) => {
                self.around.push(byte);
                self.place = Place::Between;
                return 1;
            }
            (b'{' | b'[', _) => {
                self.depth += 1;
                self.place = if self.place == Place::Named { Place::Around } else { self.place };
            }
            (b'}' | b']', _) => self.depth = self.depth.saturating_sub(1),
            (b':', Place::Around) if self.depth == 1 && &self.around[self.last_string..] == b"\"items\"" => {
                self.place = Place::Named;
            }
            _ => {}
        }
        self.take(&bytes[..1]);
        1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    /// The items and what is around them, when the text comes in pieces that end at these places.
    fn split(text: &str, cuts: &[usize]) -> (Vec<String>, String) {
        let mut splitter = Splitter::default();
        let mut items = Vec::new();
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut % (text.len() + 1)).collect();
        cuts.extend([0, text.len()]);
        cuts.sort_unstable();
        for piece in cuts.windows(2) {
            let bytes = &text.as_bytes()[piece[0]..piece[1]];
            splitter.feed(bytes, |_, item| items.push(String::from_utf8(item.to_vec()).unwrap())).unwrap();
        }
        (items, String::from_utf8(splitter.into_around()).unwrap())
    }

    fn value() -> impl Strategy<Value = Value> {
        let scalar = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i32>().prop_map(Value::from),
            "[\"\\\\\\[\\]{},: a\n]{0,8}".prop_map(Value::from),
            Just(json!("items")),
        ];
        scalar.prop_recursive(3, 20, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::vec((prop_oneof![Just("items".to_owned()), "[a\"\\\\]{0,3}"], inner), 0..4)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn a_list_is_taken_apart_whatever_is_in_it_and_wherever_it_is_cut(
            items in prop::collection::vec(value(), 0..6),
            before in value(), after in value(), pretty: bool,
            cuts in prop::collection::vec(any::<usize>(), 0..30),
        ) {
            let mut list = json!({"a": before, "items": items, "z": after});
            let text = if pretty { serde_json::to_string_pretty(&list) } else { serde_json::to_string(&list) }.unwrap();
            let (found, around) = split(&text, &cuts);
            let found: Vec<Value> = found.iter().map(|item| serde_json::from_str(item).unwrap()).collect();
            prop_assert_eq!(found, items);
            list["items"] = json!([]);
            prop_assert_eq!(serde_json::from_str::<Value>(&around).unwrap(), list);
        }
    }

    #[test]
    fn what_is_no_list_is_left_as_it_is() {
        for text in [
            "",
            "<html>items: [1, 2]</html>",
            r#"{"items": null, "kind": "x"}"#,
            r#"{"items": {"items": [1]}}"#,
            "[1, 2]",
        ] {
            assert_eq!(split(text, &[1, 5, 12]), (vec![], text.to_owned()), "{text}");
        }
    }

    #[test]
    fn a_list_that_is_cut_off_has_the_items_that_are_whole() {
        let (items, around) = split(r#"{"kind":"XList","items":[{"a":1},{"b":[2,{}]},{"c":"#, &[30]);
        assert_eq!(
            (items, &*around),
            (vec![r#"{"a":1}"#.into(), r#"{"b":[2,{}]}"#.into()], r#"{"kind":"XList","items":["#)
        );
    }
}
