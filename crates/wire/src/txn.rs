//! Requests and responses of transactions with Kafka's field names.
//!
//! Invariant: partitions are grouped by topic in the order of the message.

use crate::Wire;
use crate::fields::by_topic;
use crate::value::{Value, json};
use kafkascope_model::api::request::{
    AddedPartitions, DescribeProducers, EndTxn, TxnMarker, TxnOffsetCommit,
};
use kafkascope_model::api::response::{self, DescribedProducers, PartitionErrors};
use kafkascope_model::api::{Request, Response};

impl Wire<'_> {
    /// A request of transactions.
    #[allow(clippy::wildcard_enum_match_arm, reason = "the caller sorts requests")]
    pub(super) fn txn_request(&self, request: &Request) -> Value {
        match request {
            Request::AddPartitionsToTxn(body) => {
                json!({ "transactions": body.transactions.iter().map(added).collect::<Vec<_>>() })
            }
            Request::EndTxn(body) => end(body),
            Request::WriteTxnMarkers(body) => {
                json!({ "markers": body.markers.iter().map(marker).collect::<Vec<_>>() })
            }
            Request::TxnOffsetCommit(body) => offsets(body),
            Request::DescribeProducers(DescribeProducers { partitions }) => {
                let rows = partitions.iter();
                let rows = rows.map(|tp| (self.topic_name(tp.topic), json!(tp.partition)));
                json!({ "topics": by_topic("name", "partitionIndexes", rows) })
            }
            _ => json!({}),
        }
    }

    /// A response of transactions.
    #[allow(clippy::wildcard_enum_match_arm, reason = "the caller sorts responses")]
    pub(super) fn txn_response(&self, response: &Response) -> Value {
        match response {
            Response::AddPartitionsToTxn(body) => {
                let row = |(id, rows): &(_, PartitionErrors)| {
                    let id: &std::sync::Arc<str> = id;
                    let rows = errors(rows, "partitionErrorCode");
                    json!({
                        "transactionalId": &**id,
                        "topicResults": by_topic("name", "resultsByPartition", rows),
                    })
                };
                let rows: Vec<Value> = body.iter().map(row).collect();
                json!({ "errorCode": 0, "resultsByTransaction": rows })
            }
            Response::EndTxn(response::EndTxn { error, producer_id, producer_epoch }) => json!({
                "errorCode": error.code(), "producerId": producer_id,
                "producerEpoch": producer_epoch,
            }),
            Response::WriteTxnMarkers(body) => {
                let row = |(id, rows): &(i64, PartitionErrors)| {
                    let rows = errors(rows, "errorCode");
                    json!({ "producerId": id, "topics": by_topic("name", "partitions", rows) })
                };
                json!({ "markers": body.iter().map(row).collect::<Vec<_>>() })
            }
            Response::TxnOffsetCommit(rows) => {
                json!({ "topics": by_topic("name", "partitions", errors(rows, "errorCode")) })
            }
            Response::ListTransactions(error, rows) => {
                let row = |row: &response::ListedTransaction| {
                    json!({
                        "transactionalId": &*row.transactional_id,
                        "producerId": row.producer_id,
                        "transactionState": row.transaction_state,
                    })
                };
                let rows: Vec<Value> = rows.iter().map(row).collect();
                json!({ "errorCode": error.code(), "transactionStates": rows })
            }
            Response::DescribeProducers(rows) => {
                let rows = rows.iter().map(|row| (self.topic_name(row.tp.topic), producers(row)));
                json!({ "topics": by_topic("name", "partitions", rows) })
            }
            _ => json!({}),
        }
    }
}

fn added(body: &AddedPartitions) -> Value {
    json!({
        "transactionalId": &*body.transactional_id, "producerId": body.producer_id,
        "producerEpoch": body.producer_epoch, "verifyOnly": body.verify_only,
        "topics": indexes(&body.partitions, "partitions"),
    })
}

fn end(body: &EndTxn) -> Value {
    json!({
        "transactionalId": &*body.transactional_id, "producerId": body.producer_id,
        "producerEpoch": body.producer_epoch, "committed": body.committed,
    })
}

fn marker(body: &TxnMarker) -> Value {
    json!({
        "producerId": body.producer_id, "producerEpoch": body.producer_epoch,
        "transactionResult": body.committed,
        "topics": indexes(&body.partitions, "partitionIndexes"),
        "coordinatorEpoch": body.coordinator_epoch,
        "transactionVersion": body.transaction_version,
    })
}

fn offsets(body: &TxnOffsetCommit) -> Value {
    let rows = body.offsets.iter().map(|(topic, partition, offset, epoch)| {
        let row = json!({
            "partitionIndex": partition, "committedOffset": offset,
            "committedLeaderEpoch": epoch, "committedMetadata": "",
        });
        (topic.to_string(), row)
    });
    json!({
        "transactionalId": &*body.transactional_id, "groupId": &*body.group_id,
        "producerId": body.producer_id, "producerEpoch": body.producer_epoch,
        "generationId": body.generation_id, "memberId": &*body.member_id,
        "groupInstanceId": body.group_instance_id.as_deref(),
        "topics": by_topic("name", "partitions", rows),
    })
}

fn indexes(partitions: &[(std::sync::Arc<str>, i32)], key: &'static str) -> Value {
    by_topic("name", key, partitions.iter().map(|(topic, index)| (topic.to_string(), json!(index))))
}

fn errors<'a>(
    rows: &'a PartitionErrors,
    key: &'static str,
) -> impl Iterator<Item = (String, Value)> + 'a {
    rows.iter().map(move |(topic, index, error)| {
        (topic.to_string(), json!({ "partitionIndex": index, key: error.code() }))
    })
}

fn producers(row: &DescribedProducers) -> Value {
    let active = row.active_producers.iter().map(|producer| {
        json!({
            "producerId": producer.producer_id, "producerEpoch": producer.producer_epoch,
            "lastSequence": producer.last_sequence, "lastTimestamp": producer.last_timestamp,
            "coordinatorEpoch": producer.coordinator_epoch,
            "currentTxnStartOffset": producer.current_txn_start_offset,
        })
    });
    json!({
        "partitionIndex": row.tp.partition, "errorCode": row.error.code(),
        "activeProducers": active.collect::<Vec<_>>(),
    })
}
