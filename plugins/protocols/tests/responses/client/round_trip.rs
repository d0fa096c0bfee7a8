//! What a client of this API says, said again to a provider of it.
