//! Sequences.

/// The sequences of rates, by what they need.
#[doc(hidden)]
#[macro_export]
macro_rules! __rate_sequences {
    ($then:ident $($args:tt)*) => {
        $crate::$then! { $($args)* rate_sequences
            plain {}
            clock {}
            together_clock {}
        }
    };
}

/// The sequences of slots, by what they need.
#[doc(hidden)]
#[macro_export]
macro_rules! __slot_sequences {
    ($then:ident $($args:tt)*) => {
        $crate::$then! { $($args)* slot_sequences
            plain {}
            clock {}
            together_clock {}
        }
    };
}

/// The sequences of quotas, by what they need.
#[doc(hidden)]
#[macro_export]
macro_rules! __quota_sequences {
    ($then:ident $($args:tt)*) => {
        $crate::$then! { $($args)* quota_sequences
            plain {}
            clock {}
            together_clock {}
        }
    };
}

/// All of them.
pub(crate) const ALL: &[crate::suite::Property] = &[];
