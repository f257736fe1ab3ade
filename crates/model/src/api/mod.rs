//! Kafka's protocol as types: keys, error codes, requests and responses.
//!
//! Invariant: names, numbers and fields are Kafka 4.3.1's; what is left out decides nothing here.

pub mod error_code;
pub mod keys;
pub mod legacy;
pub mod request;
pub mod response;
pub mod share;

pub use error_code::ErrorCode;
pub use keys::ApiKey;
pub use legacy::{LegacyRequest, LegacyResponse};
pub use request::Request;
pub use response::Response;
pub use share::{ShareRequest, ShareResponse};
