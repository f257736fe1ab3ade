//! A record's face: colour and sign, as a cell of a tape or as an icon beside a name.
//!
//! Invariant: the shapes are those of [`kafkascope_view::glyphs`], so a record looks the same standing and flying.

use kafkascope_view::glyphs::{self, UNIT};
use kafkascope_view::view_model::{CellLook, CellVm, Face, Glyph};
use yew::prelude::*;

const ALL: [Glyph; 10] = [
    Glyph::Circle,
    Glyph::Triangle,
    Glyph::Square,
    Glyph::Diamond,
    Glyph::Plus,
    Glyph::Star,
    Glyph::Dot,
    Glyph::Slash,
    Glyph::Commit,
    Glyph::Abort,
];

/// The shapes, once a page; cells refer to them.
#[component]
pub fn GlyphShapes() -> Html {
    let shapes = ALL.iter().map(|glyph| {
        html! { <path id={glyphs::id(*glyph)} d={glyphs::path(*glyph)} /> }
    });
    html! {
        <svg class="shapes" width="0" height="0" aria-hidden="true">
            <defs>{ for shapes }</defs>
        </svg>
    }
}

/// Properties of [`Cell`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct CellProps {
    /// The record.
    pub cell: CellVm,
    /// Left edge.
    pub x: f32,
    /// Upper edge.
    pub y: f32,
    /// Side.
    pub side: f32,
}

/// One record on a tape or in an accumulator; inside an SVG element.
#[component]
pub fn Cell(props: &CellProps) -> Html {
    let CellVm { face, look, record, selected, .. } = props.cell;
    let class = classes!("cell", tint(face), look_class(look), selected.then_some("is-selected"));
    let place = format!("translate({} {}) scale({})", props.x, props.y, props.side / UNIT);
    html! {
        <g {class} transform={place} data-record={record.0.to_string()}>
            if selected {
                <rect class="halo" x="-3" y="-3" width="24" height="24" rx="7" />
            }
            <rect class="cell-box" width="18" height="18" rx="4" />
            <use href={format!("#{}", glyphs::id(face.glyph))} />
            if look == CellLook::Struck {
                <path class="strike" d="M3 3L15 15M15 3L3 15" />
            }
        </g>
    }
}

/// Properties of [`FaceIcon`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct FaceIconProps {
    /// The face.
    pub face: Face,
    /// Side in pixels.
    #[prop_or(16)]
    pub side: u16,
}

/// A face beside a name.
#[component]
pub fn FaceIcon(props: &FaceIconProps) -> Html {
    let side = props.side.to_string();
    html! {
        <svg class={classes!("face", "cell", tint(props.face), "is-solid")} width={side.clone()} height={side}
            viewBox="0 0 18 18" aria-hidden="true">
            <rect class="cell-box" width="18" height="18" rx="4" />
            <use href={format!("#{}", glyphs::id(props.face.glyph))} />
        </svg>
    }
}

fn tint(face: Face) -> &'static str {
    const TINTS: [&str; 7] = ["key-0", "key-1", "key-2", "key-3", "key-4", "key-5", "key-6"];
    TINTS[usize::from(face.tint.min(Face::NEUTRAL))]
}

const fn look_class(look: CellLook) -> &'static str {
    match look {
        CellLook::Solid => "is-solid",
        CellLook::Dashed => "is-dashed",
        CellLook::Faded => "is-solid is-faded",
        CellLook::Struck => "is-struck",
        CellLook::Gone => "is-gone",
    }
}
