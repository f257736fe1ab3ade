//! Wishes about the cluster: what the viewer kills, adds, cuts, sends.
//!
//! Invariant: each becomes commands of the model, submitted at the moment shown; a refusal is a sentence, never silence.

use super::Player;
use kafkascope_model::ids::{Name, NodeId};
use kafkascope_view::UiCommand;
use kafkascope_view::ui::Selection;
use kafkascope_view::view_model::Text;
use kafkascope_view::view_model::topology::GroupVm;
use std::rc::Rc;

impl Player {
    /// Submits what the wish means.
    pub(super) fn apply_to_cluster(&mut self, wish: &UiCommand) -> Result<(), Text> {
        if let UiCommand::Fork { jump, change } = wish {
            let script = self.projector.forked(&self.session, *jump, change);
            let script = script.map_err(Text::from)?;
            let refused = self.session.relive(script).err();
            return refused.map_or(Ok(()), |refused| Err(refused.error.to_string().into()));
        }
        self.go_to_message(wish);
        let commands = self.projector.commands(self.session.world(), wish).map_err(Text::from)?;
        for command in commands {
            self.session.submit(command).map_err(|error| Text::from(error.to_string()))?;
        }
        Ok(())
    }

    /// A message that has arrived can only be struck where it was still under way.
    fn go_to_message(&mut self, wish: &UiCommand) {
        let UiCommand::Tamper { msg, sent, .. } = wish else { return };
        if self.session.world().flight(*msg).is_none() && *sent < self.session.now() {
            self.play(false);
            self.session.seek(*sent);
            self.projector.feed(&self.session);
        }
    }

    /// What a letter means: an action of the inspector that bears it, or a wish for the whole cluster.
    pub fn letter(&self, letter: char) -> Result<Option<UiCommand>, Text> {
        let view = self.view();
        let actions = view.inspector.iter().flat_map(|shown| &shown.actions);
        let is_it = |key: &str| key.len() == 1 && key.starts_with(letter);
        if let Some(action) = actions.clone().find(|action| action.key.is_some_and(is_it)) {
            return match &action.refused {
                Some(reason) => Err(format!("{}: {reason}.", action.label).into()),
                None => Ok(Some(action.command.clone())),
            };
        }
        Ok(match letter {
            'K' => Some(self.kill()?),
            'A' => Some(self.add_consumer()?),
            'R' => Some(self.remove_consumer()?),
            'F' => self.follow(),
            'W' => Some(UiCommand::AskWhy),
            'B' => Some(UiCommand::ToggleProjector),
            'G' => Some(self.through_time()),
            'L' => Some(self.closely()),
            'Q' => Some(self.quorum()?),
            'I' => Some(UiCommand::ToggleInternalTopics),
            'M' => Some(UiCommand::ToggleUnderWay),
            _ => None,
        })
    }

    /// The selected group, or the largest, through time; back to the stage from there.
    pub fn through_time(&self) -> UiCommand {
        let wished = self.ui.through_time.is_none();
        let group = self.group().ok().map(|(name, _)| name);
        UiCommand::ThroughTime(group.filter(|_| wished))
    }

    /// The log of the selected partition, or of the first on the stage, closely; back to the stage from there.
    pub fn closely(&self) -> UiCommand {
        let selected =
            if let Selection::Partition(tp) | Selection::Replica(_, tp) = self.ui.selection {
                Some(tp)
            } else {
                None
            };
        let first = || self.projector.first_leader().map(|(tp, _)| tp);
        let wished = self.ui.closely.is_none();
        UiCommand::Closely(selected.or_else(first).filter(|_| wished))
    }

    /// The controllers and their log; back to the stage from there.
    pub fn quorum(&self) -> Result<UiCommand, Text> {
        let world = self.session.world();
        if world.zookeeper().is_some() {
            return Err(
                "There is no quorum here: this cluster keeps its metadata in ZooKeeper.".into()
            );
        }
        Ok(UiCommand::Quorum(!self.ui.quorum))
    }

    /// Kills the leader of the first partition.
    pub fn kill(&self) -> Result<UiCommand, Text> {
        if let Selection::Node(id) = self.ui.selection {
            return Ok(UiCommand::Kill(id));
        }
        let leader = self.projector.first_leader().map(|(_, leader)| leader);
        leader.map(UiCommand::Kill).ok_or_else(|| "No partition has a leader yet.".into())
    }

    /// One more member.
    pub fn add_consumer(&self) -> Result<UiCommand, Text> {
        Ok(UiCommand::AddMember(self.group()?.0))
    }

    /// The group's newest member leaves.
    pub fn remove_consumer(&self) -> Result<UiCommand, Text> {
        if let Selection::Node(id) = self.ui.selection
            && self
                .view()
                .topology
                .groups
                .iter()
                .any(|group| group.members.iter().any(|m| m.id == id))
        {
            return Ok(UiCommand::CloseClient(id));
        }
        let (name, members) = self.group()?;
        let newest = members.last().copied().map(UiCommand::CloseClient);
        newest.ok_or_else(|| format!("Nobody is left in {name}.").into())
    }

    /// The selected group, or the first.
    fn group(&self) -> Result<(Name, Vec<NodeId>), Text> {
        let all = &self.view().topology.groups;
        let is_selected =
            |group: &&Rc<GroupVm>| self.ui.selection == Selection::Group(group.group.clone());
        let is_shown = |group: &&Rc<GroupVm>| self.ui.through_time.as_ref() == Some(&group.group);
        let selected = all.iter().find(is_selected).or_else(|| all.iter().find(is_shown));
        // The largest group is the one in which a member more or less is seen best.
        let largest = || all.iter().rev().max_by_key(|group| group.members.len());
        let group = selected.or_else(largest).map(|group| {
            (group.group.clone(), group.members.iter().map(|member| member.id).collect())
        });
        group.ok_or_else(|| "There is no consumer group here.".into())
    }

    fn follow(&self) -> Option<UiCommand> {
        let record = self.view().record.as_ref().map(|shown| shown.record);
        let wish = if self.ui.follow.is_some() && self.ui.follow == record { None } else { record };
        (wish.is_some() || self.ui.follow.is_some()).then_some(UiCommand::Follow(wish))
    }
}
