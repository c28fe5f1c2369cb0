//! Cases of quotas.

/// The cases of quotas, by what they need.
#[doc(hidden)]
#[macro_export]
macro_rules! __quota_cases {
    ($then:ident $($args:tt)*) => {
        $crate::$then! { $($args)* quotas
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

crate::__quota_cases!(__registry);
