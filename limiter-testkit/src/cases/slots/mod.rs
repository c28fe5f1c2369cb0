//! Cases of slots.

/// The cases of slots, by what they need.
#[doc(hidden)]
#[macro_export]
macro_rules! __slot_cases {
    ($then:ident $($args:tt)*) => {
        $crate::$then! { $($args)* slots
            plain {}
            clock {}
            together {}
            together_clock {}
            apart {}
            shared {}
            durable {}
        }
    };
}

crate::__slot_cases!(__registry);
