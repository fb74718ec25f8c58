// Trellis progressive enhancement. Every page works without this file.
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];

  // Errors: move focus to the summary, as GOV.UK does.
  document.querySelector(".error-summary")?.focus();

  // Time zone: where the server does not know it (data-tz="auto"), offer the visitor's own. An alias that is
  // not in the list (Asia/Calcutta) is added as it is: the server knows aliases.
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zone) {
    all('select[data-tz="auto"]').forEach(select => {
      if (![...select.options].some(option => option.value === zone))
        select.add(new Option(zone.replace(/^.*\//, "").replaceAll("_", " ") + " (from this device)", zone), 0);
      const shown = select.value;
      select.value = zone;
      // data-tz-show: the times on the page follow, once; from then on the address names the zone.
      if ("tzShow" in select.dataset && shown !== zone) {
        const url = new URL(location.href);
        url.searchParams.set(select.name, zone); location.replace(url);
      }
    });
    all("input[type=hidden][data-tz]").forEach(input => { input.value = zone; });
  }

  // Announcements share one polite live region.
  const live = Object.assign(document.createElement("p"), { className: "vh" });
  live.setAttribute("role", "status");
  document.querySelector("main")?.append(live);
  const say = text => { live.textContent = ""; requestAnimationFrame(() => { live.textContent = text; }); };

  // Countdown: minute precision, quiet; the server already wrote a readable phrase. data-now is the
  // server's clock, so that a wrong device clock (or a rehearsal's fast one) does not show.
  all("[data-countdown]").forEach(el => {
    const ahead = el.dataset.now ? new Date(el.dataset.now) - Date.now() : 0;
    const tick = () => {
      const minutes = Math.max(0, Math.floor((new Date(el.dataset.countdown) - Date.now() - ahead) / 6e4));
      const parts = { d: Math.floor(minutes / 1440), h: Math.floor(minutes % 1440 / 60), m: minutes % 60 };
      all("[data-u]", el).forEach(unit => { unit.textContent = parts[unit.dataset.u]; });
    };
    tick(); setInterval(tick, 3e4);
  });

  // Unsaved work: ask before the page is left. Leaving quickly never asks.
  let unsaved = false;
  document.addEventListener("input", e => { if (e.target.closest?.("form[data-unsaved]")) unsaved = true; });
  addEventListener("beforeunload", e => { if (unsaved) e.preventDefault(); });

  // Leave quickly: replace this history entry, so Back does not return here. Shift three times does the same.
  const leave = link => { unsaved = false; document.documentElement.hidden = true; location.replace(link.href); };
  let shifts = 0, pause;
  document.addEventListener("keydown", e => {
    clearTimeout(pause);
    if (e.key !== "Shift" || e.repeat) { shifts = 0; return; }
    pause = setTimeout(() => { shifts = 0; }, 3000);
    const link = ++shifts === 3 && document.querySelector("[data-leave]");
    if (link) leave(link);
  });

  // A form is sent once. The button is not disabled: its name and value must go along, and it keeps focus.
  document.addEventListener("submit", e => {
    const form = e.target;
    // What goes into a frame of the page, such as a preview, may go as often as one likes.
    if (e.defaultPrevented || form.method !== "post" || e.submitter?.formTarget) return;
    if (form.dataset.sent) { e.preventDefault(); say("One moment, this is being sent"); return; }
    form.dataset.sent = "1"; form.setAttribute("aria-busy", "true"); unsaved = false;
    setTimeout(() => release(form), 1e4);
  });
  const release = form => { delete form.dataset.sent; form.removeAttribute("aria-busy"); };
  addEventListener("pageshow", () => all("form[data-sent]").forEach(release));

  document.addEventListener("click", e => {
    const near = selector => e.target.closest(selector);
    const away = near("[data-leave]"); if (away) { e.preventDefault(); leave(away); return; }
    const opener = near("[data-dialog]"), dialog = opener && document.getElementById(opener.dataset.dialog);
    if (dialog?.showModal) { e.preventDefault(); dialog.showModal(); }
    const closer = near("[data-close]");
    if (closer) {
      const shown = closer.closest("dialog, .flash, .toast");
      if (shown?.matches("dialog")) { e.preventDefault(); shown.close(); } else shown?.remove();
    }
    const copier = near("[data-copy]");
    if (copier) navigator.clipboard?.writeText(copier.dataset.copy).then(() => {
      say("Copied");
      const label = copier.querySelector("[data-copied]"); if (label) label.textContent = label.dataset.copied;
    });
    const mover = near("[data-move]"); if (mover) { e.preventDefault(); move(mover.closest("li"), +mover.dataset.move, mover); }
  });

  // Reorder lessons: buttons first (WCAG 2.5.7), dragging as a convenience.
  function move(item, by, button) {
    const list = item.parentElement, items = [...list.children], from = items.indexOf(item), to = from + by;
    if (to < 0 || to >= items.length) return say("Already at the " + (by < 0 ? "top" : "bottom"));
    list.insertBefore(item, by < 0 ? items[to] : items[to].nextSibling); renumber(list); button?.focus();
    say(`${item.dataset.name} moved to week ${to + 1} of ${items.length}`);
  }
  function renumber(list) {
    if (list.closest("form[data-unsaved]")) unsaved = true;
    [...list.children].forEach((item, i) => { const n = item.querySelector("[data-n]"); if (n) n.textContent = i + 1; });
  }
  all("[data-sortable]").forEach(list => {
    let held;
    all("li", list).forEach(item => {
      const grip = item.querySelector(".grip"); if (!grip) return;
      grip.addEventListener("pointerdown", () => { item.draggable = true; });
      item.addEventListener("dragstart", () => { held = item; item.dataset.dragging = ""; });
      item.addEventListener("dragend", () => { held = null; item.draggable = false; delete item.dataset.dragging; renumber(list); });
      item.addEventListener("dragover", e => {
        e.preventDefault(); if (!held || held === item) return;
        const box = item.getBoundingClientRect();
        list.insertBefore(held, e.clientY > box.top + box.height / 2 ? item.nextSibling : item);
      });
    });
  });

  // A word count for the editor.
  all("textarea[data-count]").forEach(area => {
    const out = document.getElementById(area.dataset.count); if (!out) return;
    const count = () => {
      const words = area.value.trim().split(/\s+/).filter(Boolean).length;
      out.textContent = `${words} words, about ${Math.max(1, Math.round(words / 220))} min to read`;
    };
    area.addEventListener("input", count); count();
  });

  // A rehearsal's page asks each second what time it is there, and whether there is new mail.
  all("[data-rehearsal]").forEach(bar => {
    const fresh = document.querySelector("[data-fresh]"), toggle = bar.querySelector("[data-toggle]");
    const look = async () => {
      if (document.hidden) return;
      const answer = await fetch(bar.dataset.rehearsal).catch(() => null);
      if (!answer?.ok) return;
      const now = await answer.json(), count = now.newest - bar.dataset.newest;
      for (const name of ["at", "zone", "state", "next"]) bar.querySelector(`[data-${name}]`).textContent = now[name];
      toggle.value = now.is_paused ? "run" : "pause"; toggle.textContent = now.is_paused ? "Run" : "Pause";
      if (fresh) { fresh.hidden = count < 1; fresh.textContent = count === 1 ? "1 new message" : `${count} new messages`; }
    };
    setInterval(look, 1e3);
  });
})();
