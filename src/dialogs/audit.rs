//! What Kafka promises, on which condition, and whether it held so far.
//!
//! Invariant: a state is said in words, never by colour alone.

use crate::player::AuditVm;
use crate::player::audit::PromiseVm;
use crate::widgets::{Modal, tone};
use crate::wish::{Ask, Wish};
use yew::prelude::*;

/// Properties of [`Audit`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct AuditProps {
    /// What is shown.
    pub audit: AuditVm,
    /// Where wishes go.
    pub ask: Ask,
}

/// The auditor's panel.
#[component]
pub fn Audit(props: &AuditProps) -> Html {
    let audit = &props.audit;
    let pending = if audit.pending.is_empty() {
        "Audited up to the moment shown.".to_string()
    } else {
        format!("Auditing: {} so far …", audit.pending)
    };
    html! {
        <Modal title="What Kafka promises, and whether it held" ask={props.ask.clone()}>
            <p role="status">{ &*audit.summary }{ " " }{ pending }</p>
            <ol class="promises" tabindex="0" aria-label="Promises">{ for audit.promises.iter().map(|shown| promise(shown, &props.ask)) }</ol>
        </Modal>
    }
}

fn promise(shown: &PromiseVm, ask: &Ask) -> Html {
    let found = shown.found.as_ref().map(|(text, command)| {
        let wish = command.clone();
        let onclick = ask.reform(move |_| Wish::Do(wish.clone()));
        html! { <button class="link-button is-accent promise-found" title="Go there" {onclick}>{ &**text }</button> }
    });
    html! {
        <li key={shown.id}>
            <b class="mono">{ shown.id }</b>
            <span class="promise-what">{ shown.sentence }<small>{ shown.condition }</small>{ for found }</span>
            <span class={classes!("promise-state", tone(shown.tone))}>{ &*shown.state }</span>
        </li>
    }
}
