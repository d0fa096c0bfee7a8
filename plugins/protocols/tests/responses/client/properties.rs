//! Any request is read or refused, any answer can be read by the official client.
