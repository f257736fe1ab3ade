//! What Kafkascope does more simply than Kafka: shown on the page, listed in DESIGN.md.
//!
//! Invariant: both lists are this one; a test compares them.

/// One simplification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Simplification {
    /// What Kafka does.
    pub kafka: &'static str,
    /// What happens here.
    pub here: &'static str,
}

/// All of them.
pub const SIMPLIFICATIONS: [Simplification; 11] = [
    Simplification {
        kafka: "Requests are bytes, in versions that both sides agree on.",
        here: "Requests are typed values in the newest versions of 4.3.1; ApiVersions is exchanged, nothing depends on it.",
    },
    Simplification {
        kafka: "A broker has threads, queues and a garbage collector.",
        here: "A request is handled in no time; only the network, timers and waiting take time.",
    },
    Simplification {
        kafka: "Batches are compressed and check-summed.",
        here: "Sizes are counted as Kafka counts them; a codec leaves an assumed share of the bytes. A damaged batch carries a mark instead of a wrong checksum.",
    },
    Simplification {
        kafka: "What was appended is in the page cache first and on the disk later.",
        here: "The same, and a power cut takes what was not written back; writing to the page cache itself takes no time.",
    },
    Simplification {
        kafka: "Fetch sessions leave out partitions without news.",
        here: "Each fetch names all its partitions.",
    },
    Simplification {
        kafka: "Tiered storage keeps old segments elsewhere.",
        here: "Not simulated; configs that matter to tiered topics only are taken and change nothing.",
    },
    Simplification {
        kafka: "Throttled replication counts the bytes of whole answers.",
        here: "It counts those of the batches in them.",
    },
    Simplification {
        kafka: "A broker takes any config that it has never heard of.",
        here: "A key that is not honoured is refused by name.",
    },
    Simplification {
        kafka: "A ZooKeeper ensemble has a quorum and a protocol of its own, and a watch names one znode.",
        here: "One server stands for it; it tells whoever has a session of brokers that come and go and of the controller.",
    },
    Simplification {
        kafka: "With ZooKeeper, clusters ran brokers and clients of 3.x: they knew neither the newer group protocol nor share groups, any broker wrote configs, and a topic was deleted once all its replicas were there.",
        here: "The controller, its elections and its pushes are those of 3.9; brokers, coordinators and clients are those of 4.3.1, the controller writes configs, and a topic is deleted at once.",
    },
    Simplification { kafka: "TLS, SASL and ACLs.", here: "Not simulated." },
];

#[cfg(test)]
mod tests {
    use super::SIMPLIFICATIONS;

    #[test]
    fn the_design_document_lists_what_the_page_shows() {
        let design = include_str!("../../../DESIGN.md");
        for line in &SIMPLIFICATIONS {
            let row = format!("| {} | {} |", line.kafka, line.here);
            assert!(design.contains(&row), "DESIGN.md lacks this row: {row}");
        }
    }
}
