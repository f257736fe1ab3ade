//! The inspector: state, configs and actions of what is selected.
//!
//! Invariant: an action that cannot be done is shown with the reason, not hidden.

use super::clients::{behind, committed, lag};
use super::stage::{acks, status};
use super::tapes::role;
use super::why::about;
use super::{Sight, limits};
use crate::directory::NodeKind;
use crate::picture::ProcessWord;
use crate::ui::Selection;
use crate::ui_command::{ConfigScope, UiCommand};
use crate::view_model::inspector::{ActionVm, ConfigVm, RowVm};
use crate::view_model::topology::Role;
use crate::view_model::{InspectorVm, Text, Tone};
use crate::words;
use kafkascope_model::api::legacy::{ZData, ZPath};
use kafkascope_model::config::ConfigTable;
use kafkascope_model::ids::{Name, NodeId, TopicPartition};
use kafkascope_model::net::LinkSel;
use kafkascope_model::node::Node;
use kafkascope_model::quota::QuotaKey;
use kafkascope_model::world::ProcessState;
use kafkascope_model::zookeeper::Zookeeper;

/// The selected process, group, partition or link.
pub(super) fn inspector(sight: &Sight<'_>) -> Option<InspectorVm> {
    match &sight.ui.selection {
        Selection::Node(id) => node(sight, *id),
        Selection::Group(name) => group(sight, name),
        Selection::Partition(tp) => partition(sight, *tp, None),
        Selection::Replica(broker, tp) => partition(sight, *tp, Some(*broker)),
        Selection::Link(a, b) => Some(link(sight, *a, *b)),
        Selection::None | Selection::Record(_) | Selection::Fact(_) | Selection::Message(..) => {
            None
        }
    }
}

fn node(sight: &Sight<'_>, id: NodeId) -> Option<InspectorVm> {
    let info = sight.directory.nodes.get(&id)?;
    let (subtitle, rows, tone) = match info.kind {
        NodeKind::Broker => broker(sight, id),
        NodeKind::Controller => controller(sight, id),
        NodeKind::Producer => producer(sight, id),
        NodeKind::Consumer => consumer(sight, id),
        NodeKind::Admin => (String::new(), Vec::new(), Tone::Plain),
    };
    let configs = info.configs.iter().map(|entry| ConfigVm {
        key: entry.key,
        kind: entry.kind,
        value: entry.value.as_str().into(),
        default: entry.default.as_str().into(),
        is_default: entry.is_default(),
        doc: entry.doc,
    });
    let mut configs: Vec<_> = configs.collect();
    configs.sort_by_key(|config| config.is_default);
    Some(InspectorVm {
        title: info.name.clone(),
        subtitle: subtitle.as_str().into(),
        tone,
        rows,
        configs,
        scope: Some(ConfigScope::Node(id)),
        actions: node_actions(sight, id, info.kind),
        questions: match info.kind {
            NodeKind::Broker => about::broker(sight, id),
            NodeKind::Consumer => about::consumer(sight, id),
            NodeKind::Controller | NodeKind::Producer | NodeKind::Admin => Vec::new(),
        },
    })
}

fn broker(sight: &Sight<'_>, id: NodeId) -> (String, Vec<RowVm>, Tone) {
    let picture = &sight.observer.picture;
    let status = status(sight, id);
    let shown = picture.partitions.iter().filter(|(tp, _)| sight.shows(**tp));
    let leads: Vec<_> = shown.filter(|(_, p)| p.leader == id).map(|(tp, _)| *tp).collect();
    let all = picture.partitions.values();
    let hosted = all.clone().filter(|p| p.replicas.contains(&id)).count();
    let out = all.filter(|p| p.replicas.contains(&id) && !p.isr.contains(&id)).count();
    let names: Vec<_> = leads.iter().map(|tp| sight.partition(*tp)).collect();
    let mut rows = vec![
        row(
            "leads",
            if names.is_empty() { "nothing on the stage".to_string() } else { names.join(", ") },
        ),
        row("replicas", hosted.to_string()),
        row("out of the ISR", out.to_string()),
    ];
    if out > 0 {
        rows[2].tone = Tone::Bad;
    }
    let coordinates = picture.groups.iter().filter(|(_, group)| group.coordinator == Some(id));
    let coordinates: Vec<_> = coordinates.map(|(name, _)| name.to_string()).collect();
    if !coordinates.is_empty() {
        rows.push(row("coordinates", coordinates.join(", ")));
    }
    rows.extend(limits::disk_rows(sight, id));
    (status.word().to_string(), rows, status.tone())
}

