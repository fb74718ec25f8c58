// The buttons over a lesson's text. Without this file they stay hidden, and the text is plain Markdown all the same.
(() => {
  const bar = document.querySelector("[data-marks]"), area = bar && document.getElementById(bar.dataset.marks);
  if (!area) return;
  bar.hidden = false;

  // As if typed, so that undo takes it back; `from` and `to` are selected afterwards, counted from where it begins.
  const put = (start, end, text, from, to) => {
    area.focus(); area.setSelectionRange(start, end);
    const kept = text === "" ? document.execCommand?.("delete") : document.execCommand?.("insertText", false, text);
    if (!kept) { area.setRangeText(text, start, end, "end"); area.dispatchEvent(new Event("input", { bubbles: true })); }
    area.setSelectionRange(start + from, start + to);
  };
  const chosen = () => ({ start: area.selectionStart, end: area.selectionEnd, all: area.value });

  // Around the words that are selected; once more takes the marks off.
  const around = (mark, example) => {
    const { start, end, all } = chosen(), words = all.slice(start, end), size = mark.length;
    const run = Math.min(all.slice(0, start).match(/\**$/)[0].length, all.slice(end).match(/^\**/)[0].length);
    const isMarked = size > 1 ? run > 1 : run % 2 === 1;
    if (isMarked) return put(start - size, end + size, words, 0, words.length);
    const [, before, inner, after] = words.match(/^(\s*)([\s\S]*?)(\s*)$/), text = inner || example;
    put(start, end, before + mark + text + mark + after, before.length + size, before.length + size + text.length);
  };

  // At the beginning of each line that is touched; once more takes it off.
  const lines = mark => {
    const { start, end, all } = chosen(), first = all.lastIndexOf("\n", start - 1) + 1;
    const next = all.indexOf("\n", Math.max(start, end - 1)), last = next < 0 ? all.length : next;
    const rows = all.slice(first, last).split("\n"), areMarked = rows.every(row => !row.trim() || row.startsWith(mark));
    const some = rows.some(row => row.trim());
    const text = rows.map(row => some && !row.trim() ? row : areMarked && some ? row.slice(mark.length) : mark + row.replace(/^(#+ |- |> )/, ""));
    const whole = text.join("\n"), isOne = rows.length === 1;
    put(first, last, whole, isOne ? whole.length : 0, whole.length);
  };

  const marks = {
    bold: () => around("**", "bold"),
    italic: () => around("*", "italic"),
    heading: () => lines("## "),
    list: () => lines("- "),
    quote: () => lines("> "),
    link: () => {
      const { start, end, all } = chosen(), words = all.slice(start, end) || "the words to press";
      put(start, end, `[${words}](https://)`, words.length + 3, words.length + 11);
    },
    exercise: () => {
      const { start, end, all } = chosen(), words = all.slice(start, end).trim() || "What to do.";
      const before = start && all[start - 1] !== "\n" ? "\n\n" : "", title = "Its title";
      put(start, end, `${before}::: exercise ${title}\n${words}\n:::\n`, before.length + 13, before.length + 13 + title.length);
    },
    name: () => { const { start, end } = chosen(), text = "{{ name }}"; put(start, end, text, text.length, text.length); },
  };
  bar.addEventListener("click", e => marks[e.target.closest("[data-mark]")?.dataset.mark]?.());
  area.addEventListener("keydown", e => {
    const mark = (e.ctrlKey || e.metaKey) && !e.altKey && !e.shiftKey && { b: "bold", i: "italic", k: "link" }[e.key.toLowerCase()];
    if (mark) { e.preventDefault(); marks[mark](); }
  });

  // A toolbar is one stop of the Tab key; arrows go from button to button.
  const buttons = [...bar.querySelectorAll("button")];
  const only = button => buttons.forEach(one => { one.tabIndex = one === button ? 0 : -1; });
  only(buttons[0]);
  bar.addEventListener("focusin", e => only(e.target));
  bar.addEventListener("keydown", e => {
    const at = buttons.indexOf(document.activeElement), step = { ArrowRight: 1, ArrowLeft: -1 }[e.key];
    const to = step ? (at + step + buttons.length) % buttons.length : { Home: 0, End: buttons.length - 1 }[e.key] ?? -1;
    if (to >= 0) { e.preventDefault(); buttons[to].focus(); }
  });

  // The preview again in the colors that were chosen; and once by itself where nothing was saved that it could show.
  const form = area.form, frame = document.querySelector("iframe[name=preview]");
  let level = form.querySelector("[formtarget=preview]");
  form.addEventListener("submit", e => { if (e.submitter?.formTarget === "preview") level = e.submitter; });
  form.addEventListener("change", e => { if (e.target.name === "scheme" && level) form.requestSubmit(level); });
  if (frame && level && !frame.hasAttribute("src")) form.requestSubmit(level);
})();
