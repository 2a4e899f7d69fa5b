//! An agent at work: takes, comments, hands back, finishes, comes too late, and keeps receipts.
//!
//! What it does next is drawn from its own seed; which answers it gets is up to the race.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use super::crew::Badge;
use super::ledger::{Deed, Fact, Receipt};
use super::logbook;
use super::wire::{Reply, Wire};

/// For how long an agent repeats a call: so long that only a real hang fails.
const PATIENCE: Duration = Duration::from_mins(2);

/// What an agent does when a call is not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Temper {
    /// Sends it again with the same idempotency key, to whichever server is there.
    Insists,
    /// Believes the call lost, and stops working.
    GivesUp,
}

/// One agent with its token.
pub(super) struct Agent {
    badge: Badge,
    wire: Wire,
    server: watch::Receiver<SocketAddr>,
    temper: Temper,
    dice: StdRng,
    /// The task and claim that it holds.
    holds: Option<(String, Uuid)>,
    /// Claims that are over.
    past: Vec<(String, Uuid)>,
    /// Tasks that stand alone and were closed by this agent: only it reopens them.
    finished: Vec<String>,
    calls: u64,
    has_given_up: bool,
    receipts: Vec<Receipt>,
}

/// What an agent brings home.
pub(super) struct Report {
    pub(super) receipts: Vec<Receipt>,
    /// Calls that were answered, refusals included.
    pub(super) calls: u64,
}

impl Agent {
    pub(super) fn new(
        badge: &Badge,
        server: watch::Receiver<SocketAddr>,
        temper: Temper,
        seed: u64,
    ) -> Agent {
        let wire = Wire::new(*server.borrow(), &badge.secret);
        Agent {
            badge: badge.clone(),
            wire,
            server,
            temper,
            dice: StdRng::seed_from_u64(seed),
            holds: None,
            past: Vec::new(),
            finished: Vec::new(),
            calls: 0,
            has_given_up: false,
            receipts: Vec::new(),
        }
    }

    /// Works as long as it is told to, or until it gives up.
    pub(super) async fn work(mut self, goes_on: impl Fn() -> bool) -> Report {
        while goes_on() && !self.has_given_up {
            match self.holds.clone() {
                Some((task, claim)) => self.carry_on(&task, claim).await,
                None => self.look_for_work().await,
            }
        }
        Report { receipts: self.receipts, calls: self.calls }
    }

    /// One step with a task in hand.
    async fn carry_on(&mut self, task: &str, claim: Uuid) {
        match self.dice.random_range(0..100) {
            0..20 => self.comment(task).await,
            20..30 => {
                let note = format!("step {}", self.calls);
                let arguments = json!({ "task_id": task, "claim_id": claim, "note": note });
                if let Some((_, sent)) = self.ask("tasks.heartbeat", arguments).await {
                    self.keep(sent, task, Deed::Noted { note }, None);
                }
            }
            30..40 => {
                let arguments = json!({ "task_id": task, "claim_id": claim });
                if let Some((answer, _)) = self.ask("tasks.claim", arguments).await {
                    assert_eq!(claim_of(&answer), claim, "a renewal changes no claim");
                }
            }
            40..48 => {
                let arguments = json!({ "task_id": task, "take_over": true });
                if let Some((answer, sent)) = self.ask("tasks.claim", arguments).await {
                    let fresh = claim_of(&answer);
                    assert_ne!(fresh, claim);
                    self.past.push((task.to_owned(), claim));
                    self.holds = Some((task.to_owned(), fresh));
                    self.keep(sent, task, Deed::Claimed { claim: fresh }, Some(claim));
                }
            }
            48..55 => self.come_too_late().await,
            55..75 => {
                let arguments = json!({ "task_id": task, "claim_id": claim, "reason": "later" });
                if let Some((_, sent)) = self.ask("tasks.release", arguments).await {
                    self.let_go(task, claim);
                    self.keep(sent, task, Deed::Released { claim }, Some(claim));
                }
            }
            _ => self.finish(task, claim).await,
        }
    }

