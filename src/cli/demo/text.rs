//! Text in a terminal: how wide it is, and what must not get there.
//!
//! Titles and names are written by people and agents. What could move the cursor or turn the
//! direction of the text around is shown as a dot, and no text is wider than the place it is given.

/// How many columns a character takes. Close enough for tables: the rare miss shifts one row.
fn width_of(character: char) -> usize {
    match u32::from(character) {
        // Combining marks, joiners and variation selectors.
        0x0300..=0x036f | 0x200b..=0x200d | 0x20d0..=0x20ff | 0xfe00..=0xfe0f => 0,
        // Hangul, CJK, full-width forms, pictographs.
        0x1100..=0x115f
        | 0x2e80..=0xa4cf
        | 0xac00..=0xd7a3
        | 0xf900..=0xfaff
        | 0xfe30..=0xfe6f
        | 0xff00..=0xff60
        | 0xffe0..=0xffe6
        | 0x1f300..=0x1faff
        | 0x20000..=0x3fffd => 2,
        _ => 1,
    }
}

/// How many columns a text takes.
pub(super) fn width(text: &str) -> usize {
    text.chars().map(width_of).sum()
}

/// The text with everything replaced that a terminal would act on.
pub(super) fn harmless(text: &str) -> String {
    let acts = |c: char| {
        c.is_control()
            || matches!(c, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().map(|c| if acts(c) { '·' } else { c }).collect()
}

/// As much of the text as fits into so many columns, with an ellipsis where it was cut.
pub(super) fn cut(text: &str, columns: usize) -> String {
    let text = harmless(text);
    if width(&text) <= columns {
        return text;
    }
    let mut kept = String::new();
    let mut left = columns.saturating_sub(1);
    for character in text.chars() {
        let width = width_of(character);
        if width > left {
            break;
        }
        left -= width;
        kept.push(character);
    }
    if columns > 0 {
        kept.push('…');
    }
    kept
}

/// The text in exactly so many columns.
pub(super) fn pad(text: &str, columns: usize) -> String {
    let mut text = cut(text, columns);
    let missing = columns.saturating_sub(width(&text));
    text.extend(std::iter::repeat_n(' ', missing));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_text_never_takes_more_than_its_place() {
        for text in
            ["", "short", "a longer text", "日本語のタイトル", "e\u{301}e\u{301}e\u{301}", "🦀🦀🦀"]
        {
            for columns in 0..12 {
                assert!(width(&cut(text, columns)) <= columns, "{text:?} in {columns}");
                assert_eq!(width(&pad(text, columns)), columns, "{text:?} in {columns}");
            }
        }
        assert_eq!(cut("a longer text", 8), "a longe…");
    }

    #[test]
    fn what_a_terminal_would_act_on_becomes_a_dot() {
        assert_eq!(harmless("a\u{1b}[2Jb\u{202e}c"), "a·[2Jb·c");
    }
}
