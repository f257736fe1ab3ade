//! The audit of the run that is shown: what Kafka promises, and whether it held until this moment.
//!
//! It lives the run once more beside the session, a slice at a time, and only while somebody looks. Invariant: verdicts are
//! about the open branch up to the moment shown.

use super::Player;
use kafkascope_audit::{Condition, Finding, Line, Replay, Verdict};
use kafkascope_kernel::SimTime;
use kafkascope_view::UiCommand;
use kafkascope_view::ui::Jump;
use kafkascope_view::view_model::clock::short_time;
use kafkascope_view::view_model::{Text, Tone};

/// The most events of one slice.
const SLICE: u64 = 6_000;

/// All promises with what came of them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AuditVm {
    /// "12 held, 1 was excused, 20 not yet seen".
    pub summary: Text,
    /// Up to which moment it has come; empty when it is done.
    pub pending: Text,
    /// The promises: broken ones first, then excused, held, unseen.
    pub promises: Vec<PromiseVm>,
}

/// One promise.
#[derive(Clone, Debug, PartialEq)]
pub struct PromiseVm {
    /// Its id.
    pub id: &'static str,
    /// What is promised.
    pub sentence: &'static str,
    /// When it must hold.
    pub condition: &'static str,
    /// "held 1,204 times".
    pub state: Text,
    /// Its colour.
    pub tone: Tone,
    /// What was found, and where it was.
    pub found: Option<(Text, UiCommand)>,
}

impl Player {
    /// Audits a slice more; whether everything until now is audited.
    pub fn audit(&mut self) -> Result<bool, Text> {
        let now = self.session.now();
        if self.replay_until_now().is_none() {
            let replay = Replay::new(self.session.script().clone());
            self.replay = Some(replay.map_err(|refused| Text::from(refused.to_string()))?);
        }
        let Some(replay) = &mut self.replay else { return Ok(true) };
        let done = replay.advance(now, SLICE);
        if done {
            replay.take_stock();
        }
        Ok(done)
    }

    /// The verdicts so far.
    pub fn audited(&self) -> AuditVm {
        let Some(replay) = self.replay_until_now() else {
            let pending = short_time(SimTime::ZERO).as_str().into();
            return AuditVm { pending, ..AuditVm::default() };
        };
        let mut lines: Vec<_> = replay.lines().collect();
        lines.sort_by_key(|line| rank(&line.verdict));
        let count = |wanted: u8| lines.iter().filter(|line| rank(&line.verdict) == wanted).count();
        let broken = match count(0) {
            0 => "none was broken".to_string(),
            1 => "1 was broken".to_string(),
            more => format!("{more} were broken"),
        };
        let summary = format!(
            "{} held, {} did not hold and need not, {} had no occasion yet; {broken}.",
            count(2),
            count(1),
            count(3)
        );
        let pending = if replay.now() < self.session.now() {
            short_time(replay.now())
        } else {
            String::new()
        };
        AuditVm {
            summary: summary.as_str().into(),
            pending: pending.as_str().into(),
            promises: lines.iter().map(promise).collect(),
        }
    }

    /// Whether an audit is behind the moment shown.
    pub fn is_audit_behind(&self) -> bool {
        self.replay_until_now().is_none_or(|replay| replay.now() < self.session.now())
    }

    /// The replay, unless it knows another branch or what comes after the moment shown.
    fn replay_until_now(&self) -> Option<&Replay> {
        let now = self.session.now();
        self.replay
            .as_ref()
            .filter(|known| known.now() <= now && known.script() == self.session.script())
    }
}

const fn rank(verdict: &Verdict) -> u8 {
    match verdict {
        Verdict::Violated(_) => 0,
        Verdict::Excused(_) => 1,
        Verdict::Holds => 2,
        Verdict::Unseen => 3,
    }
}

fn promise(line: &Line) -> PromiseVm {
    let (state, tone, found) = match &line.verdict {
        Verdict::Violated(finding) => ("broken".to_string(), Tone::Bad, Some(finding)),
        Verdict::Excused(finding) => {
            let why = finding.excuse.unwrap_or("its condition is not met");
            (format!("did not hold: {why}"), Tone::Agreed, Some(finding))
        }
        Verdict::Holds if line.checks == 1 => ("held once".to_string(), Tone::Good, None),
        Verdict::Holds => (format!("held {} times", line.checks), Tone::Good, None),
        Verdict::Unseen => ("no occasion yet".to_string(), Tone::Quiet, None),
    };
    PromiseVm {
        id: line.property.name,
        sentence: line.property.sentence,
        condition: match line.property.condition {
            Condition::Always => "always",
            Condition::Given(condition) => condition,
        },
        state: state.as_str().into(),
        tone,
        found: found.map(jump),
    }
}

fn jump(finding: &Finding) -> (Text, UiCommand) {
    let text = format!("{} {}", short_time(finding.at), finding.what);
    let jump = Jump { at: finding.at, seq: Some(finding.seq) };
    (text.as_str().into(), UiCommand::Seek(jump))
}
