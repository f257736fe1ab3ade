//! A picture of a moment as SVG text: for documents, for print, for where the page cannot run.
//!
//! The same layout, view-model and draw list as on the page. Invariant: equal views give equal text, and it refers to nothing
//! outside itself.

mod cards;
mod motion;
mod palette;
mod panels;
mod sheet;
mod tapes;

pub use palette::{Palette, Theme};

use crate::draw::DrawList;
use crate::layout::{Point, Rect};
use crate::view_model::ViewModel;
use sheet::{Sheet, Type, escaped};

/// Height of the strip with title and time.
const HEAD: f32 = 48.0;

/// What a picture shows beside the stage.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Caption {
    /// The moment: `00:00:16.731 440`. Empty for a picture without the strip.
    pub time: String,
    /// A word on it: the scenario's step, or nothing.
    pub about: String,
}

/// The stage at a moment.
pub fn stage(view: &ViewModel, list: &DrawList, palette: &Palette, caption: &Caption) -> String {
    let mut sheet = Sheet { text: String::with_capacity(96 * 1_024), palette };
    let layout = &view.layout;
    let head = if caption.time.is_empty() { 0.0 } else { HEAD };
    let (w, h) = (layout.width, layout.height + head);
    open(&mut sheet, view, (w, h));
    sheet.rect(Rect::new(0.0, 0.0, w, h), 0.0, "paper", "none", "");
    if head > 0.0 {
        strip(&mut sheet, view, caption, w);
    }
    sheet.raw(format_args!("<g transform=\"translate(0 {head})\">"));
    cards::wires(&mut sheet, view);
    cards::all(&mut sheet, view);
    panels::all(&mut sheet, view);
    motion::all(&mut sheet, list);
    panels::callout(&mut sheet, view);
    sheet.raw("</g></svg>\n");
    sheet.text
}

fn open(sheet: &mut Sheet<'_>, view: &ViewModel, (w, h): (f32, f32)) {
    let title = &view.topology.title;
    let (sans, mono) = (sheet.colour("sans"), sheet.colour("mono"));
    sheet.raw(format_args!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {w} {h}\" width=\"{w}\" height=\"{h}\" role=\"img\">"
    ));
    sheet.raw(format_args!("<title>{}: {}</title>", escaped(&title.main), escaped(&title.quiet)));
    let told: Vec<_> =
        view.narration.lines.iter().rev().take(4).map(|line| escaped(&line.text)).collect();
    let told: Vec<_> = told.into_iter().rev().collect();
    sheet.raw(format_args!("<desc>{}</desc>", told.join(" ")));
    let faces = format!(".s{{font-family:{sans}}}.m{{font-family:{mono}}}");
    sheet.raw(format_args!(
        "<style>text{{font-variant-numeric:tabular-nums}}{}</style>",
        escaped(&faces).replace("&quot;", "\"")
    ));
    sheet.raw(format_args!(
        "<defs><pattern id=\"hatch\" width=\"8\" height=\"8\" patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\"><path d=\"M0 0V8\" stroke=\"{}\" stroke-width=\"2\" opacity=\"0.06\"/></pattern></defs>",
        sheet.colour("ink")
    ));
}

fn strip(sheet: &mut Sheet<'_>, view: &ViewModel, caption: &Caption, w: f32) {
    sheet.rect(Rect::new(0.0, 0.0, w, HEAD), 0.0, "card", "none", "");
    sheet.line(&format!("M0 {HEAD}H{w}"), "line", 1.0, "");
    let title = &view.topology.title;
    let y = HEAD / 2.0;
    let bold = Type::sans(14.0).bold();
    sheet.words(Point::new(24.0, y), bold, "ink", &title.main);
    let left = 24.0 + bold.width(&title.main) + 10.0;
    let room = w / 2.0 - 110.0 - left;
    let quiet = Type::sans(13.0);
    if room > 40.0 {
        sheet.words(Point::new(left, y), quiet, "quiet", &quiet.fit(&title.quiet, room));
    }
    let time = if room > 40.0 { Point::new(w / 2.0, y) } else { Point::new(w - 24.0, y) };
    let kind = if room > 40.0 { Type::mono(17.0).middle() } else { Type::mono(14.0).end() };
    sheet.words(time, kind, "ink", &caption.time);
    if room > 40.0 {
        let about = quiet.fit(&caption.about, w / 2.0 - 140.0);
        sheet.words(Point::new(w - 24.0, y), quiet.end(), "quiet", &about);
    }
}

#[cfg(test)]
mod tests;
