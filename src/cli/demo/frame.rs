//! How the screen is laid out: a view and a size in, rows out.
//!
//! Pure, so that every size can be tried: no row is wider than the terminal, and there are never
//! more rows than it has. What matters least goes first when there is little room.

use chrono::{DateTime, Local, Utc};

use super::text::{cut, pad, width};
use super::watch::{Counts, Happening, View, Worker};
use crate::cli::login_link::Invitation;

/// What stays the same for as long as a demo runs.
#[derive(Clone, Debug)]
pub(super) struct Heading {
    /// The address that people reach.
    pub(super) url: String,
    /// What signs the reader in, where GitHub does not.
    pub(super) invitation: Option<Invitation>,
    /// What connects the reader's own agent.
    pub(super) connect: String,
}

/// How a piece of text looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    Plain,
    Strong,
    Quiet,
    /// Work that is finished.
    Good,
    /// Work that is going on.
    Busy,
    /// Work that waits.
    Stuck,
    /// A task's key.
    Key,
}

/// One row of the screen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Row {
    /// Its pieces from left to right.
    pub(super) pieces: Vec<(Style, String)>,
    /// True when it goes on from the row above, which is full: a terminal then takes the two for one
    /// line when they are copied.
    pub(super) goes_on: bool,
}

impl Row {
    fn of(pieces: Vec<(Style, String)>) -> Self {
        Self { pieces, goes_on: false }
    }

    fn plain(style: Style, text: String) -> Self {
        Self::of(vec![(style, text)])
    }

    /// The same row without what does not fit.
    fn within(mut self, columns: usize) -> Self {
        let mut left = columns;
        self.pieces.retain_mut(|(_, text)| {
            *text = cut(text, left);
            left -= width(text);
            !text.is_empty()
        });
        self
    }
}

/// Below this the person is left out of the table of agents.
const WIDTH_FOR_PERSONS: usize = 64;
/// Below this the time is left out as well.
const WIDTH_FOR_TIMES: usize = 44;
/// Happenings that are shown before the table of agents takes the room.
const FEWEST_HAPPENINGS: usize = 3;

/// Lays the screen out for a terminal of this size.
pub(super) fn frame(
    heading: &Heading,
    view: &View,
    now: DateTime<Utc>,
    columns: usize,
    rows: usize,
) -> Vec<Row> {
    let connect = rows_to_copy("Let an agent of your own take part:", &heading.connect, columns);
    let invitation = invitation_rows(heading, now, columns);
    // From the top of the list on, each part is there only when those before it leave it room.
    let mut left = rows;
    let mut take = |wanted: usize| {
        let fits = wanted <= left;
        left -= if fits { wanted } else { 0 };
        fits
    };
    let has_counts = take(1);
    let has_title = take(1);
    let has_first_worker = take(2);
    let has_footer = rows >= 12 && take(2);
    let has_gaps = rows >= 12 && take(2);
    let has_bar = rows >= 16 && take(1);
    let has_connect = rows >= 16 && take(connect.len() + 1);
    let has_invitation = rows >= 20 && !invitation.is_empty() && take(invitation.len() + 1);
    let has_recent_gap = rows >= 14 && take(1);

    let for_workers = if has_first_worker { left + 1 } else { 0 };
    let spare = if has_recent_gap { FEWEST_HAPPENINGS } else { 0 };
    let workers = worker_rows(
        &view.workers,
        now,
        columns,
        for_workers.saturating_sub(spare).max(usize::from(has_first_worker)),
    );
    left = (left + usize::from(has_first_worker)).saturating_sub(workers.len());

    let mut frame = Vec::with_capacity(rows);
    if has_title {
        frame.push(title_row(heading, columns));
    }
    if has_invitation {
        frame.push(Row::default());
        frame.extend(invitation);
    }
    if has_connect {
        frame.push(Row::default());
        frame.extend(connect);
    }
    if has_gaps {
        frame.push(Row::default());
    }
    if has_counts {
        frame.push(counts_row(&view.counts, columns));
    }
    if has_bar {
        frame.push(bar_row(&view.counts, columns));
    }
    if has_gaps {
        frame.push(Row::default());
    }
    if has_first_worker {
        frame.push(worker_heading(columns));
        frame.extend(workers);
    }
    if has_recent_gap && left > 0 {
        // Notes of progress are in the table above, where they do not push the rest away.
        let newest: Vec<_> =
            view.recent.iter().rev().filter(|event| !event.is_progress).take(left).collect();
        frame.push(Row::default());
        frame.extend(newest.iter().rev().map(|happening| happening_row(happening, columns)));
        left -= newest.len();
    }
    if has_footer {
        frame.extend(std::iter::repeat_n(Row::default(), left + 1));
        let stop = "Ctrl-C stops; the next `nottario demo` goes on from here.";
        frame.push(Row::plain(Style::Quiet, stop.to_owned()));
    }
    frame.truncate(rows);
    frame.into_iter().map(|row| if row.goes_on { row } else { row.within(columns) }).collect()
}