fn controller(sight: &Sight<'_>, id: NodeId) -> (String, Vec<RowVm>, Tone) {
    if let Some(Node::Zookeeper(server)) = sight.session.world().process(id).map(|it| &it.node) {
        return ("keeps the metadata".to_string(), zookeeper(server), Tone::Plain);
    }
    let picture = &sight.observer.picture;
    let active = picture.active_controller.filter(|(leader, _)| *leader == id);
    let subtitle = if active.is_some() { "active controller" } else { "not active" };
    let fenced = picture.brokers.iter().filter(|(_, broker)| broker.fenced);
    let fenced: Vec<_> = fenced.map(|(id, _)| id.to_string()).collect();
    let mut rows = vec![row("brokers registered", picture.brokers.len().to_string())];
    rows.push(row(
        "fenced",
        if fenced.is_empty() { "none".to_string() } else { fenced.join(", ") },
    ));
    rows.extend(active.map(|(_, epoch)| row("epoch", epoch.to_string())));
    (subtitle.to_string(), rows, Tone::Plain)
}

/// Who has a session, and the znodes that say who is alive and who decides.
fn zookeeper(server: &Zookeeper) -> Vec<RowVm> {
    let list = |ids: Vec<String>| if ids.is_empty() { "none".to_string() } else { ids.join(", ") };
    let mut sessions: Vec<_> = server.sessions().collect();
    sessions.sort_unstable();
    let sessions = sessions.iter().map(ToString::to_string).collect();
    let mut rows = vec![row("sessions of brokers", list(sessions))];
    let mut alive = Vec::new();
    for (path, data) in server.znodes() {
        match (path, data) {
            (ZPath::Broker(id), _) => alive.push(id.to_string()),
            (_, ZData::Controller(id)) => rows.push(row("/controller", format!("broker {id}"))),
            (_, ZData::Epoch(epoch)) => rows.push(row("/controller_epoch", epoch.to_string())),
            (_, ZData::Broker { .. } | ZData::Record(_)) => {}
        }
    }
    rows.push(row("/brokers/ids", list(alive)));
    rows.push(row("znodes", server.znodes().count().to_string()));
    rows
}

fn producer(sight: &Sight<'_>, id: NodeId) -> (String, Vec<RowVm>, Tone) {
    let info = &sight.directory.nodes[&id];
    let known = sight.observer.picture.producers.get(&id);
    let open = known.map_or(0, |known| known.open_records().count() + known.unplaced.len());
    let mut rows = vec![row("records not settled", open.to_string())];
    if let Some((pid, epoch)) = known.and_then(|known| known.identity) {
        rows.push(row("producer id, epoch", format!("{pid}, {epoch}")));
    }
    rows.extend(limits::quota_rows(sight, id, QuotaKey::ProducerByteRate));
    let trouble = known.and_then(|known| known.trouble);
    if let Some((_, error)) = trouble {
        rows.push(RowVm {
            tone: Tone::Bad,
            ..row("last error", format!("{} ({})", error.name(), error.code()))
        });
    }
    let acks = acks(sight.directory.config(id, "acks").unwrap_or("all"));
    let work = if info.work.is_empty() { String::new() } else { format!(" · {}", info.work) };
    (format!("producer · acks={acks}{work}"), rows, Tone::Plain)
}

