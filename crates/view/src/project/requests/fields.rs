//! Header and body of a message as rows.
//!
//! Invariant: names, numbers and their order are the wire's; what a number means stands beside it.

use super::super::Sight;
use super::{Known, text};
use crate::view_model::request::{FieldVm, MessageVm};
use crate::view_model::{Text, Tone};
use kafkascope_model::api::ErrorCode;
use kafkascope_model::ids::TopicId;
use kafkascope_wire::{Value, Wire, version};

/// The most rows of one message.
const ROWS: usize = 120;

/// The request.
pub(super) fn request(sight: &Sight<'_>, known: &Known) -> MessageVm {
    let Some(request) = &known.request else {
        return MessageVm {
            absent: "It left too long ago to be known.".into(),
            ..MessageVm::default()
        };
    };
    let wire = Wire::new(sight.session.world());
    let mut rows = Rows::new(sight);
    let key = request.key();
    rows.header("requestApiKey", format!("{} {}", key.key(), key.name()));
    rows.header("requestApiVersion", version(request).to_string());
    rows.header("correlationId", known.correlation.to_string());
    rows.header("clientId", wire.client_id(known.conn));
    rows.body(&wire.request(request));
    rows.done()
}

/// The answer, as soon as it was given.
pub(super) fn answer(sight: &Sight<'_>, known: &Known) -> MessageVm {
    let absent = |why: &str| MessageVm { absent: why.into(), ..MessageVm::default() };
    let given = known.answered_at.is_some_and(|at| at <= sight.now());
    match &known.response {
        Some(response) if given => {
            let mut rows = Rows::new(sight);
            rows.header("correlationId", known.correlation.to_string());
            rows.body(&Wire::new(sight.session.world()).response(response));
            rows.done()
        }
        None if given => absent("None: with acks=0 nobody waits for one."),
        Some(_) | None if known.read_at.is_some() => absent("Not given yet."),
        Some(_) | None => absent("Not yet: the request has not been read."),
    }
}

struct Rows<'a> {
    sight: &'a Sight<'a>,
    message: MessageVm,
}

impl<'a> Rows<'a> {
    fn new(sight: &'a Sight<'a>) -> Self {
        Self { sight, message: MessageVm::default() }
    }

    fn done(self) -> MessageVm {
        self.message
    }

    fn header(&mut self, name: &str, value: String) {
        let tone = Tone::Plain;
        self.put(FieldVm { depth: 0, name: name.into(), value: text(value), tone, header: true });
    }

    fn put(&mut self, field: FieldVm) {
        if self.message.fields.len() < ROWS {
            self.message.fields.push(field);
        } else {
            self.message.more += 1;
        }
    }

    fn body(&mut self, value: &Value) {
        if let Value::Object(fields) = value {
            for (name, value) in fields {
                self.field(0, name, name, value);
            }
        }
    }

    /// `name` is what the field is called; `label` says which of a list it is too.
    fn field(&mut self, depth: u8, name: &str, label: &str, value: &Value) {
        match value {
            Value::Object(fields) => {
                self.leaf(depth, label, "", Tone::Plain);
                for (name, value) in fields {
                    self.field(depth + 1, name, name, value);
                }
            }
            Value::List(items) if items.iter().any(|item| matches!(item, Value::Object(_))) => {
                let single = items.len() == 1;
                for (index, item) in items.iter().enumerate() {
                    let label =
                        if single { label.to_string() } else { format!("{label}[{index}]") };
                    self.field(depth, name, &label, item);
                }
            }
            Value::List(items) => {
                let items: Vec<String> = items.iter().map(scalar).collect();
                self.leaf(depth, label, &format!("[{}]", items.join(", ")), Tone::Plain);
            }
            Value::Int(number) if name.ends_with("rrorCode") => {
                let known = ErrorCode::ALL.iter().find(|error| i64::from(error.code()) == *number);
                let told = known.map_or("NONE", |error| error.name());
                let tone = if *number == 0 { Tone::Quiet } else { Tone::Bad };
                self.leaf(depth, label, &format!("{number} {told}"), tone);
            }
            Value::Text(id) if name == "topicId" => {
                let told =
                    self.topic(id).map_or_else(|| id.clone(), |topic| format!("{id} {topic}"));
                self.leaf(depth, label, &told, Tone::Plain);
            }
            other @ (Value::Null | Value::Bool(_) | Value::Int(_) | Value::Text(_)) => {
                let tone = if *other == Value::Null { Tone::Quiet } else { Tone::Plain };
                self.leaf(depth, label, &scalar(other), tone);
            }
        }
    }

    fn leaf(&mut self, depth: u8, name: &str, value: &str, tone: Tone) {
        self.put(FieldVm { depth, name: name.into(), value: value.into(), tone, header: false });
    }

    /// The topic with this id.
    fn topic(&self, id: &str) -> Option<Text> {
        let id: u32 = id.strip_prefix("uuid")?.parse().ok()?;
        let topics = &self.sight.observer.picture.topics;
        topics.get(&TopicId(id)).map(|topic| text(&topic.name))
    }
}

fn scalar(value: &Value) -> String {
    match value {
        Value::Null => "null".to_string(),
        Value::Bool(yes) => yes.to_string(),
        Value::Int(number) => number.to_string(),
        Value::Text(text) => text.clone(),
        Value::List(items) => {
            let items: Vec<String> = items.iter().map(scalar).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(_) => "{…}".to_string(),
    }
}
