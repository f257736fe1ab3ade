//! A shared slice behind one thin pointer.
//!
//! Records exist by the million and hold three of them each; a pointer with the length beside the contents, and no count of weak
//! references, halves what a record takes. Invariant: it never changes, and hashes and compares as its slice does.

use alloc::vec::Vec;
use core::fmt::{self, Debug, Formatter};
use core::hash::{Hash, Hasher};
use core::ops::Deref;
use triomphe::ThinArc;

/// A slice that every clone shares.
pub struct Shared<T>(ThinArc<(), T>);

impl<T> Deref for Shared<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0.slice
    }
}

impl<T> AsRef<[T]> for Shared<T> {
    fn as_ref(&self) -> &[T] {
        self
    }
}

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T: Copy> From<&[T]> for Shared<T> {
    fn from(items: &[T]) -> Self {
        Self(ThinArc::from_header_and_slice((), items))
    }
}

impl<T, const N: usize> From<[T; N]> for Shared<T> {
    fn from(items: [T; N]) -> Self {
        Self(ThinArc::from_header_and_iter((), items.into_iter()))
    }
}

impl<T> From<Vec<T>> for Shared<T> {
    fn from(items: Vec<T>) -> Self {
        Self(ThinArc::from_header_and_iter((), items.into_iter()))
    }
}

impl<T> FromIterator<T> for Shared<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        Self::from(items.into_iter().collect::<Vec<_>>())
    }
}

impl<T: PartialEq> PartialEq for Shared<T> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl<T: Eq> Eq for Shared<T> {}

impl<T: PartialOrd> PartialOrd for Shared<T> {
    fn partial_cmp(&self, other: &Self) -> Option<core::cmp::Ordering> {
        (**self).partial_cmp(&**other)
    }
}

impl<T: Ord> Ord for Shared<T> {
    fn cmp(&self, other: &Self) -> core::cmp::Ordering {
        (**self).cmp(&**other)
    }
}

impl<T: Hash> Hash for Shared<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (**self).hash(state);
    }
}

impl<T: Debug> Debug for Shared<T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest_of;
    use alloc::vec;

    #[test]
    fn it_is_one_pointer_and_equals_its_slice() {
        let bytes = Shared::from(b"trip".as_slice());
        assert_eq!(size_of::<Option<Shared<u8>>>(), size_of::<usize>());
        assert_eq!(
            (&*bytes, bytes.clone()),
            (b"trip".as_slice(), Shared::from(vec![b't', b'r', b'i', b'p']))
        );
        assert_eq!(digest_of(&bytes), digest_of(&b"trip".as_slice()));
        assert!(Shared::from([1]) < Shared::from([2]));
    }
}
