// Menus: the browser opens and closes them; what it leaves open is where the focus goes.
(() => {
  const items = (menu) => [...menu.querySelectorAll("a, button")].filter((item) => item.checkVisibility());

  // Browsers tell assistive technology by themselves; the attribute says the same to everything else.
  const said = (button, open) => button.setAttribute("aria-expanded", String(open));
  document.querySelectorAll("[popovertarget]").forEach((button) => said(button, false));

  document.addEventListener("toggle", ({ target, newState }) => {
    document.querySelectorAll(`[popovertarget="${target.id}"]`).forEach((button) => said(button, newState === "open"));
    if (newState === "open" && target.matches(".kt-menu-list")) items(target)[0]?.focus();
  }, true);

  document.addEventListener("keydown", (event) => {
    const menu = event.target.closest(".kt-menu-list");
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!menu || !step) return;
    event.preventDefault();
    const every = items(menu);
    every[(every.indexOf(event.target) + step + every.length) % every.length].focus();
  });
})();
