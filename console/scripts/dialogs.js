// Links to pages that ask something open them in a dialog; the pages themselves work without it.
(() => {
  "use strict";

  const dialog = document.getElementById("dialog");
  if (!dialog) return;
  const policy = window.trustedTypes
    ? trustedTypes.createPolicy("dialogs", { createHTML: (text) => text })
    : { createHTML: (text) => text };
  const nonce = document.querySelector("script[nonce]").nonce;
  let opener = null;

  // Only answers of our own server come here, and only forms that we know are taken from them.
  function form(text) {
    const page = new DOMParser().parseFromString(policy.createHTML(text), "text/html");
    const found = page.querySelector("main form[data-asks]");
    return found && { form: document.importNode(found, true), title: page.querySelector("h1").textContent };
  }

  function show(text, place) {
    const asked = form(text);
    if (!asked) return false;
    const actions = asked.form.querySelector(".kt-actions");
    const body = document.createElement("div");
    body.className = "kt-dialog-body";
    body.append(...[...asked.form.childNodes].filter((node) => node !== actions));
    actions.className = "kt-dialog-foot";
    asked.form.removeAttribute("class");
    asked.form.action = asked.form.getAttribute("action") || place;
    asked.form.append(body, actions);
    const back = document.createElement("input");
    back.type = "hidden";
    back.name = "back";
    back.value = location.pathname + location.search;
    asked.form.append(back);
    asked.form.querySelectorAll("[formaction]").forEach((button) => button.remove());
    asked.form.querySelectorAll("[hx-nonce]").forEach((node) => node.setAttribute("hx-nonce", nonce));
    dialog.querySelector("form")?.remove();
    dialog.querySelector("h2").textContent = asked.title;
    dialog.append(asked.form);
    window.htmx.process(asked.form);
    if (!dialog.open) dialog.showModal();
    focus(asked.form);
    return true;
  }

  function focus(asked) {
    const field = asked.querySelector("[data-testid=confirm-text]");
    const danger = asked.querySelector(".kt-dialog-foot .btn-danger");
    const first = danger ? asked.querySelector("[data-testid=confirm-cancel]")
      : asked.querySelector(".kt-dialog-body :is(input, select, textarea):not([type=hidden])");
    (asked.querySelector("[data-testid=error-summary]") || field || first || asked).focus();
  }

  function trouble(act) {
    const inside = dialog.open ? dialog : document.querySelector("main");
    document.dispatchEvent(new CustomEvent("kt:failed", { detail: { again: act, inside } }));
  }

  async function open(place) {
    document.dispatchEvent(new CustomEvent("kt:trying"));
    try {
      const answer = await fetch(place);
      if (!answer.ok || answer.redirected || !show(await answer.text(), place)) location.assign(place);
    } catch {
      trouble(() => open(place));
    }
  }

  // The list is loaded anew; the focus goes on where it was: only which row and which control is kept until then.
  function leave(next) {
    const row = opener?.closest("tr[data-testid]");
    if (row) {
      const kept = [row.dataset.testid, opener.dataset.testid, row.nextElementSibling?.dataset.testid];
      sessionStorage.setItem("focus", JSON.stringify(kept));
    }
    location.assign(next);
  }

  function goOn() {
    const kept = sessionStorage.getItem("focus");
    const line = document.querySelector("#results [data-testid=result-line]");
    sessionStorage.removeItem("focus");
    if (!kept || !line) return;
    const [row, control, following] = JSON.parse(kept).map((hook) => hook && `[data-testid="${hook}"]`);
    const found = [`${row} ${control}`, `${row} .kt-name`, `${following} .kt-name`];
    (found.map((selector) => document.querySelector(selector)).find(Boolean) || line).focus();
  }

  // A refusal that is no page of this dialog changed nothing: the form is sent again, and its page shown.
  async function send(asked) {
    document.dispatchEvent(new CustomEvent("kt:trying"));
    try {
      const answer = await fetch(asked.action, {
        method: "POST", body: new URLSearchParams(new FormData(asked)), headers: { "HX-Request": "true" },
      });
      const next = answer.headers.get("HX-Redirect");
      if (next) leave(next);
      else if (answer.status !== 422 || !show(await answer.text(), asked.action)) asked.submit();
    } catch {
      asked.removeAttribute("data-sent");
      trouble(() => send(asked));
    }
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-dialog]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    const menu = link.closest("[popover]");
    if (!dialog.contains(link)) opener = menu ? document.querySelector(`[popovertarget="${menu.id}"]`) : link;
    if (menu) menu.hidePopover();
    open(link.href);
  });
  dialog.addEventListener("click", (event) => {
    if (!event.target.closest("[data-close], [data-testid=confirm-cancel]")) return;
    event.preventDefault();
    dialog.close();
  });
  dialog.addEventListener("submit", (event) => {
    event.preventDefault();
    send(event.target);
  });
  dialog.addEventListener("close", () => {
    dialog.querySelector("form")?.remove();
    if (opener) opener.focus();
  });
  goOn();
})();
