//! The encoding of protobuf: numbered fields, each of which is a number or a run of bytes.

/// One field of a message.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Field<'b> {
    pub(super) number: u32,
    pub(super) wire: Wire<'b>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Wire<'b> {
    Number(u64),
    Double(u64),
    Bytes(&'b [u8]),
    Single(u32),
}

impl<'b> Field<'b> {
    pub(super) fn bytes(&self, name: &str) -> Result<&'b [u8], String> {
        match self.wire {
            Wire::Bytes(bytes) => Ok(bytes),
            _ => Err(self.mistyped(name)),
        }
    }

    pub(super) fn number(&self, name: &str) -> Result<u64, String> {
        match self.wire {
            Wire::Number(number) => Ok(number),
            _ => Err(self.mistyped(name)),
        }
    }

    pub(super) fn double(&self, name: &str) -> Result<f64, String> {
        match self.wire {
            Wire::Double(bits) => Ok(f64::from_bits(bits)),
            _ => Err(self.mistyped(name)),
        }
    }

    fn mistyped(&self, name: &str) -> String {
        let wire = match self.wire {
            Wire::Number(_) => 0,
            Wire::Double(_) => 1,
            Wire::Bytes(_) => 2,
            Wire::Single(_) => 5,
        };
        format!("proto: wrong wireType = {wire} for field {name}")
    }
}

/// The fields of a message, until there are no more or one cannot be read.
pub(super) struct Fields<'b> {
    rest: &'b [u8],
}

impl<'b> Fields<'b> {
    pub(super) fn of(message: &'b [u8]) -> Self {
        Fields { rest: message }
    }

    fn take(&mut self, length: usize) -> Result<&'b [u8], String> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or("unexpected EOF")?;
        self.rest = rest;
        Ok(taken)
    }

    /// Seven bits a byte, the lowest first; the last has its highest bit unset.
    fn varint(&mut self) -> Result<u64, String> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.take(1)?[0];
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err("proto: integer overflow".to_owned())
    }

    fn field(&mut self) -> Result<Field<'b>, String> {
        let tag = self.varint()?;
        let number = u32::try_from(tag >> 3).ok().filter(|number| *number > 0);
        let number = number.ok_or_else(|| format!("proto: illegal tag {} (wire type {})", tag >> 3, tag & 7))?;
        let wire = match tag & 7 {
            0 => Wire::Number(self.varint()?),
            1 => Wire::Double(u64::from_le_bytes(self.array()?)),
            2 => {
                let length = usize::try_from(self.varint()?).map_err(|_| "unexpected EOF")?;
                Wire::Bytes(self.take(length)?)
            }
            5 => Wire::Single(u32::from_le_bytes(self.array()?)),
            other => return Err(format!("proto: illegal wireType {other}")),
        };
        Ok(Field { number, wire })
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], String> {
        self.take(N)?.try_into().map_err(|_| "unexpected EOF".to_owned())
    }
}

impl<'b> Iterator for Fields<'b> {
    type Item = Result<Field<'b>, String>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let field = self.field();
        if field.is_err() {
            self.rest = &[];
        }
        Some(field)
    }
}

/// Numbers one after the other, without tags.
pub(super) fn numbers(packed: &[u8]) -> Result<Vec<u64>, String> {
    let (mut rest, mut numbers) = (Fields::of(packed), Vec::new());
    while !rest.rest.is_empty() {
        numbers.push(rest.varint()?);
    }
    Ok(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(message: &[u8]) -> Result<Vec<(u32, Wire<'_>)>, String> {
        Fields::of(message).map(|field| field.map(|field| (field.number, field.wire))).collect()
    }

    #[test]
    fn each_field_has_a_number_and_one_of_four_encodings() {
        let message = b"\x08\x96\x01\x12\x02ab\x19\0\0\0\0\0\0\xf0\x3f\xa5\x01\x01\0\0\0";
        let double = Wire::Double(1.0_f64.to_bits());
        let expected = [(1, Wire::Number(150)), (2, Wire::Bytes(b"ab")), (3, double), (20, Wire::Single(1))];
        assert_eq!(read(message), Ok(expected.to_vec()));
        assert_eq!(read(b""), Ok(Vec::new()));
        assert_eq!(numbers(b"\x01\x96\x01"), Ok(vec![1, 150]));
    }

    #[test]
    fn a_message_that_cannot_be_read_says_why() {
        let eof = "unexpected EOF";
        for (message, why) in [
            (&b"\x08"[..], eof),
            (b"\x08\xff", eof),
            (b"\x12\x05abc", eof),
            (b"\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", eof),
            (b"\x19\0", eof),
            (b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", "proto: integer overflow"),
            (b"\x00\x01", "proto: illegal tag 0 (wire type 0)"),
            (b"\x0b", "proto: illegal wireType 3"),
        ] {
            assert_eq!(read(message), Err(why.to_owned()), "{message:?}");
        }
    }
}
