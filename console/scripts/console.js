// What neither HTML nor htmx does: copying, the gate before a secret is lost, dates from lengths of time.
// Every page works without it; controls that only a script can serve are hidden until it runs.
(() => {
  "use strict";

  const show = (node) => node.removeAttribute("hidden");
  const each = (selector, act, root = document) => root.querySelectorAll(selector).forEach(act);
  let copied = false;

  async function copy(text) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      const area = document.createElement("textarea");
      area.value = text;
      area.setAttribute("readonly", "");
      area.className = "visually-hidden";
      document.body.append(area);
      area.select();
      const done = document.execCommand("copy");
      area.remove();
      return done;
    }
  }

  function tell(text, seen) {
    const status = document.querySelector("[data-told]") || document.querySelector("[role=status]");
    if (!status) return;
    status.textContent = text;
    if (seen) status.classList.remove("visually-hidden");
  }

  async function copyFrom(button) {
    const source = button.dataset.copyFrom && document.querySelector(button.dataset.copyFrom);
    const words = button.querySelector("[data-said]");
    if (!(await copy(source ? source.textContent : button.dataset.copy))) {
      if (source) getSelection().selectAllChildren(source);
      tell(document.body.dataset.copyFailed, true);
      return;
    }
    copied = copied || Boolean(source?.hasAttribute("data-blank"));
    const before = words.textContent;
    words.textContent = words.dataset.said;
    tell(words.dataset.said);
    setTimeout(() => { words.textContent = before; }, 4000);
  }

  function secretPanel(panel) {
    const stored = panel.querySelector("[data-testid=secret-stored]");
    const gate = panel.querySelector("[data-close-gate]");
    const rest = document.querySelector(".kt-app");
    const open = () => copied || stored.checked;
    const ask = (event) => {
      if (open()) return;
      event.preventDefault();
      show(gate);
      gate.focus();
    };
    rest.inert = true;
    panel.querySelector("h2").focus();
    each("[data-testid=secret-close], [data-testid=secret-details]", (link) => link.addEventListener("click", ask), panel);
    panel.querySelector("[data-go-back]").addEventListener("click", () => {
      gate.setAttribute("hidden", "");
      panel.querySelector("[data-testid=copy-secret]").focus();
    });
    let leaving = false;
    gate.querySelector("a").addEventListener("click", () => { leaving = true; });
    addEventListener("beforeunload", (event) => { if (!open() && !leaving) event.preventDefault(); });
    document.addEventListener("keydown", (event) => { if (event.key === "Escape") ask(event); });
    // Browsers may keep a page to go back to: the secret must not be in what they keep.
    addEventListener("pagehide", () => each("[data-blank]", (node) => { node.textContent = ""; }));
  }

  function dates(button) {
    const field = document.getElementById("f-expires_at");
    show(button);
    button.addEventListener("click", () => {
      field.value = button.dataset.date;
      field.dispatchEvent(new Event("change", { bubbles: true }));
      each("[data-date]", (other) => other.setAttribute("aria-pressed", String(other === button)));
    });
  }

  function added(button) {
    const field = document.getElementById(button.dataset.for);
    show(button.parentElement);
    button.addEventListener("click", () => {
      field.value = [...field.value.split("\n").filter((line) => line.trim()), button.dataset.line].join("\n");
      field.dispatchEvent(new Event("change", { bubbles: true }));
    });
  }

  function counted(said) {
    const field = document.getElementById(said.dataset.count);
    if (!field) return;
    // As the server counts: code points, of what is left when it is trimmed.
    const say = () => { said.textContent = `${[...field.value.trim()].length}/${said.dataset.longest}`; };
    field.addEventListener("input", say);
  }

  // After a suspected leak the old secret stops now: the other choices are not offered.
  document.addEventListener("change", ({ target }) => {
    if (!target.matches("[data-leak]")) return;
    each(`[name=${target.dataset.leak}]`, (choice) => {
      choice.disabled = target.value === "leak" && choice.value !== "0s";
      if (target.value === "leak") choice.checked = choice.value === "0s";
    }, target.form);
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-copy], [data-copy-from]");
    if (button) copyFrom(button);
  });
  document.addEventListener("change", ({ target }) => {
    if (target.matches("form[data-auto] :is(select, [type=checkbox])")) target.form.requestSubmit();
  });
  // A secret pasted into the search stays here: its key ID alone is asked for.
  document.addEventListener("submit", ({ target }) => {
    const field = target.matches("form[role=search]") && target.elements.q;
    const secret = field && field.value.match(/([a-z][a-z0-9]{0,7})s_([0-9A-Z]{16})_\S+/);
    if (!secret) return;
    field.value = `${secret[1]}_${secret[2]}`;
    target.dataset.cut = target.dataset.secretSaid || "";
  }, true);
  document.addEventListener("formdata", ({ target, formData }) => {
    if (!target.matches("form[role=search]")) return;
    for (const [name, value] of [...formData]) if (!value) formData.delete(name);
  });

  function enhance(root) {
    each("[data-copy], [data-copy-from], [data-select-all]", show, root);
    each("[data-date]", dates, root);
    each("[data-add-address] button", added, root);
    each("[data-count]", counted, root);
    each("form:is([data-plain], [data-auto]) [data-no-script]", (node) => node.setAttribute("hidden", ""), root);
  }
  enhance(document);
  document.addEventListener("htmx:after:swap", ({ detail }) => {
    if (detail.ctx.target instanceof Element && detail.ctx.target.matches("[data-swapped]")) enhance(detail.ctx.target);
  });
  each("[data-secret-panel]", secretPanel);
  const summary = document.querySelector("[data-testid=error-summary]");
  if (summary) summary.focus();
})();
