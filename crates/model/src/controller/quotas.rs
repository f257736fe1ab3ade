//! Client quotas (`ClientQuotaControlManager.alterClientQuotas`).
//!
//! Invariant: a refused request changes none of its entities.

use super::records::MetadataRecord;
use crate::api::ErrorCode;
use crate::api::request::AlterClientQuotas;
use crate::quota::{QuotaEntity, Whose};
use alloc::vec::Vec;

/// Records that change the quotas of one entity.
pub fn alter(request: &AlterClientQuotas) -> Result<Vec<MetadataRecord>, ErrorCode> {
    let QuotaEntity { user, client_id } = &request.entity;
    let nameless =
        |whose: &Option<Whose>| matches!(whose, Some(Whose::Named(name)) if name.is_empty());
    if (user.is_none() && client_id.is_none()) || nameless(user) || nameless(client_id) {
        return Err(ErrorCode::InvalidRequest);
    }
    if request.ops.iter().any(|(_, value)| value.is_some_and(|value| value <= 0)) {
        return Err(ErrorCode::InvalidRequest);
    }
    let record = |(key, value): &(_, _)| MetadataRecord::ClientQuota {
        entity: request.entity.clone(),
        key: *key,
        value: *value,
    };
    Ok(request.ops.iter().map(record).collect())
}