fn title_row(heading: &Heading, columns: usize) -> Row {
    let project = "project Atlas";
    let url = cut(&heading.url, columns);
    let gap = columns.saturating_sub("Nottario demo  ".len() + width(&url) + project.len());
    let mut pieces = vec![
        (Style::Strong, "Nottario demo".to_owned()),
        (Style::Plain, "  ".to_owned()),
        (Style::Key, url),
    ];
    if gap >= 2 {
        pieces.push((Style::Quiet, format!("{}{project}", " ".repeat(gap))));
    }
    Row::of(pieces)
}

/// The link that signs the reader in, for as long as it does.
fn invitation_rows(heading: &Heading, now: DateTime<Utc>, columns: usize) -> Vec<Row> {
    match &heading.invitation {
        Some(Invitation { address, expires_at }) if now < *expires_at => {
            rows_to_copy("Sign in with a browser, once and within 15 minutes:", address, columns)
        }
        _ => Vec::new(),
    }
}

/// What is to be copied, below what it is for, in as many full rows as it takes.
fn rows_to_copy(purpose: &str, text: &str, columns: usize) -> Vec<Row> {
    let mut rows = vec![Row::plain(Style::Quiet, purpose.to_owned())];
    let characters: Vec<char> = text.chars().collect();
    for (number, piece) in characters.chunks(columns.max(1)).enumerate() {
        let text = piece.iter().collect();
        rows.push(Row { pieces: vec![(Style::Plain, text)], goes_on: number > 0 });
    }
    rows
}

/// The counts that fit whole: half a number would be another number.
fn counts_row(counts: &Counts, columns: usize) -> Row {
    let Counts { todo, doing, done, blocked, claims_per_second, claims } = counts;
    let gap = if columns < WIDTH_FOR_PERSONS { 2 } else { 3 };
    let pieces = [
        (Style::Plain, format!("ready {}", todo - blocked)),
        (Style::Stuck, format!("blocked {blocked}")),
        (Style::Busy, format!("doing {doing}")),
        (Style::Good, format!("done {done}")),
        (Style::Strong, format!("{claims_per_second:.1} claims/s")),
        (Style::Quiet, format!("{claims} in all")),
    ];
    let mut row = Row::default();
    let mut used = 0;
    for (style, text) in pieces {
        let before = if used == 0 { 0 } else { gap };
        if used + before + width(&text) > columns {
            break;
        }
        used += before + width(&text);
        row.pieces.push((Style::Plain, " ".repeat(before)));
        row.pieces.push((style, text));
    }
    row
}

/// Done, doing, ready and blocked as parts of one bar.
fn bar_row(counts: &Counts, columns: usize) -> Row {
    let Counts { todo, doing, done, blocked, .. } = counts;
    let parts = [
        (Style::Good, *done, '█'),
        (Style::Busy, *doing, '▓'),
        (Style::Plain, todo - blocked, '▒'),
        (Style::Stuck, *blocked, '░'),
    ];
    let all: i64 = parts.iter().map(|(_, count, _)| count.max(&0)).sum();
    let columns = i64::try_from(columns).unwrap_or_default();
    let (mut counted, mut drawn) = (0, 0);
    let pieces = parts.into_iter().map(|(style, count, fill)| {
        // Ends are rounded, not lengths, so that the parts always add up to the whole.
        counted += count.max(0);
        let end = counted * columns / all.max(1);
        let length = usize::try_from(end - drawn).unwrap_or_default();
        drawn = end;
        (style, std::iter::repeat_n(fill, length).collect())
    });
    Row::of(pieces.collect())
}

