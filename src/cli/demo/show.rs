//! Shows a demo to its reader until it is told to stop: as a live screen at a terminal, and line by
//! line everywhere else.

use std::io::{self, Write as _};
use std::time::Duration;

use chrono::Utc;
use tokio::time::{MissedTickBehavior, interval};

use super::frame::{Heading, frame};
use super::instance::Wanted;
use super::lines;
use super::run::Demo;
use super::terminal::{self, Input, Terminal};
use super::watch::Watcher;
use crate::cli::CliError;
use crate::cli::signals::StopSignals;
use crate::config::Config;

/// Often enough to look alive, seldom enough to cost nothing.
const LOOK_EVERY: Duration = Duration::from_millis(400);

/// How a demo came to its end.
enum End {
    /// The reader or a supervisor said so, or nobody reads on.
    Asked,
    /// The embedded database ended by itself.
    DatabaseLost(String),
}

/// Runs a demo from its start to its end.
pub(super) async fn show(
    config: Config,
    wanted: Wanted,
    is_terminal: bool,
) -> Result<(), CliError> {
    let mut signals = StopSignals::listen()?;
    if is_terminal {
        say("Preparing the demo; the first time takes some seconds.");
    }
    let mut demo = tokio::select! {
        demo = Demo::start(config, wanted) => demo?,
        // A first start takes seconds; nobody should have to wait for its end to stop it.
        () = signals.received() => return Ok(()),
    };
    introduce(&demo.heading());

    // In this order, so that the reader sees the first claim.
    let mut watcher = demo.watcher().await?;
    demo.send_agents();
    let shown = tokio::select! {
        shown = async {
            if is_terminal {
                show_screen(&demo.heading(), &mut watcher).await
            } else {
                print_lines(&mut watcher).await
            }
        } => shown.map(|()| End::Asked),
        () = signals.received() => Ok(End::Asked),
        how = demo.database_lost() => Ok(End::DatabaseLost(how)),
    };
    terminal::give_back();

    say("Stopping: agents, server, database. Ctrl-C again leaves at once.");
    tokio::spawn(async move {
        signals.received().await;
        // By convention: ended by the signal that Ctrl-C sends.
        std::process::exit(130);
    });
    demo.stop().await;
    match shown {
        Ok(End::Asked) => {
            say("Stopped. `nottario demo` goes on from here, `nottario demo --fresh` begins anew.");
            Ok(())
        }
        Ok(End::DatabaseLost(how)) => Err(CliError::failure(format!(
            "the demo's database ended by itself ({how}); its log is postgres.log in the folder \
             demo of the data directory; start the demo again"
        ))),
        Err(error) => Err(CliError::failure(format!("cannot write to the terminal: {error}"))),
    }
}

/// What a reader needs to know, in plain lines that stay when the screen has gone.
fn introduce(heading: &Heading) {
    say(&format!("Nottario demo: {}", heading.url));
    if let Some(invitation) = &heading.invitation {
        say("Sign in with a browser, once and within 15 minutes:");
        say(&invitation.address);
    }
    say("Let an agent of your own take part:");
    say(&heading.connect);
}

/// Prints a line. That nobody reads it any more is noticed where it matters.
fn say(text: &str) {
    let _ = writeln!(io::stdout(), "{text}");
}

async fn print_lines(watcher: &mut Watcher) -> io::Result<()> {
    let mut ticks = ticks();
    loop {
        ticks.tick().await;
        match watcher.look().await {
            Ok(news) => {
                for happening in news {
                    match writeln!(io::stdout(), "{}", lines::line(&happening)) {
                        // Such as `head`, which has seen enough.
                        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(()),
                        written => written?,
                    }
                }
            }
            Err(error) => tracing::warn!(?error, "cannot look at the demo"),
        }
    }
}

async fn show_screen(heading: &Heading, watcher: &mut Watcher) -> io::Result<()> {
    let mut terminal = Terminal::take()?;
    let mut ticks = ticks();
    loop {
        tokio::select! {
            _ = ticks.tick() => {
                if let Err(error) = watcher.look().await {
                    tracing::warn!(?error, "cannot look at the demo");
                }
            }
            input = terminal.input.recv() => match input {
                Some(Input::Stop) | None => return Ok(()),
                Some(Input::Resized) => {}
            },
        }
        let (columns, rows) = terminal::size();
        let rows_to_show = frame(heading, watcher.view(), Utc::now(), columns.into(), rows.into());
        terminal.draw(rows_to_show, (columns, rows))?;
    }
}

fn ticks() -> tokio::time::Interval {
    let mut ticks = interval(LOOK_EVERY);
    // After a pause of the machine one look is as good as many.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}
