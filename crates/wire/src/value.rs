//! Fields as a plain tree, and the `json!` notation to write one down.
//!
//! Invariant: the fields of an object stay in the order in which they were written.

use core::ops::{Index, IndexMut};

/// A field's value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Absent.
    Null,
    /// Yes or no.
    Bool(bool),
    /// Any whole number; Kafka's widest is 64 bits, signed.
    Int(i64),
    /// Text.
    Text(String),
    /// An array.
    List(Vec<Self>),
    /// Fields by name.
    Object(Vec<(&'static str, Self)>),
}

impl Index<&'static str> for Value {
    type Output = Self;

    fn index(&self, key: &'static str) -> &Self {
        let Self::Object(fields) = self else { panic!("only objects have fields") };
        let field = fields.iter().find(|(known, _)| *known == key);
        &field.expect("there is such a field").1
    }
}

impl IndexMut<&'static str> for Value {
    /// A field of an object; one that is new stands behind the others.
    fn index_mut(&mut self, key: &'static str) -> &mut Self {
        let Self::Object(fields) = self else { panic!("only objects have fields") };
        let at = fields.iter().position(|(known, _)| *known == key).unwrap_or_else(|| {
            fields.push((key, Self::Null));
            fields.len() - 1
        });
        &mut fields[at].1
    }
}

impl FromIterator<Self> for Value {
    fn from_iter<I: IntoIterator<Item = Self>>(items: I) -> Self {
        Self::List(items.into_iter().collect())
    }
}

/// What can be a field's value.
pub trait ToValue {
    /// It as a value.
    fn value(&self) -> Value;
}

impl ToValue for Value {
    fn value(&self) -> Value {
        self.clone()
    }
}

impl ToValue for bool {
    fn value(&self) -> Value {
        Value::Bool(*self)
    }
}

impl ToValue for str {
    fn value(&self) -> Value {
        Value::Text(self.to_string())
    }
}

impl ToValue for String {
    fn value(&self) -> Value {
        Value::Text(self.clone())
    }
}

impl<T: ToValue + ?Sized> ToValue for &T {
    fn value(&self) -> Value {
        (*self).value()
    }
}

impl<T: ToValue> ToValue for Option<T> {
    fn value(&self) -> Value {
        self.as_ref().map_or(Value::Null, ToValue::value)
    }
}

impl<T: ToValue> ToValue for Vec<T> {
    fn value(&self) -> Value {
        self.iter().map(ToValue::value).collect()
    }
}

macro_rules! whole_numbers {
    ($($kind:ty)*) => {
        $(impl ToValue for $kind {
            fn value(&self) -> Value {
                Value::Int(*self as i64)
            }
        })*
    };
}

whole_numbers!(i8 i16 i32 i64 u8 u16 u32 u64 usize);

/// JSON as it is written: `json!({ "name": value, "list": [{ "inner": 1 }] })`.
macro_rules! json {
    (null) => { $crate::value::Value::Null };
    ({ $($fields:tt)* }) => {{
        #[allow(unused_mut, reason = "an object may be empty")]
        let mut fields: Vec<(&'static str, $crate::value::Value)> = Vec::new();
        json!(@fields fields $($fields)*);
        $crate::value::Value::Object(fields)
    }};
    ([ $($items:tt)* ]) => {{
        #[allow(unused_mut, reason = "a list may be empty")]
        let mut items: Vec<$crate::value::Value> = Vec::new();
        json!(@items items $($items)*);
        $crate::value::Value::List(items)
    }};
    (@fields $out:ident) => {};
    (@fields $out:ident $key:tt : null $(, $($rest:tt)*)?) => {
        $out.push(($key, $crate::value::Value::Null));
        $(json!(@fields $out $($rest)*);)?
    };
    (@fields $out:ident $key:tt : { $($inner:tt)* } $(, $($rest:tt)*)?) => {
        $out.push(($key, json!({ $($inner)* })));
        $(json!(@fields $out $($rest)*);)?
    };
    (@fields $out:ident $key:tt : [ $($inner:tt)* ] $(, $($rest:tt)*)?) => {
        $out.push(($key, json!([ $($inner)* ])));
        $(json!(@fields $out $($rest)*);)?
    };
    (@fields $out:ident $key:tt : $value:expr $(, $($rest:tt)*)?) => {
        $out.push(($key, $crate::value::ToValue::value(&$value)));
        $(json!(@fields $out $($rest)*);)?
    };
    (@items $out:ident) => {};
    (@items $out:ident { $($inner:tt)* } $(, $($rest:tt)*)?) => {
        $out.push(json!({ $($inner)* }));
        $(json!(@items $out $($rest)*);)?
    };
    (@items $out:ident $value:expr $(, $($rest:tt)*)?) => {
        $out.push($crate::value::ToValue::value(&$value));
        $(json!(@items $out $($rest)*);)?
    };
    ($value:expr) => { $crate::value::ToValue::value(&$value) };
}

pub(crate) use json;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_written_as_it_reads_and_keeps_its_order() {
        let name: Option<&str> = None;
        let told = json!({ "b": 1, "a": [{ "x": true }, "text"], "none": name, "empty": {}, "list": vec![1_i16] });
        let Value::Object(fields) = told else { panic!("an object") };
        let keys: Vec<_> = fields.iter().map(|(key, _)| *key).collect();
        assert_eq!(keys, ["b", "a", "none", "empty", "list"]);
        assert_eq!(fields[1].1, json!([{ "x": true }, "text"]));
        assert_eq!(fields[2].1, Value::Null);
        assert_eq!(fields[4].1, json!([1]));
    }
}
