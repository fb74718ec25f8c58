//! Can a coach's Markdown break the page, or put a script into it?
#![no_main]

use libfuzzer_sys::fuzz_target;
use trellis::domain::markdown::{exercise_titles, render};

fuzz_target!(|source: &str| {
    // A lesson is cut at 64 kB before it comes here.
    if source.len() > 64 * 1_024 {
        return;
    }
    exercise_titles(source);
    if let Ok(rendered) = render(source, &[]) {
        let html = rendered.html.to_lowercase();
        for tag in ["<script", "<img", "<iframe", "<style", "<form", "<svg", "<object"] {
            assert!(!html.contains(tag), "{tag} in {html}");
        }
    }
});
