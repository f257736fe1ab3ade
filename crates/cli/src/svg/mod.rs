//! The stage as a picture: what the page shows at one moment, as SVG.
//!
//! Places and words are the view's own; only the strokes are made here. Invariant: every colour is one of the page's tokens.

mod cards;
mod ink;
mod moving;
mod tapes;

use ink::Ink;
use kafkascope_view::layout::{Curve, Point, Rect};
use kafkascope_view::view_model::topology::WireLook;
use kafkascope_view::{DrawList, ViewModel};
use std::fmt::Write;

/// A picture being drawn.
struct Sheet {
    out: String,
    ink: Ink,
}

/// The whole picture.
pub fn picture(view: &ViewModel, moving: &DrawList, dark: bool) -> String {
    let layout = &view.layout;
    let mut sheet = Sheet { out: String::new(), ink: Ink::new(dark) };
    let (width, height) = (layout.width, layout.height);
    let _ = writeln!(
        sheet.out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" height=\"{height:.0}\" viewBox=\"0 0 {width:.0} {height:.0}\" font-family=\"ui-sans-serif, system-ui, sans-serif\" role=\"img\">"
    );
    let title = format!("{} {}", view.topology.title.main, view.topology.title.quiet);
    let _ = writeln!(sheet.out, "<title>{}</title>", escaped(title.trim()));
    sheet.rect(&Rect { x: 0.0, y: 0.0, w: width, h: height }, 0.0, "paper", None);
    for wire in &view.topology.wires {
        sheet.wire(&wire.curve, wire.look);
    }
    cards::draw(&mut sheet, view);
    tapes::draw(&mut sheet, view);
    moving::draw(&mut sheet, moving);
    sheet.out.push_str("</svg>\n");
    sheet.out
}

impl Sheet {
    fn rect(&mut self, rect: &Rect, round: f32, fill: &str, edge: Option<&str>) {
        let fill = self.ink.of(fill);
        let stroke = edge.map(|edge| format!(" stroke=\"{}\"", self.ink.of(edge)));
        let _ = writeln!(
            self.out,
            "<rect x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" rx=\"{round}\" fill=\"{fill}\"{}/>",
            rect.x,
            rect.y,
            rect.w,
            rect.h,
            stroke.unwrap_or_default()
        );
    }

    /// Text whose baseline is in the middle of `y`.
    fn text(&mut self, at: Point, size: f32, colour: &str, anchor: &str, text: &str) {
        if text.is_empty() {
            return;
        }
        let fill = self.ink.of(colour);
        let _ = writeln!(
            self.out,
            "<text x=\"{:.1}\" y=\"{:.1}\" font-size=\"{size}\" fill=\"{fill}\" text-anchor=\"{anchor}\">{}</text>",
            at.x,
            at.y + size * 0.35,
            escaped(text)
        );
    }

    fn wire(&mut self, curve: &Curve, look: WireLook) {
        let (colour, width, dash) = match look {
            WireLook::Faint => ("wire", 1.0, ""),
            WireLook::InUse => ("wire", 1.6, ""),
            WireLook::Selected => ("blue", 2.0, ""),
            WireLook::Slowed => ("brass-line", 1.6, "8 4"),
            WireLook::Cut => ("red", 1.6, "3 5"),
        };
        let stroke = self.ink.of(colour);
        let Curve { from, c1, c2, to } = curve;
        let _ = writeln!(
            self.out,
            "<path d=\"M{:.1} {:.1}C{:.1} {:.1} {:.1} {:.1} {:.1} {:.1}\" fill=\"none\" stroke=\"{stroke}\" stroke-width=\"{width}\" stroke-dasharray=\"{dash}\"/>",
            from.x, from.y, c1.x, c1.y, c2.x, c2.y, to.x, to.y
        );
    }

    fn line(&mut self, from: Point, to: Point, colour: &str, width: f32) {
        let stroke = self.ink.of(colour);
        let _ = writeln!(
            self.out,
            "<line x1=\"{:.1}\" y1=\"{:.1}\" x2=\"{:.1}\" y2=\"{:.1}\" stroke=\"{stroke}\" stroke-width=\"{width}\"/>",
            from.x, from.y, to.x, to.y
        );
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_of_nothing_is_still_a_picture() {
        let text = picture(&ViewModel::default(), &DrawList::default(), false);
        assert!(text.starts_with("<svg") && text.ends_with("</svg>\n"));
        assert_eq!(escaped("a<b & \"c\""), "a&lt;b &amp; &quot;c&quot;");
    }
}
