//! The composition root: one struct holds the page's state, turns wishes into changes, and shows the result.
//!
//! Invariant: every change of what is shown passes through [`App::update`]; motion alone is painted past it.

use crate::dialogs::{Choice, Help, Scenarios};
use crate::keys;
use crate::paint::Painter;
use crate::panels::{Answer, Below, Header, Narration, Timeline, Transport};
use crate::platform::{clock_dom::ClockDom, files, size::SizeWatch, theme};
use crate::player::Player;
use crate::shared::Shared;
use crate::stage::Stage;
use crate::widgets::GlyphShapes;
use crate::wish::{Dialog, Wish};
use kafkascope_view::view_model::Text;
use kafkascope_view::ViewModel;
use std::rc::Rc;
use wasm_bindgen::JsCast;
use yew::prelude::*;

/// The page.
pub struct App {
    player: Player,
    view: Shared<ViewModel>,
    dialog: Option<Dialog>,
    canvas: NodeRef,
    frame: NodeRef,
    painter: Option<Painter>,
    clock: Option<ClockDom>,
    _size: Option<SizeWatch>,
}

impl Component for App {
    type Message = Wish;
    type Properties = ();

    fn create(_ctx: &Context<Self>) -> Self {
        let player = Player::open();
        let view = Shared(Rc::new(player.view.clone()));
        Self { player, view, dialog: None, canvas: NodeRef::default(), frame: NodeRef::default(), painter: None, clock: None, _size: None }
    }

    fn update(&mut self, _ctx: &Context<Self>, wish: Wish) -> bool {
        match wish {
            Wish::Do(command) => self.player.apply(&command),
            Wish::Resize(w, h) => self.player.resize(w, h),
            Wish::Open(dialog) => self.dialog = Some(dialog),
            Wish::Close => self.dialog = None,
            Wish::ToggleTheme => { theme::toggle(); if let Some(p) = &mut self.painter { p.refresh(); } }
            _ => {}
        }
        self.view = Shared(Rc::new(self.player.view.clone()));
        true
    }

    fn rendered(&mut self, ctx: &Context<Self>, first: bool) {
        if first {
            self.clock = ClockDom::find();
            self.painter = self.canvas.cast().and_then(Painter::new);
            let ask = ctx.link().callback(|wish: Wish| wish);
            let element = self.frame.cast();
            self._size = element.and_then(|e| SizeWatch::new(e, move |w, h| ask.emit(Wish::Resize(w, h))));
        }
        if let Some(clock) = &mut self.clock { clock.write(&self.player.view.clock); }
        let layout = &self.player.view.layout;
        if let Some(painter) = &mut self.painter { painter.paint(&self.player.list, (layout.width, layout.height)); }
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        let ask = ctx.link().callback(|wish: Wish| wish);
        let view = &self.view;
        let aside = html! { <Answer view={view.clone()} ask={ask.clone()} /> };
        let room = view.layout.left_rest.map_or(0, |rest| rest.h as u32);
        let below = html! { <Below keys={Shared::from(&view.keys)} ledger={Shared::from(&view.ledger)} height={room} ask={ask.clone()} /> };
        let title = &view.topology.title;
        html! {
            <div class="page">
                <GlyphShapes />
                <Header title={title.main.clone()} subtitle={title.quiet.clone()} ask={ask.clone()} />
                <main class="main"><Stage view={view.clone()} ask={ask.clone()} canvas={self.canvas.clone()} frame={self.frame.clone()} {aside} {below} /></main>
                <footer class="foot">
                    <Narration narration={Shared::from(&view.narration)} ask={ask.clone()} />
                    <div class="when">
                        <Transport playing={self.player.ui.playing} fresh={self.player.fresh} pace={self.player.ui.pace} branch={view.timeline.branch.to_string()} ask={ask.clone()} />
                        <Timeline timeline={Shared::from(&view.timeline)} ask={ask.clone()} />
                    </div>
                </footer>
                if self.dialog == Some(Dialog::Help) { <Help ask={ask.clone()} /> }
            </div>
        }
    }
}
