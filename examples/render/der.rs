//! DER, the encoding of certificates: elements with a tag, a length and a content.

pub const SEQUENCE: u8 = 0x30;
pub const SET: u8 = 0x31;
pub const INTEGER: u8 = 0x02;
pub const BIT_STRING: u8 = 0x03;
pub const OBJECT_ID: u8 = 0x06;
pub const VERSION: u8 = 0xa0;
pub const EXTENSIONS: u8 = 0xa3;
pub const UTF8_STRING: u8 = 0x0c;
pub const PRINTABLE_STRING: u8 = 0x13;
pub const IA5_STRING: u8 = 0x16;
pub const TIMES: [u8; 2] = [0x17, 0x18];

/// A run of DER elements; reading one gives its content and what follows it.
#[derive(Clone, Copy)]
pub struct Der<'a>(pub &'a [u8]);

impl<'a> Der<'a> {
    pub fn take(self, expected: u8) -> Option<(Der<'a>, Der<'a>)> {
        let (tag, content, rest) = self.any()?;
        (tag == expected).then_some((content, rest))
    }

    pub fn enter(self, expected: u8) -> Option<Der<'a>> {
        self.take(expected).map(|(content, _)| content)
    }

    pub fn any(self) -> Option<(u8, Der<'a>, Der<'a>)> {
        let (&tag, rest) = self.0.split_first()?;
        let (&first, rest) = rest.split_first()?;
        let (length, rest) = match first {
            0..=0x7f => (usize::from(first), rest),
            0x81..=0x83 => {
                let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
                let length = digits.iter().fold(0, |sum, &digit| sum << 8 | usize::from(digit));
                (length, rest)
            }
            _ => return None,
        };
        let (content, rest) = rest.split_at_checked(length)?;
        Some((tag, Der(content), Der(rest)))
    }
}
