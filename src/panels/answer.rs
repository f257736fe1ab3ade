//! The right panel: the answer to a question, the life of a record, the inspector, or what to try.
//!
//! Invariant: exactly one of them; a question comes before what it is about.

use super::inspector::Inspector;
use super::record::Record;
use super::request::Request;
use super::under_way::UnderWay;
use super::welcome::Welcome;
use super::why::Why;
use crate::shared::Shared;
use crate::wish::Ask;
use kafkascope_view::ViewModel;
use yew::prelude::*;

/// Properties of [`Answer`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct AnswerProps {
    /// What is shown.
    pub view: Shared<ViewModel>,
    /// Where wishes go.
    pub ask: Ask,
}

/// The right panel.
#[component]
pub fn Answer(props: &AnswerProps) -> Html {
    let (view, ask) = (&props.view, &props.ask);
    if let Some(why) = &view.why {
        return html! { <Why why={Shared::from(why)} ask={ask.clone()} /> };
    }
    if let Some(record) = &view.record {
        return html! { <Record record={Shared::from(record)} ask={ask.clone()} /> };
    }
    if let Some(request) = &view.request {
        return html! { <Request request={Shared::from(request)} ask={ask.clone()} /> };
    }
    if let Some(inspector) = &view.inspector {
        return html! { <Inspector inspector={Shared::from(inspector)} ask={ask.clone()} /> };
    }
    if let Some(list) = &view.under_way {
        return html! { <UnderWay list={Shared::from(list)} ask={ask.clone()} /> };
    }
    html! { <Welcome ask={ask.clone()} /> }
}
