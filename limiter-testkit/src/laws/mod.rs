//! Laws.

/// The laws of rates, by what they need.
#[doc(hidden)]
#[macro_export]
macro_rules! __rate_laws {
    ($then:ident $($args:tt)*) => {
        $crate::$then! { $($args)* rate_laws
            plain {}
            clock {}
            together_clock {}
        }
    };
}

/// The laws of slots, by what they need.
#[doc(hidden)]
#[macro_export]
macro_rules! __slot_laws {
    ($then:ident $($args:tt)*) => {
        $crate::$then! { $($args)* slot_laws
            plain {}
            clock {}
            together_clock {}
        }
    };
}

/// The laws of quotas, by what they need.
#[doc(hidden)]
#[macro_export]
macro_rules! __quota_laws {
    ($then:ident $($args:tt)*) => {
        $crate::$then! { $($args)* quota_laws
            plain {}
            clock {}
            together_clock {}
        }
    };
}

/// All of them.
pub(crate) const ALL: &[crate::suite::Property] = &[];
