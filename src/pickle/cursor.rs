//! A position in the bytes. Every length is checked against what is left before a byte is taken.

use super::error::ReadErrorKind;

#[derive(Debug, Clone)]
pub(super) struct Cursor<'a> {
    bytes: &'a [u8],
    offset: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Cursor { bytes, offset: 0 }
    }

    pub(super) fn offset(&self) -> usize {
        self.offset
    }

    fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.offset..).unwrap_or_default()
    }

    /// The next `len` bytes.
    pub(super) fn take(&mut self, len: usize) -> Result<&'a [u8], ReadErrorKind> {
        let taken = self.rest().get(..len).ok_or(ReadErrorKind::UnexpectedEnd)?;
        self.offset += len;
        Ok(taken)
    }

    /// As many bytes as a claimed length says.
    pub(super) fn take_claimed(&mut self, len: u64) -> Result<&'a [u8], ReadErrorKind> {
        self.take(usize::try_from(len).map_err(|_| ReadErrorKind::UnexpectedEnd)?)
    }

    /// Up to the next newline, which is consumed and left out. A line must end in one, as in Python.
    pub(super) fn line(&mut self) -> Result<&'a [u8], ReadErrorKind> {
        let rest = self.rest();
        let end = rest.iter().position(|&byte| byte == b'\n').ok_or(ReadErrorKind::UnexpectedEnd)?;
        self.offset += end + 1;
        Ok(rest.get(..end).unwrap_or_default())
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], ReadErrorKind> {
        let (head, _) = self.rest().split_first_chunk::<N>().ok_or(ReadErrorKind::UnexpectedEnd)?;
        self.offset += N;
        Ok(*head)
    }

    pub(super) fn u8(&mut self) -> Result<u8, ReadErrorKind> {
        self.array().map(u8::from_le_bytes)
    }

    pub(super) fn u16(&mut self) -> Result<u16, ReadErrorKind> {
        self.array().map(u16::from_le_bytes)
    }

    pub(super) fn u32(&mut self) -> Result<u32, ReadErrorKind> {
        self.array().map(u32::from_le_bytes)
    }

    pub(super) fn i32(&mut self) -> Result<i32, ReadErrorKind> {
        self.array().map(i32::from_le_bytes)
    }

    pub(super) fn u64(&mut self) -> Result<u64, ReadErrorKind> {
        self.array().map(u64::from_le_bytes)
    }

    /// An IEEE double in network order, every bit kept.
    pub(super) fn f64(&mut self) -> Result<f64, ReadErrorKind> {
        self.array().map(f64::from_be_bytes)
    }

    /// The frame of protocol 4 must be there in full; what is in it is then read like everything else, as
    /// CPython's `_pickle.c` does.
    pub(super) fn check_frame(&self, len: u64) -> Result<(), ReadErrorKind> {
        if len > self.rest().len() as u64 { Err(ReadErrorKind::UnexpectedEnd) } else { Ok(()) }
    }
}
