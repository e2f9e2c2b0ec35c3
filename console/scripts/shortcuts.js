// Single keys, for members who turned them on (WCAG 2.2 §2.1.4): "/" searches, "g" and another key leads to a page.
(() => {
  "use strict";

  const PLACES = { k: "/tenant-api-keys", h: "/tenant-api-keys/health", a: "/audit-log" };
  const SEARCH = "#search";
  let going = false;

  const search = () => document.querySelector("main form[role=search] [name=q]");
  // A page that a member may not open has none.
  const link = (place) => document.querySelector(`nav a[href="${place}"]`);
  // Keys belong to whoever is being typed in, or to what lies over the page.
  const taken = ({ target }) =>
    (target instanceof Element && target.closest("input, textarea, select, [contenteditable]")) ||
    document.querySelector("[role=dialog], dialog[open], :popover-open");

  document.addEventListener("keydown", (event) => {
    const held = event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented;
    const went = going;
    if (event.key !== "Shift") going = false;
    if (!("shortcuts" in document.body.dataset) || held || taken(event)) return;
    if (event.key === "g") {
      going = true;
    } else if (event.key === "/") {
      event.preventDefault();
      if (search()) search().focus();
      else if (link(PLACES.k)) location.assign(PLACES.k + SEARCH);
    } else if (went && PLACES[event.key]) {
      link(PLACES[event.key])?.click();
    }
  });
  if (location.hash === SEARCH && "shortcuts" in document.body.dataset) search()?.focus();
})();
