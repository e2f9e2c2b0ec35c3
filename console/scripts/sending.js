// A form is sent once: while its answer is on the way its button says so, and a second press does nothing.
(() => {
  "use strict";

  const quiet = (form) => {
    form.removeAttribute("data-sent");
    form.querySelectorAll("[aria-disabled=true][type=submit]").forEach((button) => button.removeAttribute("aria-disabled"));
  };
  addEventListener("submit", (event) => {
    const form = event.target;
    // A file that is downloaded leaves its page where it is.
    if (form.method !== "post" || form.hasAttribute("data-passkey") || event.submitter?.hasAttribute("data-download")) return;
    if (form.hasAttribute("data-sent")) {
      event.preventDefault();
      event.stopImmediatePropagation();
      return;
    }
    form.setAttribute("data-sent", "");
    if (event.submitter) event.submitter.setAttribute("aria-disabled", "true");
    setTimeout(() => { if (event.defaultPrevented && !form.closest("dialog")) quiet(form); });
  }, true);
  // A page that is come back to may be sent again.
  addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach(quiet));
})();
