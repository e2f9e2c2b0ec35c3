// A secret pasted where a key ID is asked for stays in the browser: its key ID alone is sent, and the page says so.
(() => {
  "use strict";

  const secret = /^\s*([a-z][a-z0-9]{0,7})s_([0-9A-Z]{16})_\S+.*$/s;

  document.querySelectorAll("form[data-key-only]").forEach((form) => {
    const field = form.elements.namedItem("key");
    const only = () => {
      if (!secret.test(field.value)) return;
      field.value = field.value.replace(secret, "$1_$2");
      form.querySelector("[role=status]").textContent = form.dataset.keyOnly;
    };
    field.addEventListener("input", (event) => { if (event.data?.length !== 1) only(); });  // typed, it is not whole yet
    field.addEventListener("change", only);
    form.addEventListener("submit", only);
  });
})();
