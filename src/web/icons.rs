//! How are the small drawings written?
//!
//! Strokes on a 20 × 20 grid, colored by the text around them; hidden from assistive technology, because
//! the words beside them say the same.

/// The trellis with its shoot. The frame's own sign, and what an empty page shows.
pub const MARK: &str = r#"<svg class="mark" viewBox="0 0 32 32" fill="none" aria-hidden="true"><path d="M9 4v24M23 4v24M4 10h24M4 22h24" stroke="currentColor" stroke-opacity=".34" stroke-width="2" stroke-linecap="round"/><path d="M16 30V12.5" stroke="currentColor" stroke-width="2.5" stroke-linecap="round"/><path d="M16 25.5c0-5 3-8 9.5-8 0 5-3 8-9.5 8ZM16 19c0-5-3-8-9.5-8 0 5 3 8 9.5 8ZM15.4 13c-.4-6 2.1-9.5 8.6-10.5.7 5.5-2 10-8.6 10.5Z" fill="currentColor"/></svg>"#;

/// One icon as SVG. `class` may be empty or `icon--sm`. None if there is no such drawing.
#[must_use]
pub fn icon(name: &str, class: &str) -> Option<String> {
    let is_class = class.chars().all(|c| c.is_ascii_lowercase() || c == '-' || c == ' ');
    let drawing = drawing(name).filter(|_| is_class)?;
    Some(format!(r#"<svg class="icon {class}" viewBox="0 0 20 20" aria-hidden="true">{drawing}</svg>"#))
}

fn drawing(name: &str) -> Option<&'static str> {
    DRAWINGS.iter().find(|(known, _)| *known == name).map(|(_, drawing)| *drawing)
}

#[rustfmt::skip]
const DRAWINGS: [(&str, &str); 33] = [
    ("calendar", r#"<rect x="3" y="4.5" width="14" height="12.5" rx="2.5"/><path d="M3 8.5h14M7 2.5v3.5M13 2.5v3.5"/>"#),
    ("mail", r#"<rect x="2.5" y="4.5" width="15" height="11" rx="2.5"/><path d="m3.5 6.5 6.5 5 6.5-5"/>"#),
    ("check", r#"<path d="m4.5 10.5 3.5 3.5 7.5-8"/>"#),
    ("clock", r#"<circle cx="10" cy="10" r="7.25"/><path d="M10 6v4.25l2.75 1.75"/>"#),
    ("video", r#"<rect x="2.5" y="5" width="10.5" height="10" rx="2.5"/><path d="m13 9 4.5-2.5v7L13 11"/>"#),
    ("people", r#"<circle cx="7.5" cy="7" r="2.75"/><path d="M2.5 16c.3-3 2.2-4.5 5-4.5s4.7 1.5 5 4.5M13 4.5a2.6 2.6 0 0 1 0 5M14.5 11.8c1.8.5 2.8 1.9 3 4.2"/>"#),
    ("globe", r#"<circle cx="10" cy="10" r="7.25"/><path d="M2.75 10h14.5M10 2.75c4.5 4.5 4.5 10 0 14.5-4.5-4.5-4.5-10 0-14.5Z"/>"#),
    ("eyeoff", r#"<path d="M3 3l14 14M8 5.2A8 8 0 0 1 10 5c4 0 6.5 3 7.5 5a11 11 0 0 1-2 2.8M5.5 6.7A11 11 0 0 0 2.5 10c1 2 3.5 5 7.5 5 1 0 1.9-.2 2.7-.5M8.2 8.2a2.5 2.5 0 0 0 3.5 3.5"/>"#),
    ("lock", r#"<rect x="4" y="9" width="12" height="8" rx="2.5"/><path d="M6.5 9V6.5a3.5 3.5 0 0 1 7 0V9"/>"#),
    ("arrow", r#"<path d="M4 10h12m-4.5-4.5L16 10l-4.5 4.5"/>"#),
    ("back", r#"<path d="M16 10H4m4.5-4.5L4 10l4.5 4.5"/>"#),
    ("plus", r#"<path d="M10 4v12M4 10h12"/>"#),
    ("x", r#"<path d="m5 5 10 10M15 5 5 15"/>"#),
    ("up", r#"<path d="M10 15.5V5m-4 4 4-4 4 4"/>"#),
    ("down", r#"<path d="M10 4.5V15m-4-4 4 4 4-4"/>"#),
    ("search", r#"<circle cx="9" cy="9" r="5.25"/><path d="m13 13 4 4"/>"#),
    ("alert", r#"<path d="M10 3 2.5 16.5h15L10 3Z"/><path d="M10 8.5v3.5M10 14.3v.1"/>"#),
    ("info", r#"<circle cx="10" cy="10" r="7.25"/><path d="M10 9.25v4.5M10 6.4v.1"/>"#),
    ("bell", r#"<path d="M4.5 14c1.2-1.2 1.5-2.5 1.5-5a4 4 0 0 1 8 0c0 2.5.3 3.8 1.5 5h-11ZM8.5 16.8c.8.8 2.2.8 3 0"/>"#),
    ("note", r#"<path d="M5 3h7l3.5 3.5V17H5V3Z"/><path d="M12 3v3.5h3.5M7.5 10.5h5M7.5 13.5h3"/>"#),
    ("home", r#"<path d="M3 9.5 10 3.5l7 6M5 8.5v8h10v-8"/>"#),
    ("send", r#"<path d="M17.5 2.5 9 11M17.5 2.5l-5 15L9 11 2.5 7.5l15-5Z"/>"#),
    ("gear", r#"<circle cx="10" cy="10" r="2.75"/><path d="M10 2.5v2M10 15.5v2M2.5 10h2M15.5 10h2M4.7 4.7l1.4 1.4M13.9 13.9l1.4 1.4M15.3 4.7l-1.4 1.4M6.1 13.9l-1.4 1.4"/>"#),
    ("download", r#"<path d="M10 3v9.5m-4-4 4 4 4-4M3.5 16.5h13"/>"#),
    ("phone", r#"<path d="M4 3.5h3l1.5 4-2 1.5a10 10 0 0 0 4.5 4.5l1.5-2 4 1.5v3c0 .6-.4 1-1 1A13 13 0 0 1 3 4.5c0-.6.4-1 1-1Z"/>"#),
    ("refresh", r#"<path d="M16.5 9A6.7 6.7 0 0 0 4.3 6.5M3.5 11a6.7 6.7 0 0 0 12.2 2.5M4 3v3.5h3.5M16 17v-3.5h-3.5"/>"#),
    ("grip", r#"<path d="M7.5 5v.1M12.5 5v.1M7.5 10v.1M12.5 10v.1M7.5 15v.1M12.5 15v.1" stroke-width="2.5"/>"#),
    ("book", r#"<path d="M10 5.5C8.5 4 6 3.5 3 3.5v12c3 0 5.5.5 7 2 1.5-1.5 4-2 7-2v-12c-3 0-5.5.5-7 2ZM10 5.5v12"/>"#),
    ("heart", r#"<path d="M10 16.5S3 12.5 3 7.7C3 5.5 4.6 4 6.5 4 8 4 9.3 4.9 10 6.2 10.7 4.9 12 4 13.5 4 15.4 4 17 5.5 17 7.7c0 4.8-7 8.8-7 8.8Z"/>"#),
    ("dots", r#"<path d="M5 10v.1M10 10v.1M15 10v.1" stroke-width="2.5"/>"#),
    ("leave", r#"<path d="M8 3.5H4.5v13H8M12 6.5l3.5 3.5-3.5 3.5M15.5 10H8"/>"#),
    ("copy", r#"<rect x="7" y="7" width="9.5" height="9.5" rx="2"/><path d="M13 7V3.5H3.5V13H7"/>"#),
    ("pause", r#"<path d="M7 5v10M13 5v10"/>"#),
];
