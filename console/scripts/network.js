// What could not be loaded is said once, beside what stays as it was, with a way to try again.
(() => {
  "use strict";

  const failed = document.querySelector("[data-network]");
  if (!failed) return;
  let again = null;

  document.addEventListener("kt:trying", () => failed.setAttribute("hidden", ""));
  document.addEventListener("kt:failed", ({ detail }) => {
    again = detail.again;
    if (detail.before) detail.before.before(failed);
    else detail.inside.prepend(failed);
    failed.removeAttribute("hidden");
  });
  failed.querySelector("button").addEventListener("click", () => again());
})();
