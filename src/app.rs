//! The composition root: one struct holds the page's state, turns wishes into changes, and shows the result.
//!
//! Invariant: every change of what is shown passes through [`App::update`]; motion and the clock alone are painted past the
//! virtual DOM.

use crate::dialogs::{Audit, Choice, Help, Menu, Scenarios, Table};
use crate::groups::Groups;
use crate::hands::Hands;
use crate::logs::Logs;
use crate::paint::Painter;
use crate::panels::{Answer, Below, Header, Narration, Timeline, Transport};
use crate::platform::clock_dom::ClockDom;
use crate::platform::{theme, wall};
use crate::player::{self, Player, shipped};
use crate::quorum::Quorum;
use crate::shared::Shared;
use crate::stage::Stage;
use crate::widgets::GlyphShapes;
use crate::wish::{Ask, Dialog, TableWish, Wish};
use gloo::render::{AnimationFrame, request_animation_frame};
use kafkascope_kernel::Micros;
use kafkascope_view::layout::Mode;
use kafkascope_view::view_model::Text;
use kafkascope_view::{UiCommand, ViewModel};
use std::rc::Rc;
use yew::prelude::*;

/// What the page reacts to.
#[derive(Debug)]
pub enum Msg {
    /// The viewer wants something.
    Ask(Wish),
    /// The screen is about to be painted.
    Frame,
}

/// The page.
pub struct App {
    player: Player,
    view: Shared<ViewModel>,
    ask: Ask,
    dialog: Option<Dialog>,
    said: Option<Text>,
    dropping: bool,
    canvas: NodeRef,
    frame: NodeRef,
    painter: Option<Painter>,
    clock: Option<ClockDom>,
    hands: Option<Hands>,
    next_frame: Option<AnimationFrame>,
    /// When the last frame was, on the wall's clock.
    last_frame: Micros,
}

impl Component for App {
    type Message = Msg;
    type Properties = ();

    fn create(ctx: &Context<Self>) -> Self {
        let scenarios = shipped();
        let first = scenarios.first().expect("there is a scenario");
        let player = Player::open(first).unwrap_or_else(|reason| panic!("{}: {reason}", first.id));
        let view = Shared(Rc::new(player.view().clone()));
        Self {
            player,
            view,
            ask: ctx.link().callback(Msg::Ask),
            dialog: None,
            said: None,
            dropping: false,
            canvas: NodeRef::default(),
            frame: NodeRef::default(),
            painter: None,
            clock: None,
            hands: None,
            next_frame: None,
            last_frame: Micros::ZERO,
        }
    }

    fn update(&mut self, ctx: &Context<Self>, msg: Msg) -> bool {
        let changed = match msg {
            Msg::Frame => self.on_frame(),
            Msg::Ask(wish) => self.on_wish(wish),
        };
        if changed {
            self.view = Shared(Rc::new(self.player.view().clone()));
        } else {
            self.paint();
        }
        self.go_on(ctx);
        changed
    }

    fn rendered(&mut self, ctx: &Context<Self>, first: bool) {
        if first {
            self.clock = ClockDom::find();
            self.painter = self.canvas.cast().and_then(Painter::new);
            self.hands = Some(Hands::new(&self.ask, self.frame.cast()));
            player::bench::offer();
        }
        self.paint();
        self.go_on(ctx);
    }

    fn view(&self, _ctx: &Context<Self>) -> Html {
        let (ask, view) = (&self.ask, &self.view);
        let title = &view.topology.title;
        html! {
            <div class={classes!("page", mode_class(view))}>
                <GlyphShapes />
                <Header title={title.main.clone()} subtitle={title.quiet.clone()} ask={ask.clone()} />
                <main class="main">{ self.stage() }</main>
                <footer class="foot">
                    <Narration narration={Shared::from(&view.narration)} playing={self.player.ui().playing} ask={ask.clone()} />
                    <section class="when" aria-label="Time">
                        <Transport playing={self.player.ui().playing} fresh={self.player.is_fresh()} pace={self.player.ui().pace} branch={view.timeline.branch.to_string()} ask={ask.clone()} />
                        <Timeline timeline={Shared::from(&view.timeline)} ask={ask.clone()} />
                    </section>
                </footer>
                { self.dialog() }
                if self.dropping { <div class="drop">{ "Drop a CSV, NDJSON or JSON file: each row becomes a record" }</div> }
                <div class={classes!(self.said.is_some().then_some("toast"))} role="status">{ self.said.as_deref().unwrap_or_default() }</div>
            </div>
        }
    }
}

