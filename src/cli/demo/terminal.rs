//! The terminal: taken over for the time of a demo, and given back as it was, whatever happens.
//!
//! Only rows that have changed are written, so that nothing flickers and what the reader has
//! selected stays selected.

use std::io::{self, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use crossterm::cursor::{Hide, MoveTo, Show};
use crossterm::event::{self, Event, KeyCode, KeyEventKind, KeyModifiers};
use crossterm::style::{Attribute, Color, Print, ResetColor, SetAttribute, SetForegroundColor};
use crossterm::terminal::{
    BeginSynchronizedUpdate, Clear, ClearType, EndSynchronizedUpdate, EnterAlternateScreen,
    LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use crossterm::{execute, queue};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::frame::{Row, Style};

/// Whether the terminal is ours and has to be given back.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// How long the thread that reads keys may go on after the end.
const KEYS_EVERY: Duration = Duration::from_millis(100);

/// What the reader does at the keyboard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Input {
    /// Ctrl-C, or `q`.
    Stop,
    /// The window has another size.
    Resized,
}

/// The terminal while it is ours.
pub(super) struct Terminal {
    shown: Vec<Row>,
    size: (u16, u16),
    /// Keys and resizes.
    pub(super) input: UnboundedReceiver<Input>,
    /// Keeps the channel open where nobody reads keys.
    _tell: UnboundedSender<Input>,
}

impl Terminal {
    /// Takes the terminal over.
    pub(super) fn take() -> io::Result<Self> {
        give_back_on_panic();
        // Keys are read one by one and not echoed. That takes a keyboard, and does without one.
        let has_keys = enable_raw_mode().is_ok();
        TAKEN.store(true, Ordering::SeqCst);
        execute!(io::stdout(), EnterAlternateScreen, Hide, Clear(ClearType::All))?;
        let (tell, input) = unbounded_channel();
        if has_keys {
            let keys = tell.clone();
            thread::Builder::new().name("keys".to_owned()).spawn(move || {
                while TAKEN.load(Ordering::SeqCst) {
                    let Ok(is_there) = event::poll(KEYS_EVERY) else { return };
                    let input = if is_there { event::read().ok().and_then(meaning) } else { None };
                    if input.is_some_and(|input| keys.send(input).is_err()) {
                        return;
                    }
                }
            })?;
        }
        Ok(Self { shown: Vec::new(), size: (0, 0), input, _tell: tell })
    }

    /// Shows a frame that was laid out for this size.
    pub(super) fn draw(&mut self, frame: Vec<Row>, size: (u16, u16)) -> io::Result<()> {
        let mut out = io::BufWriter::new(io::stdout().lock());
        queue!(out, BeginSynchronizedUpdate)?;
        if size != self.size {
            queue!(out, Clear(ClearType::All))?;
            self.shown.clear();
            self.size = size;
        }
        let nothing = Row::default();
        let has_changed = |at: usize| frame.get(at) != self.shown.get(at);
        let mut at = 0;
        while at < frame.len().max(self.shown.len()) {
            // Rows that go on from each other are written at one go, or not at all.
            let end =
                (at + 1..frame.len()).find(|next| !frame[*next].goes_on).unwrap_or(frame.len());
            let end = end.max(at + 1);
            if (at..end).any(has_changed) {
                for row in at..end {
                    let line = u16::try_from(row).unwrap_or(u16::MAX);
                    queue!(out, MoveTo(0, line), Clear(ClearType::UntilNewLine))?;
                }
                queue!(out, MoveTo(0, u16::try_from(at).unwrap_or(u16::MAX)))?;
                for row in at..end {
                    write_row(&mut out, frame.get(row).unwrap_or(&nothing))?;
                }
            }
            at = end;
        }
        queue!(out, EndSynchronizedUpdate)?;
        out.flush()?;
        self.shown = frame;
        Ok(())
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        give_back();
    }
}

/// How many columns and rows there are now.
pub(super) fn size() -> (u16, u16) {
    let known = crossterm::terminal::size().ok();
    known.filter(|(columns, rows)| *columns > 0 && *rows > 0).unwrap_or((80, 24))
}

/// Gives the terminal back as it was; fine when it has been given back already.
pub(super) fn give_back() {
    if TAKEN.swap(false, Ordering::SeqCst) {
        let _ = execute!(io::stdout(), ResetColor, Show, LeaveAlternateScreen);
        let _ = disable_raw_mode();
    }
}

/// A message about a bug is worth nothing on a screen that vanishes.
///
/// Only the main thread's panic ends the demo; any other is the failure of one call or one agent,
/// which the log has.
fn give_back_on_panic() {
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if TAKEN.load(Ordering::SeqCst) && thread::current().name() != Some("main") {
            tracing::error!(%panic, "a bug");
            return;
        }
        give_back();
        report(panic);
    }));
}

fn meaning(event: Event) -> Option<Input> {
    match event {
        Event::Resize(..) => Some(Input::Resized),
        Event::Key(key) if key.kind != KeyEventKind::Release => {
            let is_ctrl_c =
                key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL);
            (is_ctrl_c || key.code == KeyCode::Char('q')).then_some(Input::Stop)
        }
        _ => None,
    }
}

fn write_row(out: &mut impl io::Write, row: &Row) -> io::Result<()> {
    for (style, text) in &row.pieces {
        match style {
            Style::Plain => queue!(out, Print(text))?,
            Style::Strong => coloured(out, None, Attribute::Bold, text)?,
            Style::Quiet => coloured(out, None, Attribute::Dim, text)?,
            Style::Good => coloured(out, Some(Color::Green), Attribute::Reset, text)?,
            Style::Busy => coloured(out, Some(Color::Yellow), Attribute::Reset, text)?,
            Style::Stuck => coloured(out, Some(Color::Red), Attribute::Reset, text)?,
            Style::Key => coloured(out, Some(Color::Cyan), Attribute::Reset, text)?,
        }
    }
    Ok(())
}

fn coloured(
    out: &mut impl io::Write,
    color: Option<Color>,
    attribute: Attribute,
    text: &str,
) -> io::Result<()> {
    queue!(out, SetAttribute(attribute))?;
    if let Some(color) = color {
        queue!(out, SetForegroundColor(color))?;
    }
    queue!(out, Print(text), ResetColor, SetAttribute(Attribute::Reset))
}
