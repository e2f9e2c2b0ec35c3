// Passkeys: fetches the challenge, asks the authenticator, puts its answer into the form and sends that.
(() => {
  "use strict";

  const forms = document.querySelectorAll("form[data-passkey]");
  const kind = window.PublicKeyCredential;
  if (!kind || !kind.parseCreationOptionsFromJSON || !kind.parseRequestOptionsFromJSON) {
    forms.forEach((form) => form.setAttribute("data-unable", ""));
    return;
  }
  if (!forms.length) return;
  let waiting = null;

  async function challenge(form) {
    const token = form.querySelector("[name=csrf]");
    const answer = await fetch(form.dataset.options, {
      method: "POST",
      headers: token ? { "X-CSRF-Token": token.value } : {},
    });
    const json = (answer.headers.get("Content-Type") || "").startsWith("application/json");
    return answer.ok && json ? answer.json() : null;
  }

  function send(form, credential) {
    form.querySelector("[name=credential]").value = JSON.stringify(credential.toJSON());
    form.submit();
  }

  async function use(form) {
    if (waiting) waiting.abort();
    waiting = null;
    const failed = form.querySelector("[data-failed]");
    failed.hidden = true;
    try {
      const asked = await challenge(form);
      if (!asked) {
        location.reload();
        return;
      }
      send(form, form.dataset.passkey === "create"
        ? await navigator.credentials.create({ publicKey: kind.parseCreationOptionsFromJSON(asked) })
        : await navigator.credentials.get({ publicKey: kind.parseRequestOptionsFromJSON(asked) }));
    } catch {
      failed.hidden = false;
    }
  }

  // The browser offers passkeys where the e-mail address is typed.
  async function offerInField(form) {
    if (!kind.isConditionalMediationAvailable || !(await kind.isConditionalMediationAvailable())) return;
    waiting = new AbortController();
    const { signal } = waiting;
    const asked = await challenge(form);
    if (!asked || signal.aborted) return;
    const publicKey = kind.parseRequestOptionsFromJSON(asked);
    send(form, await navigator.credentials.get({ publicKey, mediation: "conditional", signal }));
  }

  forms.forEach((form) => {
    form.hidden = false;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      use(form);
    });
    if (form.dataset.passkey === "sign-in") offerInField(form).catch(() => {});
  });
  document.querySelectorAll("[data-no-passkey]").forEach((node) => { node.hidden = true; });
})();
