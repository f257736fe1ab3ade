//! The few signs on buttons.
//!
//! Invariant: an icon never stands without a name for those who do not see it; the button gives that.

use yew::prelude::*;

/// Which sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "what they look like")]
pub enum IconName {
    Play,
    Pause,
    StepForward,
    StepBack,
    ToStart,
    ToHead,
    Theme,
    Close,
    Menu,
}

/// Properties of [`Icon`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct IconProps {
    /// Which sign.
    pub name: IconName,
}

/// A sign in the text's colour.
#[component]
pub fn Icon(props: &IconProps) -> Html {
    html! {
        <svg viewBox="0 0 20 20" aria-hidden="true" focusable="false"><path d={path(props.name)} /></svg>
    }
}

const fn path(name: IconName) -> &'static str {
    match name {
        IconName::Play => {
            "M6 3.5v13a.6.6 0 0 0 .9.5l10.4-6.5a.6.6 0 0 0 0-1L6.9 3a.6.6 0 0 0-.9.5z"
        }
        IconName::Pause => "M5 3h3.6v14H5zM11.4 3H15v14h-3.6z",
        IconName::StepForward => {
            "M5 4v12a.5.5 0 0 0 .8.4l9.4-6a.5.5 0 0 0 0-.8l-9.4-6A.5.5 0 0 0 5 4z"
        }
        IconName::StepBack => {
            "M15 4v12a.5.5 0 0 1-.8.4l-9.4-6a.5.5 0 0 1 0-.8l9.4-6A.5.5 0 0 1 15 4z"
        }
        IconName::ToStart => {
            "M3 3.5h2v13H3zM17 4v12a.5.5 0 0 1-.8.4l-9.6-6a.5.5 0 0 1 0-.8l9.6-6A.5.5 0 0 1 17 4z"
        }
        IconName::ToHead => {
            "M15 3.5h2v13h-2zM3 4v12a.5.5 0 0 0 .8.4l9.6-6a.5.5 0 0 0 0-.8l-9.6-6A.5.5 0 0 0 3 4z"
        }
        IconName::Theme => "M10 2a8 8 0 1 0 0 16 8 8 0 0 0 0-16zm0 1.6v12.8a6.4 6.4 0 0 1 0-12.8z",
        IconName::Close => {
            "M5.3 4.2 10 8.9l4.7-4.7 1.1 1.1-4.7 4.7 4.7 4.7-1.1 1.1-4.7-4.7-4.7 4.7-1.1-1.1L8.9 10 4.2 5.3z"
        }
        IconName::Menu => "M3 5h14v1.6H3zM3 9.2h14v1.6H3zM3 13.4h14V15H3z",
    }
}
