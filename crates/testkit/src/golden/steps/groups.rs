//! Groups and their committed offsets, as the admin client sees and changes them.
//!
//! Invariant: the answer is the coordinator's.

use crate::golden::action::{AlterOffsets, RemoveMembers};
use crate::golden::stage::{Stage, Stop};
use serde_json::Value;

pub fn describe(_stage: &mut Stage, _group: &str) -> Result<Value, Stop> {
    Err(Stop::lacks("group"))
}

pub fn offsets(_stage: &mut Stage, _group: &str) -> Result<Value, Stop> {
    Err(Stop::lacks("group-offsets"))
}

pub fn alter_offsets(_stage: &mut Stage, _args: &AlterOffsets) -> Result<Value, Stop> {
    Err(Stop::lacks("alter-offsets"))
}

pub fn delete(_stage: &mut Stage, _group: &str) -> Result<Value, Stop> {
    Err(Stop::lacks("delete-group"))
}

pub fn remove_members(_stage: &mut Stage, _args: &RemoveMembers) -> Result<Value, Stop> {
    Err(Stop::lacks("remove-members"))
}