fn consumer(sight: &Sight<'_>, id: NodeId) -> (String, Vec<RowVm>, Tone) {
    let mut rows = Vec::new();
    let known = sight.observer.picture.consumers.get(&id);
    for (tp, position) in known.into_iter().flat_map(|known| &known.positions) {
        let at = position.map_or_else(|| "no position yet".to_string(), |at| format!("at {at}"));
        let lag = lag(sight, *tp, *position);
        rows.push(RowVm {
            link: Selection::Partition(*tp),
            ..row(&sight.partition(*tp), format!("{at}, {}", behind(lag)))
        });
    }
    if rows.is_empty() {
        rows.push(row("partitions", "none"));
    }
    rows.extend(limits::quota_rows(sight, id, QuotaKey::ConsumerByteRate));
    let group = sight.directory.config(id, "group.id").unwrap_or("");
    let subtitle = if group.is_empty() {
        "consumer".to_string()
    } else {
        format!("consumer · group {group}")
    };
    (subtitle, rows, Tone::Plain)
}

fn group(sight: &Sight<'_>, name: &Name) -> Option<InspectorVm> {
    let picture = &sight.observer.picture;
    let groups = super::stage::groups(picture, sight.directory, sight.session.world());
    let (_, members) = groups.iter().find(|(known, _)| known == name)?;
    let known = picture.groups.get(name);
    let state = known.map_or("not formed yet", |group| group.state);
    let mut rows = vec![row("members", members.len().to_string())];
    if let Some(group) = known {
        let word = if group.shares { "epoch" } else { "generation" };
        rows.push(row(word, group.generation.to_string()));
        if let Some(coordinator) = group.coordinator {
            rows.push(RowVm {
                link: Selection::Node(coordinator),
                ..row("coordinator", sight.directory.name(coordinator))
            });
        }
        if let Some((_, reason)) = &group.reason {
            rows.push(row(if group.shares { "newest epoch" } else { "last rebalance" }, reason));
        }
        for ((topic, partition), (_, offset)) in &group.committed {
            let tp = picture.partition_named(topic, *partition);
            let end = tp.and_then(|tp| picture.leading(tp)).map_or(0, |log| log.high_watermark);
            let word = if group.shares { "finished below" } else { "committed" };
            let text = format!("{word} {offset}, {}", behind(end - offset));
            rows.push(RowVm {
                link: tp.map_or(Selection::None, Selection::Partition),
                ..row(&format!("{topic}-{partition}"), text)
            });
        }
    }
    let mut actions = vec![action(UiCommand::AddMember(name.clone()), "Add a member", None)];
    if let Some(last) = members.last() {
        let label = format!("Remove {}", sight.directory.name(*last));
        actions.push(action(UiCommand::CloseClient(*last), &label, None));
    }
    Some(InspectorVm {
        title: format!("group {name}").as_str().into(),
        subtitle: state.into(),
        tone: Tone::Plain,
        rows,
        configs: Vec::new(),
        scope: None,
        actions,
        questions: about::group(name),
    })
}