    /// One step with empty hands.
    async fn look_for_work(&mut self) {
        match self.dice.random_range(0..100) {
            0..70 => {
                let Some((answer, sent)) = self.ask("tasks.claim_next", json!({})).await else {
                    return;
                };
                if answer["task"].is_null() {
                    assert!(answer["why"].is_object(), "{answer}");
                    self.make_work().await;
                } else {
                    self.take_up(&answer, sent);
                }
            }
            70..85 => {
                let named = self.some_task();
                let asked = self.try_to("tasks.claim", json!({ "task_id": named })).await;
                match asked {
                    Some((Ok(answer), sent)) => self.take_up(&answer, sent),
                    Some((Err(refusal), _)) => {
                        let is_expected =
                            ["taken", "blocked", "not_ready"].contains(&code(&refusal));
                        assert!(is_expected, "{refusal} {:?}", logbook::cause(&refusal));
                    }
                    None => {}
                }
            }
            85..92 => {
                let named = self.some_task();
                self.comment(&named).await;
            }
            92..96 => self.come_too_late().await,
            _ => self.make_work().await,
        }
    }

    fn take_up(&mut self, answer: &Value, sent: Instant) {
        let task = answer["task"]["key"].as_str().unwrap().to_owned();
        let claim = claim_of(answer);
        self.keep(sent, &task, Deed::Claimed { claim }, None);
        self.holds = Some((task, claim));
    }

    fn let_go(&mut self, task: &str, claim: Uuid) {
        self.past.push((task.to_owned(), claim));
        self.holds = None;
    }

    async fn comment(&mut self, task: &str) {
        let arguments = json!({ "task_id": task, "body": "how it goes" });
        if let Some((answer, sent)) = self.ask("tasks.add_comment", arguments).await {
            let comment = parse(&answer["id"]);
            self.keep(sent, task, Deed::Commented { comment }, None);
        }
    }

    async fn finish(&mut self, task: &str, claim: Uuid) {
        let sha = Uuid::new_v4().simple().to_string();
        let arguments = json!({
            "task_id": task,
            "claim_id": claim,
            "comment": "what was done",
            "commits": [{ "repo": "acme/atlas", "sha": sha }],
        });
        let Some((answer, sent)) = self.ask("tasks.close", arguments).await else { return };
        let comment = parse(&answer["comment_id"]);
        self.let_go(task, claim);
        self.keep(sent, task, Deed::Closed { claim }, Some(claim));
        self.keep(sent, task, Deed::Commented { comment }, None);
        self.keep(sent, task, Deed::Linked { sha }, None);
        // A linked task stays closed: reopened, it would be open before something closed.
        if answer["task"]["title"].as_str().unwrap().starts_with("alone") {
            self.finished.push(task.to_owned());
        }
    }

    /// Names a claim that is over; whatever it is about to write has to be refused.
    async fn come_too_late(&mut self) {
        if self.past.is_empty() {
            return;
        }
        let (task, claim) = self.past[self.dice.random_range(0..self.past.len())].clone();
        let tool = ["tasks.close", "tasks.release", "tasks.heartbeat", "tasks.claim"]
            [self.dice.random_range(0..4)];
        let arguments = json!({ "task_id": task, "claim_id": claim });
        if let Some((answered, _)) = self.try_to(tool, arguments).await {
            assert_eq!(code(&answered.unwrap_err()), "lost_claim", "{tool}");
        }
    }

