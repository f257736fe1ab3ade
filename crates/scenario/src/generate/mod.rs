//! Realistic events from a short description: fields that are drawn, and templates that put them together.
//!
//! Every field draws from a stream of its own, so that one more field changes no other. Invariant: the same seed, producer and
//! description give the same events for ever; all of it is whole numbers and text.

mod field;
mod template;

pub use field::{Draw, Field, zipf};
pub use template::Template;

use kafkascope_kernel::FlatMap;
use kafkascope_kernel::{Prng, Seed};
use kafkascope_model::ids::Bytes;
use kafkascope_model::log::Header;
use kafkascope_model::workload::NewRecord;

/// The most events of one generator.
pub const MAX_EVENTS: u32 = 10_000;

/// A description of events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Generator {
    /// How many events.
    pub count: u32,
    /// Keys; without one, records are keyless.
    pub key: Option<Template>,
    /// Values.
    pub value: Template,
    /// Headers in order.
    pub headers: Vec<(String, Template)>,
    /// The field whose values each live through `steps`.
    pub per: Option<String>,
    /// What happens to each value of `per`, in order, again and again; `{step}` in templates.
    pub steps: Vec<Template>,
    /// What is drawn, by name.
    pub fields: FlatMap<String, Field>,
}

/// How far one value of `per` has come.
#[derive(Debug, Default)]
struct Life {
    step: usize,
    held: FlatMap<String, String>,
    fields: FlatMap<String, i64>,
}

struct Run<'g> {
    generator: &'g Generator,
    streams: FlatMap<&'g str, Prng>,
    counters: FlatMap<&'g str, i64>,
    lives: FlatMap<String, Life>,
}

/// What is known of one event so far.
#[derive(Default)]
struct Known {
    number: u32,
    life: String,
    texts: FlatMap<String, String>,
}

impl Generator {
    /// The events, as an application hands them to `send()`.
    pub fn events(&self, seed: Seed, producer: &str) -> Vec<NewRecord> {
        let stream = |name: &str| seed.stream(&format!("scenario/{producer}/{name}"), 0);
        let mut run = Run {
            generator: self,
            streams: self.fields.keys().map(|name| (name.as_str(), stream(name))).collect(),
            counters: FlatMap::new(),
            lives: FlatMap::new(),
        };
        (1..=self.count.min(MAX_EVENTS)).map(|number| run.event(number)).collect()
    }

    /// What is wrong with it: an unknown name with where it stands, or a circle.
    pub fn check(&self) -> Result<(), String> {
        let known = |name: &str| self.fields.contains_key(name) || ["n", "step"].contains(&name);
        let mut all: Vec<&Template> = self.key.iter().chain([&self.value]).collect();
        all.extend(self.headers.iter().map(|(_, template)| template));
        all.extend(&self.steps);
        all.extend(self.fields.values().flat_map(Field::templates));
        for name in all.into_iter().flat_map(Template::names) {
            if !known(name) {
                let names = self.fields.keys().map(String::as_str).chain(["n", "step"]);
                let near = crate::nearest::did_you_mean(name, names);
                return Err(format!("there is no field '{name}'.{near}"));
            }
        }
        if let Some(per) = self.per.as_deref().filter(|per| !self.fields.contains_key(*per)) {
            return Err(format!("'per' names '{per}', but there is no such field"));
        }
        let circle = self.fields.keys().find(|name| self.reaches(name, name, self.fields.len()));
        circle.map_or(Ok(()), |name| Err(format!("field '{name}' is made of itself")))
    }

    fn reaches(&self, from: &str, goal: &str, depth: usize) -> bool {
        let Some(field) = self.fields.get(from) else { return false };
        let per = self.per.as_deref().filter(|_| field.hold || field.is_per_life());
        let steps = self.steps.iter().filter(|_| field.names().any(|name| name == "step"));
        let mut next = field.names().chain(per).chain(steps.flat_map(Template::names));
        next.any(|name| name == goal || depth > 0 && self.reaches(name, goal, depth - 1))
    }
}

