//! What a change did to the output, for the terminal: a line diff of the configuration, and the names of files that
//! were added, changed or removed. Password hashes and the contents of those files, which are private keys, are never
//! shown.

use std::fmt::Write;

use similar::{ChangeTag, TextDiff};

use crate::output::Rendered;

/// Lines shown around each change.
const CONTEXT: usize = 2;

/// Describes how `newer` differs from `older`, one line per change; empty when nothing differs.
pub fn diff(older: &Rendered, newer: &Rendered) -> String {
    let mut text = lines(&older.configuration, &newer.configuration);
    for (path, content) in &newer.files {
        match older.files.get(path) {
            None => line(&mut text, format_args!("{path} added")),
            Some(before) if before != content => line(&mut text, format_args!("{path} changed")),
            Some(_) => {}
        }
    }
    for path in older.files.keys() {
        if !newer.files.contains_key(path) {
            line(&mut text, format_args!("{path} removed"));
        }
    }
    text
}

/// The changed lines of a text with a few around them. The headers of hunks give line numbers of the newer text.
fn lines(older: &str, newer: &str) -> String {
    let mut text = String::new();
    let differences = TextDiff::from_lines(older, newer);
    for hunk in differences.grouped_ops(CONTEXT) {
        if let Some(first) = hunk.first() {
            line(&mut text, format_args!("@@ line {}", first.new_range().start + 1));
        }
        for operation in &hunk {
            for change in differences.iter_changes(operation) {
                let sign = match change.tag() {
                    ChangeTag::Equal => ' ',
                    ChangeTag::Delete => '-',
                    ChangeTag::Insert => '+',
                };
                let content = without_password(change.value().trim_end_matches(['\r', '\n']));
                line(&mut text, format_args!("{sign} {content}"));
            }
        }
    }
    text
}

/// A line such as `user ada password $6$...`, without the hash.
fn without_password(line: &str) -> &str {
    match line.split_once(" password ") {
        Some((user, _)) if user.trim_start().starts_with("user ") => user,
        _ => line,
    }
}

fn line(text: &mut String, content: std::fmt::Arguments<'_>) {
    let written = text.write_fmt(content);
    debug_assert!(written.is_ok(), "writing to a String does not fail");
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rendered(configuration: &str, files: &[(&str, &str)]) -> Rendered {
        let files = files.iter().map(|(path, text)| (path.to_string(), text.to_string()));
        Rendered::new(configuration.to_owned(), files.collect())
    }

    #[test]
    fn equal_outputs_have_no_difference() {
        let same = rendered("a\nb\n", &[("certs/a.pem", "key")]);
        assert_eq!(diff(&same, &same), "");
    }

    #[test]
    fn a_changed_line_is_shown_with_its_neighbours() {
        let older = rendered("1\n2\n3\nold\n5\n6\n7\n", &[]);
        let newer = rendered("1\n2\n3\nnew\n5\n6\n7\n", &[]);
        assert_eq!(diff(&older, &newer), "@@ line 2\n  2\n  3\n- old\n+ new\n  5\n  6\n");
    }

    #[test]
    fn a_new_password_shows_whose_it_is_and_nothing_else() {
        let older = rendered("    user ada password '$5$a$hash'\n", &[]);
        let newer = rendered("    user ada password '$5$b$other'\n", &[]);
        assert_eq!(diff(&older, &newer), "@@ line 1\n-     user ada\n+     user ada\n");
    }

    #[test]
    fn files_are_named_and_never_shown() {
        let older = rendered("", &[("certs/a.pem", "secret 1"), ("certs/b.pem", "secret 2")]);
        let newer = rendered("", &[("certs/a.pem", "secret 3"), ("certs/c.pem", "secret 4")]);
        assert_eq!(diff(&older, &newer), "certs/a.pem changed\ncerts/c.pem added\ncerts/b.pem removed\n");
    }
}
