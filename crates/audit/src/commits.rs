//! Commits: from whom a group's coordinator takes offsets.
//!
//! A coordinator decides when it reads the request and appends at once, so the group that is seen with the append is the one that
//! decided. Invariant: a commit that is in the log was taken by the broker that appended it.

use crate::board::Board;
use crate::catalogue::Id;
use kafkascope_model::api::Request;
use kafkascope_model::broker::Broker;
use kafkascope_model::group::classic::{ClassicGroup, GroupState};
use kafkascope_model::group::modern::ConsumerGroup;
use kafkascope_model::ids::{Name, TopicId, TopicPartition};

/// Who commits, as the request says.
struct Author<'a> {
    group: &'a Name,
    generation: i32,
    member: &'a Name,
    instance: Option<&'a Name>,
    /// Without a member, a transaction's offsets are taken at any time.
    transactional: bool,
    partitions: Vec<(&'a Name, i32)>,
}

/// A coordinator has appended what a request asked it to commit.
pub fn taken(
    broker: &Broker,
    request: &Request,
    topic: impl Fn(&Name) -> Option<TopicId>,
    board: &mut Board,
) {
    let Some(author) = author(request) else { return };
    let known = broker.groups.shards().filter(|shard| shard.is_loaded);
    let mut known = known.filter_map(|shard| {
        let classic = shard.groups.get(author.group).map(|group| author.is_in(group));
        let modern = shard.modern.get(author.group);
        classic.or_else(|| modern.map(|group| author.is_in_modern(group, &topic)))
    });
    let Some(right) = known.next() else { return };
    board.check(Id::G4, right, || {
        let Author { group, generation, member, .. } = author;
        format!("group {group} took a commit of member '{member}', generation {generation}")
    });
}

#[allow(clippy::wildcard_enum_match_arm, reason = "two requests commit offsets")]
fn author(request: &Request) -> Option<Author<'_>> {
    match request {
        Request::OffsetCommit(body) => Some(Author {
            group: &body.group_id,
            generation: body.generation_id_or_member_epoch,
            member: &body.member_id,
            instance: body.group_instance_id.as_ref(),
            transactional: false,
            partitions: body.offsets.iter().map(|(topic, index, ..)| (topic, *index)).collect(),
        }),
        Request::TxnOffsetCommit(body) => Some(Author {
            group: &body.group_id,
            generation: body.generation_id,
            member: &body.member_id,
            instance: body.group_instance_id.as_ref(),
            transactional: true,
            partitions: body.offsets.iter().map(|(topic, index, ..)| (topic, *index)).collect(),
        }),
        _ => None,
    }
}

impl Author<'_> {
    /// Whether it says that it is nobody's member.
    fn is_alone(&self) -> bool {
        self.generation < 0 && self.member.is_empty() && self.instance.is_none()
    }

    fn is_in(&self, group: &ClassicGroup) -> bool {
        let current = group.member(self.member).is_some() && self.generation == group.generation;
        let outside = self.generation < 0 && group.state == GroupState::Empty;
        current || outside || (self.transactional && self.is_alone())
    }

    /// A member of the consumer protocol may be one epoch behind, for what it still holds (KIP-1251).
    fn is_in_modern(
        &self,
        group: &ConsumerGroup,
        topic: &impl Fn(&Name) -> Option<TopicId>,
    ) -> bool {
        if (self.generation < 0 && group.size() == 0) || (self.transactional && self.is_alone()) {
            return true;
        }
        let Some(member) = group.member(self.member) else { return false };
        let holds = |(name, index): &(&Name, i32)| {
            let tp = topic(name).map(|id| TopicPartition::new(id, *index));
            tp.is_some_and(|tp| member.held().any(|held| held == tp))
        };
        self.generation == member.current.epoch
            || (self.generation < member.current.epoch && self.partitions.iter().all(holds))
    }
}