/// The columns of the table of agents that there is room for.
struct Columns {
    name: usize,
    person: usize,
    key: usize,
    title: usize,
    since: usize,
}

impl Columns {
    fn of(columns: usize) -> Self {
        let (name, key) = (11, 9);
        let person = if columns >= WIDTH_FOR_PERSONS { 9 } else { 0 };
        let since = if columns >= WIDTH_FOR_TIMES { 8 } else { 0 };
        let title = columns.saturating_sub(name + person + key + since);
        Self { name, person, key, title, since }
    }
}

fn worker_heading(columns: usize) -> Row {
    let Columns { name, person, key, title, since } = Columns::of(columns);
    let heading = [
        pad("AGENT", name),
        pad("FOR", person),
        pad("HOLDS", key + title),
        format!("{:>since$}", cut("SINCE", since)),
    ];
    Row::plain(Style::Quiet, heading.concat())
}

fn worker_rows(workers: &[Worker], now: DateTime<Utc>, columns: usize, room: usize) -> Vec<Row> {
    let shown = if workers.len() <= room { workers.len() } else { room.saturating_sub(1) };
    let mut rows: Vec<_> =
        workers.iter().take(shown).map(|worker| worker_row(worker, now, columns)).collect();
    if shown < workers.len() && room > 0 {
        let busy = workers[shown..].iter().filter(|worker| worker.holds.is_some()).count();
        let text = format!("and {} more, {busy} of them at work", workers.len() - shown);
        rows.push(Row::plain(Style::Quiet, text));
    }
    rows
}

fn worker_row(worker: &Worker, now: DateTime<Utc>, columns: usize) -> Row {
    let Columns { name, person, key, title, since } = Columns::of(columns);
    let mut pieces =
        vec![(Style::Strong, pad(&worker.name, name)), (Style::Quiet, pad(&worker.person, person))];
    let Some(holds) = &worker.holds else {
        pieces.push((Style::Quiet, pad(&worker.mood, key + title)));
        return Row::of(pieces);
    };
    let text = cut(&holds.title, title);
    let room_for_note = title.saturating_sub(width(&text));
    let note = match &holds.note {
        Some(note) if room_for_note > 8 => cut(&format!("  {note}"), room_for_note),
        _ => String::new(),
    };
    let gap = title.saturating_sub(width(&text) + width(&note));
    pieces.extend([
        (Style::Key, pad(&holds.key, key)),
        (Style::Plain, text),
        (Style::Busy, note),
        (
            Style::Quiet,
            format!("{}{:>since$}", " ".repeat(gap), cut(&age(holds.since, now), since)),
        ),
    ]);
    Row::of(pieces)
}

/// How long ago, in one unit.
fn age(since: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let seconds = (now - since).num_seconds().max(0);
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min", seconds / 60),
        3600..86400 => format!("{} h", seconds / 3600),
        _ => format!("{} d", seconds / 86400),
    }
}