impl App {
    fn stage(&self) -> Html {
        let (ask, view) = (&self.ask, &self.view);
        let aside = html! { <Answer view={view.clone()} ask={ask.clone()} /> };
        let room = view.layout.left_rest.map_or(0, |rest| rest.h as u32);
        let below = html! {
            <Below keys={Shared::from(&view.keys)} ledger={Shared::from(&view.ledger)} height={room} ask={ask.clone()} />
        };
        let group = view.group.as_ref().map(|group| {
            let why = view.why.as_ref().map(Shared::from);
            let request = view.request.as_ref().map(Shared::from);
            html! { <Groups group={Shared::from(group)} {why} {request} ask={ask.clone()} /> }
        });
        let log = view.log.as_ref().map(|log| {
            let why = view.why.as_ref().map(Shared::from);
            let record = view.record.as_ref().map(Shared::from);
            html! { <Logs log={Shared::from(log)} {record} {why} ask={ask.clone()} /> }
        });
        let quorum = view.quorum.as_ref().map(|quorum| {
            html! { <Quorum quorum={Shared::from(quorum)} ask={ask.clone()} /> }
        });
        // A place that stays, filled or empty: siblings that come and go would make the stage anew, and its size be lost.
        let covered = group.is_some() || log.is_some() || quorum.is_some();
        html! {
            <>
                <Stage view={view.clone()} ask={ask.clone()} canvas={self.canvas.clone()} frame={self.frame.clone()} {covered} {aside} {below} />
                { group.unwrap_or_default() }
                { log.unwrap_or_default() }
                { quorum.unwrap_or_default() }
            </>
        }
    }

    fn dialog(&self) -> Html {
        let ask = self.ask.clone();
        match self.dialog {
            None => Html::default(),
            Some(Dialog::Table) => self.player.table().map_or_else(Html::default, |dropped| {
                let preview = Shared::from(&dropped.preview);
                html! { <Table {preview} skip_bad={dropped.skip_bad} {ask} /> }
            }),
            Some(Dialog::Audit) => html! { <Audit audit={self.player.audited()} {ask} /> },
            Some(Dialog::Menu) => html! { <Menu {ask} /> },
            Some(Dialog::Help) => html! { <Help {ask} /> },
            Some(Dialog::Scenarios) => {
                let choice = |known: player::Shipped| Choice {
                    id: known.id.into(),
                    title: known.title.into(),
                    about: known.about,
                };
                let choices: Vec<_> = shipped().into_iter().map(choice).collect();
                html! { <Scenarios {choices} open={self.player.scenario()} {ask} /> }
            }
        }
    }

    fn on_frame(&mut self) -> bool {
        self.next_frame = None;
        let now = wall();
        // The first frame of a play has none before it.
        let since = if self.last_frame == Micros::ZERO { now } else { self.last_frame };
        let passed = Micros(now.0.saturating_sub(since.0));
        self.last_frame = now;
        let audited = self.is_auditing() && self.audit();
        (self.player.ui().playing && self.player.frame(passed, now)) || audited
    }

    /// Whether the auditor has something to look at before its panel is right.
    fn is_auditing(&self) -> bool {
        self.dialog == Some(Dialog::Audit) && self.player.is_audit_behind()
    }

    /// Audits a slice more; there is always something new to show.
    fn audit(&mut self) -> bool {
        if let Err(reason) = self.player.audit() {
            (self.said, self.dialog) = (Some(reason), None);
        }
        true
    }