    /// Reopens what it has finished itself, or plans something new.
    async fn make_work(&mut self) {
        if let Some(task) = self.finished.pop() {
            let arguments = json!({ "task_id": task, "state": "todo" });
            if let Some((_, sent)) = self.ask("tasks.set_state", arguments).await {
                self.keep(sent, &task, Deed::Reopened, None);
            }
        } else if self.dice.random_bool(0.5) {
            let arguments = json!({ "title": format!("alone, by {}", self.badge.token) });
            if let Some((answer, sent)) = self.ask("tasks.create", arguments).await {
                self.keep(sent, answer["key"].as_str().unwrap(), Deed::Created, None);
            }
        } else {
            let arguments = json!({
                "feature": { "title": "two steps" },
                "tasks": [
                    { "ref": "first", "title": "the first" },
                    { "ref": "second", "title": "the second", "depends_on": ["first"] },
                ],
            });
            if let Some((answer, sent)) = self.ask("tasks.plan", arguments).await {
                for task in answer["tasks"].as_array().unwrap() {
                    self.keep(sent, task["key"].as_str().unwrap(), Deed::Created, None);
                }
            }
        }
    }

    /// One of the first tasks of the project, whatever its state.
    fn some_task(&mut self) -> String {
        format!("{}-{}", self.badge.project_key, self.dice.random_range(1..=20))
    }

    fn keep(&mut self, sent: Instant, task: &str, deed: Deed, ended: Option<Uuid>) {
        let fact = Fact { token: self.badge.token, task: task.to_owned(), deed };
        self.receipts.push(Receipt { fact, ended, sent, answered: Instant::now() });
    }

    /// A call that no rule stands against: its answer, and when it was first sent. `None` when
    /// the agent gave up on it.
    async fn ask(&mut self, tool: &str, arguments: Value) -> Option<(Value, Instant)> {
        let (answered, sent) = self.try_to(tool, arguments).await?;
        match answered {
            Ok(answer) => Some((answer, sent)),
            Err(refusal) => panic!("{tool}: {refusal} {:?}", logbook::cause(&refusal)),
        }
    }

    /// A call that may be refused.
    async fn try_to(
        &mut self,
        tool: &str,
        mut arguments: Value,
    ) -> Option<(Result<Value, String>, Instant)> {
        if self.temper == Temper::Insists {
            arguments["idempotency_key"] = json!(Uuid::new_v4());
        }
        let sent = Instant::now();
        let answered = timeout(PATIENCE, self.repeat(tool, &arguments)).await;
        let answered = answered.unwrap_or_else(|_| panic!("{tool} is never answered"))?;
        self.calls += 1;
        Some((answered, sent))
    }

    async fn repeat(&mut self, tool: &str, arguments: &Value) -> Option<Result<Value, String>> {
        loop {
            self.wire.turn_to(*self.server.borrow());
            match self.wire.call(tool, arguments).await {
                Reply::Answered(answer) => return Some(Ok(answer)),
                // The server could not tell whether it was done: only the key knows.
                Reply::Refused(text)
                    if code(&text) == "internal" && self.temper == Temper::Insists => {}
                // The machine is too busy, and nothing was done.
                Reply::Refused(text) if logbook::is_overload(&text) => {}
                // Why another process failed is not known here; if it did anything, that shows.
                Reply::Refused(text)
                    if code(&text) == "internal" && logbook::cause(&text).is_none() => {}
                Reply::Refused(text) => return Some(Err(text)),
                // Told to come again: nothing has been done.
                Reply::TurnedAway(429 | 503, _) => {}
                Reply::TurnedAway(status, body) => panic!("{tool}: {status} {body}"),
                Reply::Cut if self.temper == Temper::GivesUp => {
                    self.has_given_up = true;
                    return None;
                }
                Reply::Cut => {}
            }
            // Not to be waited for, only to leave the others some of the machine.
            sleep(Duration::from_millis(20)).await;
        }
    }
}

/// The first word of a refusal.
pub(super) fn code(refusal: &str) -> &str {
    refusal.split_once(':').map_or(refusal, |(code, _)| code)
}

fn claim_of(answer: &Value) -> Uuid {
    parse(&answer["claim"]["claim_id"])
}

fn parse(value: &Value) -> Uuid {
    value.as_str().and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("no id: {value}"))
}
