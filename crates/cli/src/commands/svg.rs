//! `kafkascope svg SCENARIO`: the stage at one moment, as a picture.
//!
//! Invariant: the same scenario, seed and moment give the same picture, to the last character.

use crate::args::Args;
use crate::source::{Source, open};
use crate::trouble::Trouble;
use kafkascope_kernel::Micros;
use kafkascope_view::layout::{Mode, Viewport};
use kafkascope_view::project::Projector;
use kafkascope_view::svg::{Caption, Palette, Theme, stage};
use kafkascope_view::view_model::clock::time_text;
use kafkascope_view::{DrawList, UiState};
use std::process::ExitCode;

/// The moment of a picture that is not told otherwise, from where the scenario opens.
const AT_MS: u64 = 30_000;
/// The page's own colours.
const TOKENS: &str = include_str!("../../../../www/tokens.css");
const WIDTH: u64 = 1_440;
const HEIGHT: u64 = 680;

pub fn run(mut args: Args) -> Result<ExitCode, Trouble> {
    let at = Micros::from_ms(args.span_ms("--at")?.unwrap_or(AT_MS));
    let width = args.number("--width")?.unwrap_or(WIDTH).clamp(320, 8_000) as f32;
    let height = args.number("--height")?.unwrap_or(HEIGHT).clamp(240, 8_000) as f32;
    let (dark, file) = (args.flag("--dark"), args.option("--out")?);
    let scenario = Source::of(args)?.into_scenario()?;
    let mut session = open(&scenario)?;
    session.seek(scenario.script.opens_at + at);
    let viewport = Viewport { width, height, mode: Mode::fitting(width) };
    let ui = UiState { viewport, ..UiState::default() };
    let mut projector = Projector::new(&scenario.story.title);
    projector.feed(&session);
    projector.project(&session, &ui);
    let mut moving = DrawList::default();
    projector.draw(&session, &ui, &mut moving);
    let theme = if dark { Theme::Dark } else { Theme::Light };
    let palette = Palette::from_css(TOKENS, theme).map_err(Trouble::new)?;
    let caption = Caption { time: time_text(session.now()), about: scenario.story.teaser.clone() };
    write(file.as_deref(), &stage(projector.view(), &moving, &palette, &caption))
}

fn write(file: Option<&str>, text: &str) -> Result<ExitCode, Trouble> {
    match file {
        None => print!("{text}"),
        Some(path) => std::fs::write(path, text)
            .map_err(|error| Trouble::new(format!("{path}: cannot be written: {error}")))?,
    }
    Ok(ExitCode::SUCCESS)
}
