//! Kafka's binary encoding, as far as records of the offsets topic need it (`org.apache.kafka.common.protocol.types`).
//!
//! Invariant: what a [`Writer`] wrote, a [`Reader`] reads back; a reader of anything else says none instead of failing.

use crate::ids::{Bytes, Name};
use alloc::vec::Vec;

/// Writes big-endian numbers, and strings and arrays with their lengths.
#[derive(Debug, Default)]
pub struct Writer(Vec<u8>);

impl Writer {
    /// Begins with a version.
    pub fn version(version: i16) -> Self {
        let mut writer = Self::default();
        writer.i16(version);
        writer
    }

    /// What was written.
    pub fn bytes(self) -> Bytes {
        self.0.into()
    }

    /// An INT16.
    pub fn i16(&mut self, value: i16) {
        self.0.extend(value.to_be_bytes());
    }

    /// An INT32.
    pub fn i32(&mut self, value: i32) {
        self.0.extend(value.to_be_bytes());
    }

    /// An INT64.
    pub fn i64(&mut self, value: i64) {
        self.0.extend(value.to_be_bytes());
    }

    /// A NULLABLE_STRING.
    pub fn string(&mut self, value: Option<&str>) {
        match value {
            None => self.i16(-1),
            Some(text) => {
                self.i16(text.len() as i16);
                self.0.extend(text.as_bytes());
            }
        }
    }

    /// NULLABLE_BYTES.
    pub fn blob(&mut self, value: Option<&[u8]>) {
        match value {
            None => self.i32(-1),
            Some(bytes) => {
                self.i32(bytes.len() as i32);
                self.0.extend(bytes);
            }
        }
    }

    /// An ARRAY.
    pub fn array<T>(
        &mut self,
        items: impl ExactSizeIterator<Item = T>,
        mut write: impl FnMut(&mut Self, T),
    ) {
        self.i32(items.len() as i32);
        for item in items {
            write(self, item);
        }
    }
}

/// Reads what a [`Writer`] wrote.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// From the beginning.
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// An INT16.
    pub fn i16(&mut self) -> Option<i16> {
        self.take(2)?.try_into().ok().map(i16::from_be_bytes)
    }

    /// An INT32.
    pub fn i32(&mut self) -> Option<i32> {
        self.take(4)?.try_into().ok().map(i32::from_be_bytes)
    }

    /// An INT64.
    pub fn i64(&mut self) -> Option<i64> {
        self.take(8)?.try_into().ok().map(i64::from_be_bytes)
    }

    /// A NULLABLE_STRING: unreadable, or null, or text.
    pub fn string(&mut self) -> Option<Option<Name>> {
        match usize::try_from(self.i16()?) {
            Err(_) => Some(None),
            Ok(length) => {
                core::str::from_utf8(self.take(length)?).ok().map(|text| Some(text.into()))
            }
        }
    }

    /// A STRING.
    pub fn name(&mut self) -> Option<Name> {
        self.string()?
    }

    /// NULLABLE_BYTES: unreadable, or null, or bytes.
    pub fn blob(&mut self) -> Option<Option<&'a [u8]>> {
        match usize::try_from(self.i32()?) {
            Err(_) => Some(None),
            Ok(length) => self.take(length).map(Some),
        }
    }

    /// An ARRAY.
    pub fn array<T>(&mut self, mut read: impl FnMut(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let length = self.i32()?;
        (0..length).map(|_| read(self)).collect()
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    #[test]
    fn what_was_written_reads_back_and_nothing_more() {
        let mut out = Writer::version(3);
        out.i64(-5);
        out.string(None);
        out.string(Some("żółw"));
        out.blob(Some(&[1, 2]));
        out.array([7, 8].into_iter(), Writer::i32);
        let bytes = out.bytes();
        let mut from = Reader::new(&bytes);
        assert_eq!((from.i16(), from.i64(), from.string()), (Some(3), Some(-5), Some(None)));
        assert_eq!(from.name().as_deref(), Some("żółw"));
        assert_eq!(from.blob(), Some(Some(&[1, 2][..])));
        assert_eq!(from.array(Reader::i32), Some(vec![7, 8]));
        assert_eq!(from.i16(), None);
    }

    #[test]
    fn a_length_that_promises_too_much_is_unreadable() {
        let mut out = Writer::default();
        out.i32(i32::MAX);
        let bytes = out.bytes();
        assert_eq!(Reader::new(&bytes).array(Reader::i32), None);
        assert_eq!(Reader::new(&bytes).blob(), None);
    }
}