impl Run<'_> {
    fn event(&mut self, number: u32) -> NewRecord {
        let generator = self.generator;
        let mut known = Known { number, ..Known::default() };
        if let Some(per) = &generator.per {
            known.life = self.text(per, &mut known);
        }
        let key = generator.key.as_ref().map(|key| bytes(&self.fill(key, &mut known)));
        let value = Some(bytes(&self.fill(&generator.value, &mut known)));
        let header = |(name, template): &(String, Template)| Header {
            key: name.as_str().into(),
            value: Some(bytes(&self.fill(template, &mut known))),
        };
        let headers: Vec<Header> = generator.headers.iter().map(header).collect();
        self.lives.entry(known.life).or_default().step += 1;
        let headers = (!headers.is_empty()).then(|| headers.into());
        NewRecord { key, value, headers, ..NewRecord::default() }
    }

    fn fill(&mut self, template: &Template, known: &mut Known) -> String {
        template.fill(|name| self.text(name, known))
    }

    /// A name's text in this event; drawn once.
    fn text(&mut self, name: &str, known: &mut Known) -> String {
        if let Some(text) = known.texts.get(name) {
            return text.clone();
        }
        let text = match name {
            "n" => known.number.to_string(),
            "step" => self.step(known),
            _ => self.field(name, known),
        };
        known.texts.insert(name.to_string(), text.clone());
        text
    }

    fn step(&mut self, known: &mut Known) -> String {
        let steps = &self.generator.steps;
        if steps.is_empty() {
            return String::new();
        }
        let step = self.lives.entry(known.life.clone()).or_default().step % steps.len();
        self.fill(&steps[step], known)
    }

    fn field(&mut self, name: &str, known: &mut Known) -> String {
        let Some((name, field)) = self.generator.fields.get_key_value(name) else {
            return String::new();
        };
        let steps = self.generator.steps.len().max(1);
        if self.generator.per.as_ref() != Some(name) && field.hold {
            let life = self.lives.entry(known.life.clone()).or_default();
            if life.step.is_multiple_of(steps) {
                life.held.remove(name);
            } else if let Some(text) = life.held.get(name) {
                return text.clone();
            }
        }
        let text = self.draw(name, field, known);
        if field.hold {
            let life = self.lives.entry(known.life.clone()).or_default();
            life.held.insert(name.clone(), text.clone());
        }
        text
    }

    fn draw(&mut self, name: &str, field: &Field, known: &mut Known) -> String {
        let key = self.generator.fields.get_key_value(name).expect("a field of its own").0;
        let prng = self.streams.get_mut(key.as_str()).expect("every field has a stream");
        match &field.draw {
            Draw::Pick { texts, weights } => {
                let template = &texts[field::pick(weights, prng)];
                self.fill(template, known)
            }
            Draw::Number { from, to } => {
                field::show(field::between(prng, *from, *to), field.decimals)
            }
            Draw::Walk { from, to, by, start } => {
                let life = self.lives.entry(known.life.clone()).or_default();
                let at = life.fields.entry(name.to_string()).or_insert(*start);
                *at = (*at + field::between(prng, -by, *by)).clamp(*from, *to);
                field::show(*at, field.decimals)
            }
            Draw::Count { start } => {
                let next = self.counters.entry(key).or_insert(*start);
                *next += 1;
                (*next - 1).to_string()
            }
            Draw::Text(template) => self.fill(template, known),
        }
    }
}

fn bytes(text: &str) -> Bytes {
    text.as_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trips() -> Generator {
        let pick = |texts: &[&str]| Field::of(Draw::even(texts));
        let mut ride = Field::of(Draw::Count { start: 1_001 });
        ride.hold = true;
        Generator {
            count: 200,
            key: Some("{rider}".into()),
            value: r#"{"ride":"R-{ride}","event":"{step}"}"#.into(),
            headers: vec![("source".to_string(), "app-{n}".into())],
            per: Some("rider".to_string()),
            steps: ["requested", "started", "ended"].map(Template::from).to_vec(),
            fields: [
                ("rider".to_string(), pick(&["alice", "bob", "carol"])),
                ("ride".to_string(), ride),
            ]
            .into(),
        }
    }

    fn value(record: &NewRecord) -> String {
        String::from_utf8(record.value.as_ref().unwrap().to_vec()).unwrap()
    }

    #[test]
    fn every_rider_lives_through_the_steps_of_one_ride_after_the_other() {
        let events = trips().events(Seed(1), "app");
        let of = |rider: &str| {
            let mine = events.iter().filter(|event| event.key.as_deref() == Some(rider.as_bytes()));
            mine.map(value).collect::<Vec<_>>()
        };
        for rider in ["alice", "bob", "carol"] {
            let mine = of(rider);
            let rides: Vec<_> = mine.chunks(3).map(|ride| ride[0][9..15].to_string()).collect();
            for (ride, trip) in rides.iter().zip(mine.chunks_exact(3)) {
                for (step, value) in ["requested", "started", "ended"].iter().zip(trip) {
                    assert_eq!(*value, format!(r#"{{"ride":"{ride}","event":"{step}"}}"#));
                }
            }
        }
        assert_eq!(events[4].headers.as_ref().unwrap()[0].value.as_deref(), Some(&b"app-5"[..]));
    }

    #[test]
    fn one_more_field_changes_no_other() {
        let mut more = trips();
        more.fields.insert("zone".to_string(), Field::of(Draw::even(&["north", "south"])));
        assert_eq!(more.events(Seed(1), "app"), trips().events(Seed(1), "app"));
        assert_ne!(trips().events(Seed(2), "app"), trips().events(Seed(1), "app"));
    }

    #[test]
    fn what_cannot_be_made_is_told_by_name() {
        let mut generator = trips();
        generator.value = "{ridr}".into();
        assert_eq!(
            generator.check().unwrap_err(),
            "there is no field 'ridr'. Did you mean 'ride'?"
        );
        let mut generator = trips();
        let text = |template: &str| Field::of(Draw::Text(template.into()));
        generator.fields.insert("a".to_string(), text("{b}"));
        generator.fields.insert("b".to_string(), text("{a}"));
        assert_eq!(generator.check().unwrap_err(), "field 'a' is made of itself");
    }
}
