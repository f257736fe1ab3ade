//! Links: how long a message takes from one node to another, and whether it passes.
//!
//! Times are integers; jitter comes from the sender's own stream. Invariant: a cut link holds messages back (TCP sends them
//! again when it heals), it does not drop them.

use super::LinkSel;
use crate::ids::NodeId;
use alloc::vec::Vec;
use kafkascope_kernel::{Micros, Prng};

/// Transit times of a kind of network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct NetworkProfile {
    /// The shortest transit time.
    pub latency: Micros,
    /// Added at most, at random.
    pub jitter: Micros,
    /// Added for every started kilobyte of records.
    pub per_kilobyte: Micros,
    /// How long a process takes from start to its first instruction.
    pub boot: Micros,
}

impl NetworkProfile {
    /// A data centre: half a millisecond there and back, a gigabyte a second.
    pub const KAFKA: Self = Self {
        latency: Micros(200),
        jitter: Micros(100),
        per_kilobyte: Micros(1),
        boot: Micros::from_ms(1_500),
    };

    /// Slow enough to watch at real speed, and quick enough for Kafka's own time-outs (`quorum.request.timeout.ms` is 2 s).
    pub const CLASSROOM: Self = Self {
        latency: Micros::from_ms(250),
        jitter: Micros::from_ms(50),
        per_kilobyte: Micros::from_ms(1),
        boot: Micros::from_ms(3_000),
    };
}

/// What a user did to one direction between two nodes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Link {
    /// Nothing passes.
    pub cut: bool,
    /// Transit time instead of the profile's.
    pub slowed: Option<Micros>,
}

/// All links of a world: the profile, and what differs from it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Links {
    /// What every link is like unless changed.
    pub profile: NetworkProfile,
    rules: Vec<(LinkSel, Link)>,
}

impl Links {
    /// Links of a profile, none changed.
    pub const fn new(profile: NetworkProfile) -> Self {
        Self { profile, rules: Vec::new() }
    }

    /// Cuts what `sel` covers.
    pub fn cut(&mut self, sel: LinkSel) {
        self.change(sel, |link| link.cut = true);
    }

    /// Slows what `sel` covers.
    pub fn slow(&mut self, sel: LinkSel, transit: Micros) {
        self.change(sel, |link| link.slowed = Some(transit));
    }

    /// Takes back every change whose links `sel` covers.
    pub fn heal(&mut self, sel: LinkSel) {
        match sel {
            LinkSel::Around(node) => self.rules.retain(|(rule, _)| !touches(*rule, node)),
            LinkSel::Between(a, b) => {
                self.rules.retain(|(rule, _)| !rule.covers(a, b) && !rule.covers(b, a))
            }
            LinkSel::OneWay(a, b) => self.rules.retain(|(rule, _)| !rule.covers(a, b)),
        }
    }

    /// What a user did to the direction `from` to `to`.
    pub fn link(&self, from: NodeId, to: NodeId) -> Link {
        let mut link = Link::default();
        for (_, change) in self.rules.iter().filter(|(sel, _)| sel.covers(from, to)) {
            link.cut |= change.cut;
            link.slowed = change.slowed.or(link.slowed);
        }
        link
    }

    /// Everything changed, oldest first.
    pub fn rules(&self) -> &[(LinkSel, Link)] {
        &self.rules
    }

    /// How long a message with `bytes` of records takes now, the link not being cut.
    pub fn transit(&self, from: NodeId, to: NodeId, bytes: u32, rng: &mut Prng) -> Micros {
        let payload = self.profile.per_kilobyte * u64::from(bytes.div_ceil(1_024));
        let base = if self.rules.is_empty() { None } else { self.link(from, to).slowed };
        base.unwrap_or(self.profile.latency)
            + Micros(rng.between(0, self.profile.jitter.0))
            + payload
    }

    /// Whether nothing passes from `from` to `to`.
    pub fn is_cut(&self, from: NodeId, to: NodeId) -> bool {
        !self.rules.is_empty() && self.link(from, to).cut
    }

    fn change(&mut self, sel: LinkSel, change: impl Fn(&mut Link)) {
        let mut link = self
            .rules
            .iter()
            .find(|(rule, _)| *rule == sel)
            .map_or_else(Link::default, |(_, link)| *link);
        change(&mut link);
        self.rules.retain(|(rule, _)| *rule != sel);
        self.rules.push((sel, link));
    }
}

fn touches(rule: LinkSel, node: NodeId) -> bool {
    match rule {
        LinkSel::Between(a, b) | LinkSel::OneWay(a, b) => a == node || b == node,
        LinkSel::Around(around) => around == node,
    }
}
