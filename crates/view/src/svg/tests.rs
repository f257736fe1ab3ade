//! Stories of pictures: they stand alone, and they show what the page shows.

use super::{Caption, Palette, Theme, stage};
use crate::draw::DrawList;
use crate::project::tests::Stage;
use crate::view_model::clock::time_text;
use kafkascope_model::command::Command;
use kafkascope_model::ids::NodeId;

const TOKENS: &str = include_str!("../../../../www/tokens.css");

fn picture(stage: &Stage, theme: Theme) -> String {
    let palette = Palette::from_css(TOKENS, theme).expect("the page's tokens suffice");
    let mut list = DrawList::default();
    stage.projector.draw(&stage.session, &stage.ui, &mut list);
    let caption = Caption { time: time_text(stage.session.now()), about: "seed 7".to_string() };
    super::stage(stage.projector.view(), &list, &palette, &caption)
}

#[test]
fn a_picture_stands_alone_and_names_what_is_on_the_stage() {
    let at = Stage::at(10_000);
    let text = picture(&at, Theme::Light);
    for word in ["broker 1", "rider-app", "dispatch", "L e0", "murmur2(key) mod 2", "00:00:10"] {
        assert!(text.contains(word), "{word}");
    }
    assert!(text.starts_with("<svg xmlns=") && text.ends_with("</svg>\n"));
    assert!(!text.contains("var(--") && !text.contains("light-dark") && !text.contains("href"));
    assert!(!text.contains("NaN") && !text.contains("inf\""));
    assert_eq!(text.matches("<g").count(), text.matches("</g>").count());
}

#[test]
fn both_papers_show_the_same_in_other_colours() {
    let at = Stage::at(10_000);
    let (light, dark) = (picture(&at, Theme::Light), picture(&at, Theme::Dark));
    assert_ne!(light, dark);
    assert_eq!(light.matches("<text").count(), dark.matches("<text").count());
    assert_eq!(light, picture(&at, Theme::Light));
}

#[test]
fn a_dead_broker_is_hatched_and_its_cells_fade() {
    let mut at = Stage::at(10_000);
    at.session.submit(Command::Kill(NodeId(1))).unwrap();
    at.run_to(11_000);
    let text = picture(&at, Theme::Light);
    assert!(text.contains("url(#hatch)") && text.contains("opacity=\"0.3\""));
    assert!(text.contains(">stopped<"));
}

#[test]
fn names_cannot_break_out() {
    assert_eq!(super::escaped("<a href=\"x\">&\u{7}"), "&lt;a href=&quot;x&quot;&gt;&amp;\u{fffd}");
}

#[test]
fn a_sheet_without_a_token_is_refused_by_the_tokens_name() {
    let without = TOKENS.replace("--brass-wash", "--copper-wash");
    let refused = Palette::from_css(&without, Theme::Light);
    assert_eq!(refused, Err("the style sheet has no token --brass-wash".to_string()));
    let empty =
        stage(&Default::default(), &DrawList::default(), &Palette::default(), &Caption::default());
    assert!(empty.ends_with("</svg>\n"));
}
