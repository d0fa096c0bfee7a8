//! Objects whose members are read one by one.

/// Defines a struct of the members that an object may have, each under its own name, and `field`, which finds the place of one.
/// `null` is read as absent. Behind a semicolon stand fields that are no members.
macro_rules! members {
    (
        $(#[$attribute:meta])* $vis:vis struct $name:ident {
            $($(#[$doc:meta])* $field_vis:vis $field:ident,)+
            $(; $($(#[$other_doc:meta])* $other_vis:vis $other:ident: $kind:ty,)+)?
        }
    ) => {
        $(#[$attribute])*
        #[derive(Debug, Default)]
        $vis struct $name<'d> {
            $($(#[$doc])* $field_vis $field: Option<Value<'d>>,)+
            $($($(#[$other_doc])* $other_vis $other: $kind,)+)?
        }

        impl<'d> $name<'d> {
            fn field(&mut self, name: &str) -> Option<&mut Option<Value<'d>>> {
                $(if name == stringify!($field) {
                    return Some(&mut self.$field);
                })+
                None
            }
        }
    };
}
pub(crate) use members;
