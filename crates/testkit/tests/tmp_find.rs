use kafkascope_audit::Verdict;
use kafkascope_testkit::soak::{Plan, generate, run, shrink};
fn excused(plan: &Plan, id: &str) -> bool {
    run(plan)
        .lines
        .iter()
        .any(|l| l.property.name == id && matches!(l.verdict, Verdict::Excused(_)))
}
#[test]
fn find() {
    let mut left: Vec<&str> = vec!["R2", "R3", "R5", "R15"];
    for seed in 0..12000 {
        if left.is_empty() {
            break;
        }
        let plan = generate(seed);
        let lines = run(&plan).lines;
        for id in left.clone() {
            if lines
                .iter()
                .any(|l| l.property.name == id && matches!(l.verdict, Verdict::Excused(_)))
            {
                let small = shrink(&plan, |p| excused(p, id));
                std::fs::write(format!("/work/ex-{id}.toml"), small.to_toml()).unwrap();
                let l = run(&small).lines;
                let f = l.iter().find(|l| l.property.name == id).unwrap();
                println!("{id} seed {seed}: {:?}", f.verdict);
                left.retain(|x| *x != id);
            }
        }
    }
}
