//! Writes single opcodes of protocol 2 with their arguments, in the form that cPickle chooses.

use num_bigint::{BigInt, Sign};

use super::opcode as op;
use super::text::Text;

/// The maximum size of a written pickle in bytes.
pub(super) const MAX_OUTPUT: usize = 64 << 20;

/// Why a tree cannot be written.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum WriteError {
    /// The pickle would be larger than 64 MiB.
    #[error("the pickle would be longer than {MAX_OUTPUT} bytes")]
    TooLarge,
    /// Protocol 2 can't represent the value; the text names the value. Python 2 can't have written it.
    #[error("pickle protocol 2 cannot hold {0}")]
    Protocol(&'static str),
    /// An object needs itself as an argument to be made. No pickle can represent this.
    #[error("a value contains itself")]
    Cycle,
}

/// The bytes written so far.
#[derive(Debug)]
pub(super) struct Output {
    bytes: Vec<u8>,
}

impl Output {
    /// Starts with PROTO.
    pub(super) fn new() -> Self {
        Output { bytes: vec![op::PROTO, 2] }
    }

    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    pub(super) fn op(&mut self, opcode: u8) {
        self.bytes.push(opcode);
    }

    /// Ends with STOP.
    pub(super) fn finish(mut self) -> Vec<u8> {
        self.bytes.push(op::STOP);
        self.bytes
    }

    pub(super) fn float(&mut self, value: f64) {
        self.bytes.push(op::BINFLOAT);
        self.bytes.extend_from_slice(&value.to_be_bytes());
    }

    pub(super) fn str(&mut self, value: &[u8]) -> Result<(), WriteError> {
        match u8::try_from(value.len()) {
            Ok(len) => self.bytes.extend_from_slice(&[op::SHORT_BINSTRING, len]),
            Err(_) => self.opcode_and_length(op::BINSTRING, value.len())?,
        }
        self.bytes.extend_from_slice(value);
        Ok(())
    }

    pub(super) fn memo(&mut self, short: u8, long: u8, index: u32) {
        match u8::try_from(index) {
            Ok(index) => self.bytes.extend_from_slice(&[short, index]),
            Err(_) => {
                self.bytes.push(long);
                self.bytes.extend_from_slice(&index.to_le_bytes());
            }
        }
    }

    pub(super) fn int(&mut self, value: i64) {
        if let Ok(value) = u8::try_from(value) {
            self.bytes.extend_from_slice(&[op::BININT1, value]);
        } else if let Ok(value) = u16::try_from(value) {
            self.bytes.push(op::BININT2);
            self.bytes.extend_from_slice(&value.to_le_bytes());
        } else if let Ok(value) = i32::try_from(value) {
            self.bytes.push(op::BININT);
            self.bytes.extend_from_slice(&value.to_le_bytes());
        } else {
            self.bytes.push(op::INT);
            self.bytes.extend_from_slice(value.to_string().as_bytes());
            self.bytes.push(b'\n');
        }
    }

    pub(super) fn long(&mut self, value: &BigInt) -> Result<(), WriteError> {
        let bytes = if value.sign() == Sign::NoSign { Vec::new() } else { value.to_signed_bytes_le() };
        match u8::try_from(bytes.len()) {
            Ok(len) => self.bytes.extend_from_slice(&[op::LONG1, len]),
            Err(_) => self.opcode_and_length(op::LONG4, bytes.len())?,
        }
        self.bytes.extend_from_slice(&bytes);
        Ok(())
    }

    pub(super) fn text(&mut self, text: &Text) -> Result<(), WriteError> {
        self.opcode_and_length(op::BINUNICODE, text.as_bytes().len())?;
        self.bytes.extend_from_slice(text.as_bytes());
        Ok(())
    }

    pub(super) fn global(&mut self, module: &[u8], name: &[u8]) -> Result<(), WriteError> {
        if [module, name].iter().any(|name| name.is_empty() || name.contains(&b'\n')) {
            return Err(WriteError::Protocol("a class without a name, or with a line end in it"));
        }
        self.bytes.push(op::GLOBAL);
        for name in [module, name] {
            self.bytes.extend_from_slice(name);
            self.bytes.push(b'\n');
        }
        Ok(())
    }

    /// Writes an opcode and a length of four bytes, which is signed in Python 2.
    fn opcode_and_length(&mut self, opcode: u8, len: usize) -> Result<(), WriteError> {
        let len = i32::try_from(len).map_err(|_| WriteError::TooLarge)?;
        self.bytes.push(opcode);
        self.bytes.extend_from_slice(&len.to_le_bytes());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn emitted(emit: impl FnOnce(&mut Output)) -> Vec<u8> {
        let mut out = Output::new();
        emit(&mut out);
        let bytes = out.finish();
        bytes.strip_prefix(b"\x80\x02").unwrap().strip_suffix(b".").unwrap().to_vec()
    }

    #[test]
    fn ints_take_the_shortest_form() {
        for (value, wanted) in [
            (0, &b"K\0"[..]),
            (255, b"K\xff"),
            (256, b"M\0\x01"),
            (65535, b"M\xff\xff"),
            (65536, b"J\0\0\x01\0"),
            (-1, b"J\xff\xff\xff\xff"),
            (i64::from(i32::MIN), b"J\0\0\0\x80"),
            (1 << 31, b"I2147483648\n"),
            (i64::MIN, b"I-9223372036854775808\n"),
        ] {
            assert_eq!(emitted(|out| out.int(value)), wanted, "{value}");
        }
    }

    #[test]
    fn small_longs_are_written_as_long() {
        for (value, wanted) in
            [(0, &b"\x8a\0"[..]), (1, b"\x8a\x01\x01"), (-1, b"\x8a\x01\xff"), (128, b"\x8a\x02\x80\0")]
        {
            assert_eq!(emitted(|out| out.long(&BigInt::from(value)).unwrap()), wanted, "{value}");
        }
        let big = BigInt::from(1) << 2039;
        assert_eq!(emitted(|out| out.long(&big).unwrap())[..5], *b"\x8b\0\x01\0\0");
    }

    #[test]
    fn strings_over_255_bytes_use_four_length_bytes() {
        assert_eq!(emitted(|out| out.str(b"").unwrap()), b"U\0");
        assert_eq!(emitted(|out| out.str(&[b'a'; 255]).unwrap())[..2], *b"U\xff");
        assert_eq!(emitted(|out| out.str(&[b'a'; 256]).unwrap())[..5], *b"T\0\x01\0\0");
        assert_eq!(emitted(|out| out.text(&Text::from("\u{e9}")).unwrap()), b"X\x02\0\0\0\xc3\xa9");
        assert_eq!(emitted(|out| out.memo(op::BINPUT, op::LONG_BINPUT, 255)), b"q\xff");
        assert_eq!(emitted(|out| out.memo(op::BINPUT, op::LONG_BINPUT, 256)), b"r\0\x01\0\0");
    }
}
