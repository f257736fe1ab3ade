//! `kafkascope svg SCENARIO --at T`: the stage at a moment, as a picture.
//!
//! Invariant: the picture is the page's own, with the colours of its style sheet.

use crate::args::Args;
use crate::scenario::from_args;
use crate::trouble::Trouble;
use kafkascope_kernel::SimTime;
use kafkascope_view::svg::{Caption, Palette, Theme, stage};
use kafkascope_view::view_model::clock::time_text;
use kafkascope_view::{DrawList, Projector, UiState};
use std::process::ExitCode;

const TOKENS: &str = include_str!("../../../../www/tokens.css");

pub fn run(mut args: Args) -> Result<ExitCode, Trouble> {
    let at = args.span_ms("--at")?.map(SimTime::from_ms);
    let theme = if args.flag("--dark") { Theme::Dark } else { Theme::Light };
    let (_, scenario, mut session) = from_args(args)?;
    if let Some(at) = at {
        session.seek(at);
    }
    let (ui, mut list) = (UiState::default(), DrawList::default());
    let mut projector = Projector::new(&scenario.story.title);
    projector.feed(&session);
    projector.project(&session, &ui);
    projector.draw(&session, &ui, &mut list);
    let palette = Palette::from_css(TOKENS, theme).map_err(Trouble::new)?;
    let caption = Caption { about: scenario.story.teaser.clone(), time: time_text(session.now()) };
    println!("{}", stage(projector.view(), &list, &palette, &caption));
    Ok(ExitCode::SUCCESS)
}
