// The matrix of scopes: a whole row or column at once, and only the resources looked for.
(() => {
  "use strict";

  const show = (node) => node.removeAttribute("hidden");

  function toggle(boxes) {
    const on = boxes.some((box) => !box.checked);
    for (const box of boxes) box.checked = on;
    if (boxes.length) boxes[0].dispatchEvent(new Event("change", { bubbles: true }));
  }

  for (const table of document.querySelectorAll("[data-matrix]")) {
    // The effect of a choice shows by itself.
    for (const button of table.closest("form").querySelectorAll("[data-no-script]")) button.hidden = true;
    for (const button of table.querySelectorAll("[data-all-row]")) {
      show(button);
      button.addEventListener("click", () => toggle([...button.closest("tr").querySelectorAll("input")]));
    }
    for (const button of table.querySelectorAll("[data-all-column]")) {
      show(button);
      button.addEventListener("click", () => {
        const cells = table.querySelectorAll(`tbody tr:not([hidden]) > :nth-child(${Number(button.dataset.allColumn) + 1})`);
        toggle([...cells].flatMap((cell) => [...cell.querySelectorAll("input")]));
      });
    }
  }
  for (const filter of document.querySelectorAll("[data-scope-filter]")) {
    show(filter);
    filter.addEventListener("input", (event) => {
      const wanted = event.target.value.trim().toLowerCase();
      for (const row of document.querySelectorAll("[data-resource]")) row.hidden = !row.dataset.resource.includes(wanted);
    });
    filter.addEventListener("keydown", (event) => { if (event.key === "Enter") event.preventDefault(); });
  }
})();
