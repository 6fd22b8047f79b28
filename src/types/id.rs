//! Ids. Outside, an id is a word ([`Id`]); inside the engine, the ids that we make are numbers of their own types.

use std::fmt;

use crate::error::{Error, Result, shown};

/// An id as a face shows it: digits for what tieback makes, any word for what a server gave.
///
/// REST v1.0 writes ids as integers and v2.0 as strings; newer Procore tools use ULIDs. A word holds them all, and no
/// id passes through a floating-point number.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(Box<str>);

impl Id {
    /// The longest id that is taken as input, in bytes.
    pub const MAX_LEN: usize = 128;

    /// Takes an id as it came from a server or a store.
    pub fn new(text: impl Into<Box<str>>) -> Self {
        Self(text.into())
    }

    /// Takes an id that a caller gave.
    ///
    /// # Errors
    /// `invalid_argument` when it is empty, longer than [`Id::MAX_LEN`], has characters other than visible ASCII, or
    /// is a negative number or one over 63 bits.
    pub fn parse(what: &str, text: &str) -> Result<Self> {
        let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
        if text.is_empty() || text.len() > Self::MAX_LEN || !text.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(Error::invalid(format!(
                "{what} `{}` is not an id: give 1 to {} visible ASCII characters",
                shown(text),
                Self::MAX_LEN
            )));
        }
        if digits.bytes().all(|b| b.is_ascii_digit()) && text.parse::<i64>().map_or(true, |number| number < 0) {
            return Err(Error::invalid(format!("{what} `{text}` is out of range: numeric ids are 0 to 2^63-1")));
        }
        Ok(Self(text.into()))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The id as a number, if it is one of at most 63 bits written without sign or leading zeros.
    pub fn number(&self) -> Option<i64> {
        let number: i64 = self.0.parse().ok()?;
        (number >= 0 && number.to_string() == *self.0).then_some(number)
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<i64> for Id {
    fn from(number: i64) -> Self {
        Self(number.to_string().into())
    }
}

macro_rules! row_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub i64);

        impl $name {
            /// The row that this id can only mean, if it is one of ours.
            pub fn from_id(id: &Id) -> Option<Self> {
                id.number().map(Self)
            }
        }

        impl From<$name> for Id {
            fn from(row: $name) -> Self {
                Self::from(row.0)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

row_id! {
    /// A hook of the embedded engine, and so its lane.
    HookId
}
row_id! {
    /// A trigger of the embedded engine.
    TriggerId
}
row_id! {
    /// A delivery of the embedded engine. Publish order is id order; ids are never reused.
    DeliveryId
}
row_id! {
    /// A worker that delivers from the embedded engine's store. Ids are never reused.
    WorkerId
}
row_id! {
    /// An event of the embedded engine, by its numeric [`Event::id`](crate::types::Event::id).
    EventId
}

impl EventId {
    /// The largest one that is made: what a payload's reader can hold in a double.
    pub const LAST: i64 = (1 << 53) - 1;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_63_bits_pass_and_larger_or_negative_ones_do_not() {
        assert_eq!(Id::parse("id", "5982324300946918154").unwrap().number(), Some(5_982_324_300_946_918_154));
        assert_eq!(Id::parse("id", "9223372036854775807").unwrap().number(), Some(i64::MAX));
        assert!(Id::parse("id", "9223372036854775808").is_err());
        assert!(Id::parse("id", "-1").is_err());
        assert!(Id::parse("id", "").is_err());
        assert!(Id::parse("id", "a b").is_err());
        assert_eq!(Id::parse("id", "01JMYXMZRBVKK0PC6XS8SA4QRE").unwrap().number(), None);
        assert_eq!(Id::parse("id", "007").unwrap().number(), None);
    }
}
