// The exact time behind "3 days ago": at the pointer, and for keyboards at the first control of a row, all of its
// times at once, so that a list has no more stops than before. It can be pointed at, stays, and Escape puts it away
// (WCAG 2.2 §1.4.13). Without a script the browser's own hint says the same, to pointers only.
(() => {
  "use strict";

  const WAITS = 200; // milliseconds in which a pointer gets from the time to what is said of it
  const note = document.createElement("div");
  note.className = "kt-moment";
  note.id = "moment";
  note.setAttribute("role", "tooltip");
  note.setAttribute("popover", "manual");
  (document.querySelector("main") ?? document.body).append(note);
  let anchor = null;
  let leaving = 0;

  // The browser's own hint would stand beside ours.
  const exact = (time) => {
    if (time.title) time.dataset.exact = time.title;
    time.removeAttribute("title");
    return time.dataset.exact;
  };
  const timesOf = (row) => [...row.querySelectorAll("time:is([title], [data-exact])")];
  // Of a heading only its first words: a mark may follow that says how the table is sorted.
  const words = (node) => {
    const walk = document.createTreeWalker(node, NodeFilter.SHOW_TEXT);
    while (walk.nextNode()) if (walk.currentNode.data.trim()) return walk.currentNode.data.trim();
    return "";
  };
  const label = (time) => {
    const cell = time.closest("td, th");
    return cell.dataset.label || words(time.closest("table").tHead.rows[0].cells[cell.cellIndex]);
  };

  function place() {
    if (!anchor) return;
    const at = anchor.getBoundingClientRect();
    const size = note.getBoundingClientRect();
    const below = at.bottom + size.height + 6 <= innerHeight;
    note.style.left = `${Math.max(8, Math.min(at.left, innerWidth - size.width - 8))}px`;
    note.style.top = `${below ? at.bottom + 4 : at.top - size.height - 4}px`;
  }

  function hide() {
    clearTimeout(leaving);
    if (!anchor) return;
    anchor.removeAttribute("aria-describedby");
    anchor = null;
    note.hidePopover();
  }

  function show(node, lines) {
    hide();
    note.replaceChildren(...lines.map((line) => {
      const said = document.createElement("div");
      said.textContent = line;
      return said;
    }));
    anchor = node;
    anchor.setAttribute("aria-describedby", note.id);
    note.showPopover();
    place();
  }

  document.addEventListener("pointerover", ({ target }) => {
    if (!(target instanceof Element)) return;
    const time = target.closest("time:is([title], [data-exact])");
    if (time === anchor || note.contains(target)) clearTimeout(leaving);
    if (time && time !== anchor) show(time, [exact(time)]);
  });
  document.addEventListener("pointerout", ({ target }) => {
    if (anchor && anchor !== document.activeElement && (target === anchor || note.contains(target))) {
      clearTimeout(leaving);
      leaving = setTimeout(hide, WAITS);
    }
  });
  document.addEventListener("focusin", ({ target }) => {
    const row = target.closest("tbody tr");
    const times = row ? timesOf(row) : [];
    const first = row?.querySelector("th a, time[tabindex]");
    if (!times.length || target !== first || !target.matches(":focus-visible")) return;
    show(target, times.map((time) => `${label(time)}: ${exact(time)}`));
  });
  document.addEventListener("focusout", ({ target }) => { if (target === anchor) hide(); });
  document.addEventListener("scroll", place, { capture: true, passive: true });
  document.addEventListener("htmx:before:swap", hide);
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !anchor) return;
    event.preventDefault();
    event.stopPropagation();
    hide();
  }, true);

  // A row that leads nowhere is a stop by its first time.
  document.querySelectorAll("tbody tr:not(:has(a, button, input)) time[title]").forEach((time) => {
    if (timesOf(time.closest("tr"))[0] === time) time.tabIndex = 0;
  });
})();
