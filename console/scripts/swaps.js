// A list that its links and filters replace without a new page (CONSOLE.md §3.13): what is under way, where the focus
// goes, what is said. htmx fetches and swaps; without it the same links and forms open the same pages.
(() => {
  "use strict";

  let busy = null;

  const region = ({ detail }) => {
    const target = detail.ctx?.target;
    return target instanceof Element && target.matches("[data-swapped]") ? target : null;
  };
  const on = (name, act) => document.addEventListener(name, (event) => {
    const found = region(event);
    if (found) act(found, event.detail.ctx, event);
  });

  function say(line, warning) {
    const status = document.querySelector("[role=status]");
    const count = document.createElement("span");
    count.className = "visually-hidden";
    count.textContent = line.textContent;
    const warned = document.createElement("p");
    warned.className = "kt-say is-warn";
    warned.textContent = warning || "";
    status.replaceChildren(...(warning ? [warned] : []), count);
  }

  on("htmx:before:request", (found, ctx) => {
    busy = ctx;
    ctx.warning = ctx.sourceElement.dataset.cut;
    found.setAttribute("aria-busy", "true");
    document.dispatchEvent(new CustomEvent("kt:trying"));
  });
  // Whatever is no list (the door, a refusal, a failure of the server) has a page of its own that says so.
  on("htmx:before:response", (_found, ctx, event) => {
    const { raw } = ctx.response;
    if (ctx.hx.redirect || (raw.status === 200 && !raw.redirected)) return;
    event.preventDefault();
    location.assign(ctx.request.action);
  });
  on("htmx:after:swap", (found, ctx) => {
    const line = found.querySelector("[data-testid=result-line]");
    if (!line) return;
    line.focus();
    say(line, ctx.warning);
  });
  on("htmx:error", (found, ctx) => {
    const { action, headers } = ctx.request;
    const restored = headers["HX-History-Restore-Request"];
    const again = () => window.htmx.ajax("GET", action, {
      target: found,
      select: `#${found.id} > *`,
      swap: "innerHTML show:none",
      headers: restored ? { "HX-History-Restore-Request": "true" } : {},
    });
    document.dispatchEvent(new CustomEvent("kt:failed", { detail: { again, before: found } }));
  });
  // A request that a later one has replaced ends without a word.
  on("htmx:finally:request", (found, ctx) => { if (ctx === busy) found.removeAttribute("aria-busy"); });
})();