    /// Whether the virtual DOM has to be looked at.
    fn on_wish(&mut self, wish: Wish) -> bool {
        self.said = None;
        if self.leads_away(&wish) {
            self.dialog = None;
        }
        let done = match wish {
            Wish::Do(command) => self.player.apply(&command),
            Wish::Letter(letter) => self.letter(letter),
            Wish::Kill => self.player.kill().and_then(|wish| self.player.apply(&wish)),
            Wish::AddConsumer => {
                self.player.add_consumer().and_then(|wish| self.player.apply(&wish))
            }
            Wish::RemoveConsumer => {
                self.player.remove_consumer().and_then(|wish| self.player.apply(&wish))
            }
            Wish::Groups => {
                let wish = self.player.through_time();
                self.player.apply(&wish)
            }
            Wish::Line(about, jump) => {
                let _ = self.player.apply(&UiCommand::Select(about));
                self.player.apply(&UiCommand::Seek(jump))
            }
            Wish::Touch(x, y) => self.player.apply(&UiCommand::Select(self.player.at(x, y))),
            Wish::Resize(width, height) => {
                self.player.resize(width, height);
                Ok(())
            }
            Wish::Open(dialog) => {
                self.dialog = Some(dialog);
                Ok(())
            }
            Wish::Close => self.close(),
            Wish::ToggleTheme => {
                theme::toggle();
                self.repaint()
            }
            Wish::MediaChanged => self.repaint(),
            Wish::Dropping(dropping) => {
                self.dropping = dropping;
                Ok(())
            }
            Wish::Scenario(id) => self.change_scenario(&id),
            Wish::Say(text) => Err(text),
            Wish::File(file) => self.drop_file(&file.0, &file.1),
            Wish::Table(wish) => self.change_table(&wish),
        };
        self.said = done.err();
        true
    }

    /// Whether a wish is about what the open dialog covers.
    fn leads_away(&self, wish: &Wish) -> bool {
        match self.dialog {
            Some(Dialog::Menu) => true,
            Some(Dialog::Audit) => matches!(wish, Wish::Do(UiCommand::Seek(_))),
            Some(Dialog::Help | Dialog::Scenarios | Dialog::Table) | None => false,
        }
    }

    fn letter(&mut self, letter: char) -> Result<(), Text> {
        match self.player.letter(letter)? {
            Some(wish) => self.player.apply(&wish),
            None => Ok(()),
        }
    }

    fn drop_file(&mut self, name: &str, content: &str) -> Result<(), Text> {
        self.dropping = false;
        self.player.drop_file(name, content)?;
        self.dialog = Some(Dialog::Table);
        Ok(())
    }

    fn change_table(&mut self, wish: &TableWish) -> Result<(), Text> {
        self.player.change_table(wish)?;
        if self.player.table().is_none() {
            self.dialog = None;
        }
        Ok(())
    }

    fn close(&mut self) -> Result<(), Text> {
        self.player.forget_table();
        match self.dialog.take() {
            Some(_) => Ok(()),
            None => self.player.apply(&UiCommand::Close),
        }
    }

    fn repaint(&mut self) -> Result<(), Text> {
        if let Some(painter) = &mut self.painter {
            painter.refresh();
        }
        Ok(())
    }

    fn change_scenario(&mut self, id: &str) -> Result<(), Text> {
        self.dialog = None;
        let known =
            player::named(id).ok_or_else(|| Text::from(format!("There is no scenario {id}.")))?;
        self.player = self.player.reopen(&known)?;
        Ok(())
    }

    fn paint(&mut self) {
        if let Some(clock) = &mut self.clock {
            clock.write(self.player.clock());
            clock.write_group(self.player.group_clock());
        }
        let layout = &self.player.view().layout;
        if let Some(painter) = &mut self.painter {
            painter.paint(self.player.list(), (layout.width, layout.height));
        }
    }

    /// Asks for one more frame while time runs; while it stands still there are none.
    fn go_on(&mut self, ctx: &Context<Self>) {
        if !self.player.ui().playing && !self.is_auditing() {
            self.next_frame = None;
            self.last_frame = Micros::ZERO;
        } else if self.next_frame.is_none() {
            let link = ctx.link().clone();
            self.next_frame = Some(request_animation_frame(move |_| link.send_message(Msg::Frame)));
        }
    }
}

fn mode_class(view: &ViewModel) -> Option<&'static str> {
    (view.layout.mode == Mode::Projector).then_some("is-projector")
}