fn partition(sight: &Sight<'_>, tp: TopicPartition, of: Option<NodeId>) -> Option<InspectorVm> {
    let picture = &sight.observer.picture;
    let known = picture.partitions.get(&tp)?;
    let leader = (known.leader != NodeId::NONE).then_some(known.leader);
    let leads =
        leader.map_or_else(|| "nobody".to_string(), |id| sight.directory.name(id).to_string());
    let mut rows = vec![
        RowVm { link: leader.map_or(Selection::None, Selection::Node), ..row("leader", leads) },
        row("leader epoch", known.epoch.to_string()),
        row("replicas", words::set(&known.replicas)),
        row("in sync", words::set(&known.isr)),
    ];
    rows.extend(
        super::closely::moving(sight, tp).into_iter().map(|(label, value)| row(label, value)),
    );
    let shown = of.or(leader).and_then(|id| picture.replicas.get(&(id, tp)));
    if let Some(replica) = shown {
        rows.push(row("log start", replica.log_start.to_string()));
        rows.push(RowVm {
            tone: Tone::Agreed,
            ..row("high watermark", replica.high_watermark.to_string())
        });
        rows.push(row("log end", replica.log_end.to_string()));
    }
    for group in picture.groups.keys() {
        if let Some(offset) = committed(sight, group, tp) {
            rows.push(row(&format!("{group} committed"), offset.to_string()));
        }
    }
    let subtitle = match of {
        Some(broker) => {
            format!("on {} · {}", sight.directory.name(broker), role_word(role(sight, broker, tp)))
        }
        None => "partition".to_string(),
    };
    let topic = picture.topics.get(&tp.topic).map(|topic| topic.name.clone());
    Some(InspectorVm {
        title: sight.partition(tp).as_str().into(),
        subtitle: subtitle.as_str().into(),
        tone: Tone::Plain,
        rows,
        configs: topic.as_ref().map(|name| topic_configs(sight, name)).unwrap_or_default(),
        scope: topic.map(ConfigScope::Topic),
        actions: vec![
            action(UiCommand::Closely(Some(tp)), "Look at the log closely", None),
            action(UiCommand::ElectPreferred(tp), "Elect the preferred leader", None),
            action(
                UiCommand::ElectUnclean(tp),
                "Elect uncleanly",
                leader.map(|_| "it has a leader; unclean elections are for partitions without one"),
            ),
        ],
        questions: about::partition(sight, tp),
    })
}

/// A topic's configs as its controller sees them.
fn topic_configs(sight: &Sight<'_>, topic: &Name) -> Vec<ConfigVm> {
    use kafkascope_model::config::topic::TopicConfig;
    let mut config = TopicConfig::default();
    for ((resource, key), value) in &sight.observer.picture.configs {
        if resource == topic {
            // A value was checked when it was set.
            let _ = config.set(key, value);
        }
    }
    let rows = config.entries().into_iter().map(|entry| ConfigVm {
        key: entry.key,
        kind: entry.kind,
        is_default: entry.is_default(),
        value: entry.value.as_str().into(),
        default: entry.default.as_str().into(),
        doc: entry.doc,
    });
    let mut rows: Vec<_> = rows.collect();
    rows.sort_by_key(|config| config.is_default);
    rows
}

fn link(sight: &Sight<'_>, a: NodeId, b: NodeId) -> InspectorVm {
    let sel = LinkSel::Between(a, b);
    let changed = sight.observer.picture.links.iter().find(|(known, _)| *known == sel);
    let state = match changed {
        Some((_, crate::picture::LinkChange::Cut)) => "cut".to_string(),
        Some((_, crate::picture::LinkChange::Slowed(transit))) => {
            format!("slowed to {}", words::span(*transit))
        }
        None => "as usual".to_string(),
    };
    let healthy = changed.is_none().then_some("nothing is wrong with it");
    let mut rows = vec![
        row("state", state),
        row("transit time", words::span(sight.session.world().spec().profile.latency)),
    ];
    rows.extend(super::requests::on_link(sight, a, b));
    InspectorVm {
        title: format!("{} — {}", sight.directory.name(a), sight.directory.name(b)).as_str().into(),
        subtitle: "link".into(),
        tone: Tone::Plain,
        rows,
        configs: Vec::new(),
        scope: None,
        actions: vec![
            action(UiCommand::Cut(sel), "Cut the link", None),
            action(UiCommand::Slow(sel), "Slow the link down", None),
            action(UiCommand::Heal(sel), "Heal the link", healthy),
        ],
        questions: Vec::new(),
    }
}

