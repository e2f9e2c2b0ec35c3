// A form that waited for its sender to prove who they are goes on by itself; staying signed in keeps the page.
(() => {
  "use strict";

  const waiting = document.querySelector("form[data-go-on]");
  if (waiting) waiting.requestSubmit();

  // What a form out of date held is in it again: what the page says of the form follows, once htmx listens, which may
  // be later than the page is loaded.
  if (new URLSearchParams(location.search).get("kept") === "1") {
    document.addEventListener("htmx:after:process", () => document.querySelectorAll("main form[method=post]").forEach((form) => {
      form.querySelector("input:not([type=hidden]), textarea, select")?.dispatchEvent(new Event("change", { bubbles: true }));
    }), { once: true });
  }

  document.querySelectorAll("[data-reveal]").forEach((button) => {
    const field = document.getElementById(button.getAttribute("aria-controls"));
    button.hidden = false;
    button.addEventListener("click", () => {
      const shown = field.type === "text";
      field.type = shown ? "password" : "text";
      button.setAttribute("aria-pressed", String(!shown));
    });
  });

  const idle = document.querySelector("[data-idle]");
  if (!idle) return;
  const stay = idle.querySelector("a");
  const status = document.querySelector("[role=status]");

  idle.addEventListener("animationend", () => {
    if (status) status.textContent = idle.querySelector("span").textContent;
  });
  stay.addEventListener("click", async (event) => {
    event.preventDefault();
    const answer = await fetch(stay.href, { redirect: "manual" }).catch(() => null);
    if (!answer || !answer.ok) {
      location.reload();
      return;
    }
    idle.classList.add("is-over");
    void idle.offsetWidth;
    idle.classList.remove("is-over");
    if (status) status.textContent = "";
  });
})();