fn happening_row(happening: &Happening, columns: usize) -> Row {
    let Happening { at, who, verb, key, text, .. } = happening;
    let style = match *verb {
        "closed" | "completed" => Style::Good,
        "gave back" | "lost" | "dropped" => Style::Stuck,
        "claimed" | "took over" => Style::Busy,
        _ => Style::Plain,
    };
    let time = at.with_timezone(&Local).format("%H:%M:%S");
    let mut pieces = vec![
        (Style::Strong, pad(who, 11)),
        (style, pad(verb, 10)),
        (Style::Key, pad(key, 9)),
        (Style::Plain, cut(text, columns)),
    ];
    if columns >= WIDTH_FOR_PERSONS {
        pieces.insert(0, (Style::Quiet, format!("{time}  ")));
    }
    Row::of(pieces)
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::cli::demo::watch::Holding;

    fn now() -> DateTime<Utc> {
        "2026-11-22T12:00:00Z".parse().unwrap()
    }

    fn heading() -> Heading {
        let connect = format!("claude mcp add … \"Bearer ntr_{}\"", "x".repeat(120));
        let invitation = Invitation {
            address: format!("http://localhost:8080/login/local?key={}", "k".repeat(43)),
            expires_at: now() + TimeDelta::minutes(15),
        };
        let url = "http://localhost:8080".to_owned();
        Heading { url, invitation: Some(invitation), connect }
    }

    fn view(workers: usize, happenings: usize) -> View {
        let holds = Holding {
            key: "ATL-12".to_owned(),
            title: "日本語 and a title that is longer than its column ".repeat(3),
            since: now(),
            note: Some("half of it works".to_owned()),
        };
        let worker = |number: usize| Worker {
            name: format!("claude-{number}"),
            person: "ines".to_owned(),
            holds: number.is_multiple_of(2).then(|| holds.clone()),
            mood: "waiting: 3 blocked".to_owned(),
        };
        let happening = |number: usize| Happening {
            at: now(),
            who: "codex-2".to_owned(),
            verb: "closed",
            key: format!("ATL-{number}"),
            text: "A title".to_owned(),
            is_progress: number.is_multiple_of(5),
        };
        View {
            workers: (0..workers).map(worker).collect(),
            counts: Counts { todo: 30, doing: 4, done: 200, blocked: 20, ..Counts::default() },
            recent: (0..happenings).map(happening).collect(),
        }
    }

    fn text(row: &Row) -> String {
        row.pieces.iter().map(|(_, text)| text.as_str()).collect()
    }

    #[test]
    fn nothing_is_wider_or_higher_than_the_terminal() {
        for (workers, happenings) in [(0, 0), (1, 2), (4, 200), (40, 200)] {
            let view = view(workers, happenings);
            for columns in [1, 7, 20, 43, 44, 63, 64, 80, 120, 300] {
                for rows in 0..60 {
                    let frame = frame(&heading(), &view, now(), columns, rows);
                    let size = format!("{workers} workers in {columns}x{rows}");
                    assert!(frame.len() <= rows, "{size}: {} rows", frame.len());
                    for row in &frame {
                        assert!(width(&text(row)) <= columns, "{size}: {:?}", text(row));
                    }
                }
            }
        }
    }

    #[test]
    fn a_usual_terminal_shows_everything() {
        let frame = frame(&heading(), &view(4, 200), now(), 80, 24);

        let texts: Vec<_> = frame.iter().map(text).collect();
        let all = texts.join("\n");
        assert_eq!(frame.len(), 24);
        assert!(texts[0].contains("http://localhost:8080") && texts[0].contains("Atlas"));
        for shown in ["claude-0", "claude-3", "waiting: 3 blocked", "blocked 20", "claims/s"] {
            assert!(all.contains(shown), "{shown} is not in\n{all}");
        }
        // The newest happening is the last one.
        assert!(texts[21].contains("ATL-199"), "{all}");
        assert!(texts[23].starts_with("Ctrl-C"), "{all}");
    }

    #[test]
    fn the_command_can_be_copied_whole() {
        for columns in [20, 80, 120] {
            let rows = rows_to_copy("Copy this:", &heading().connect, columns);
            let command: String = rows[1..].iter().map(text).collect();
            assert_eq!(command, heading().connect);
            assert!(rows[2..].iter().all(|row| row.goes_on));
            // Only a row that is full to the margin is taken for a part of the next one.
            let is_full = |row: &Row| text(row).chars().count() == columns;
            assert!(rows[1..rows.len() - 1].iter().all(is_full));
        }
    }

    #[test]
    fn the_sign_in_link_is_shown_until_it_expires() {
        let shown = |now| {
            let frame = frame(&heading(), &view(4, 200), now, 90, 24);
            frame.iter().map(text).any(|row| row.contains("/login/local?key=kkk"))
        };

        assert!(shown(now()));
        assert!(!shown(now() + TimeDelta::minutes(15)));
    }

    #[test]
    fn agents_without_room_are_counted() {
        let frame = frame(&heading(), &view(40, 200), now(), 80, 24);

        let all: Vec<_> = frame.iter().map(text).collect();
        assert!(
            all.iter().any(|row| row.starts_with("and ") && row.contains("at work")),
            "{all:?}"
        );
    }

    #[test]
    fn the_bar_is_as_long_as_the_screen_is_wide() {
        for columns in [1, 2, 3, 79, 80, 211] {
            assert_eq!(width(&text(&bar_row(&view(0, 0).counts, columns))), columns);
        }
    }
}