fn node_actions(sight: &Sight<'_>, id: NodeId, kind: NodeKind) -> Vec<ActionVm> {
    let state = sight.session.world().state(id);
    let runs = (state != ProcessState::Running).then_some("its process does not run");
    let down = (state != ProcessState::Down).then_some("its process is there");
    let paused = (state != ProcessState::Paused).then_some("it is not paused");
    let dead = (state == ProcessState::Down).then_some("its process is gone already");
    let around = LinkSel::Around(id);
    let cut = sight.observer.picture.links.iter().any(|(sel, _)| *sel == around);
    let healthy = (!cut).then_some("nothing is wrong with its links");
    let ended = sight.observer.picture.processes.get(&id).map(|process| process.state);
    let mut actions = Vec::new();
    match kind {
        NodeKind::Broker | NodeKind::Controller => {
            actions.push(action(UiCommand::Kill(id), "Kill", dead));
            actions.push(action(UiCommand::Stop(id), "Shut down", runs));
            actions.push(action(UiCommand::Start(id), "Start", down));
            let in_quorum = sight.session.world().zookeeper().is_none();
            if kind == NodeKind::Controller && in_quorum {
                let wish = UiCommand::Quorum(!sight.ui.quorum);
                let label =
                    if sight.ui.quorum { "Back to the stage" } else { "Look at the metadata log" };
                actions.push(action(wish, label, None));
            }
        }
        NodeKind::Producer => {
            actions.push(action(
                UiCommand::SendOne { producer: id, key: Some(0) },
                "Send one record",
                runs,
            ));
            actions.push(action(UiCommand::AddProducer(id), "Add another like it", None));
            actions.push(quota_action(sight, id, QuotaKey::ProducerByteRate));
            actions.push(action(UiCommand::Kill(id), "Kill", dead));
            actions.push(action(UiCommand::CloseClient(id), "Remove", runs));
        }
        NodeKind::Consumer => {
            actions.push(quota_action(sight, id, QuotaKey::ConsumerByteRate));
            actions.push(action(UiCommand::Kill(id), "Kill", dead));
            actions.push(action(UiCommand::CloseClient(id), "Remove", runs));
        }
        NodeKind::Admin => return actions,
    }
    if matches!(kind, NodeKind::Producer | NodeKind::Consumer) && ended == Some(ProcessWord::Killed)
    {
        actions.push(action(UiCommand::Start(id), "Start", down));
    }
    actions.push(action(UiCommand::Pause(id), "Pause", runs));
    actions.push(action(UiCommand::Resume(id), "Resume", paused));
    actions.push(action(UiCommand::Cut(around), "Cut all its links", None));
    actions.push(action(UiCommand::Slow(around), "Slow all its links", None));
    actions.push(action(UiCommand::Heal(around), "Heal its links", healthy));
    if kind == NodeKind::Broker {
        let wishes = limits::disk_wishes(sight.session.world(), id, dead);
        actions.extend(wishes.into_iter().map(|(wish, label, not)| action(wish, label, not)));
        actions.push(action(UiCommand::AddBroker, "Add a broker", None));
    }
    actions
}

fn quota_action(sight: &Sight<'_>, id: NodeId, key: QuotaKey) -> ActionVm {
    let (wish, label) = limits::quota_wish(sight, id, key);
    action(wish, label, None)
}

fn action(command: UiCommand, label: &str, refused: Option<&str>) -> ActionVm {
    let key = command.key();
    ActionVm { command, label: label.into(), key, refused: refused.map(Text::from) }
}

pub(super) fn row(label: &str, value: impl AsRef<str>) -> RowVm {
    RowVm {
        label: label.into(),
        value: value.as_ref().into(),
        tone: Tone::Plain,
        link: Selection::None,
    }
}

const fn role_word(role: Role) -> &'static str {
    match role {
        Role::Leader => "leader",
        Role::InSync => "follower, in sync",
        Role::OutOfSync => "follower, out of sync",
        Role::Offline => "offline",
    }
}
