// Rows that are selected: all of a page at once, then all that match, and how many those are.
(() => {
  "use strict";

  function told(form) {
    const rows = [...form.querySelectorAll("[name=select]")];
    const every = form.querySelector("[data-select-all]");
    const matching = form.querySelector("[name=matching]");
    const chosen = rows.filter((row) => row.checked).length;
    every.checked = chosen === rows.length;
    every.indeterminate = chosen > 0 && !every.checked;
    if (matching) {
      matching.checked = matching.checked && every.checked;
      matching.closest("label").hidden = !every.checked;
    }
    const said = form.querySelector("[data-picked]");
    said.textContent = said.dataset.picked.replace("{}", matching?.checked ? matching.dataset.number : chosen);
  }

  document.addEventListener("change", ({ target }) => {
    const form = target.closest(".kt-bulk");
    if (!form) return;
    if (target.matches("[data-select-all]")) {
      for (const row of form.querySelectorAll("[name=select]")) row.checked = target.checked;
    }
    told(form);
  });
  document.addEventListener("htmx:after:swap", () => document.querySelectorAll(".kt-bulk").forEach(told));
  // A page that is come back to may remember what was selected.
  addEventListener("pageshow", () => document.querySelectorAll(".kt-bulk").forEach(told));
})();
