// Extras only: every page works without this file.
(() => {
  "use strict";
  const announcer = document.querySelector("[data-announce]");
  const announce = (text) => {
    if (!announcer) return;
    announcer.textContent = "";
    setTimeout(() => { announcer.textContent = text; }, 50);
  };

  // Copy buttons. Where the clipboard is blocked, the text is selected instead.
  const offerCopy = (root) => root.querySelectorAll("[data-copy]").forEach((button) => {
    const word = button.querySelector("[data-word]") || button;
    const before = word.textContent;
    button.hidden = false;
    button.addEventListener("click", async () => {
      const source = document.getElementById(button.dataset.copy);
      try {
        await navigator.clipboard.writeText(source.value || source.textContent.trim());
        word.textContent = "Copied";
        announce("Copied");
      } catch {
        if (source.select) { source.focus(); source.select(); } else { getSelection().selectAllChildren(source); }
        word.textContent = "Press Ctrl C";
        announce("Selected. Press Control C to copy.");
      }
      setTimeout(() => { word.textContent = before; }, 2500);
    });
  });

  // Switches: the form still has to be saved.
  const enableSwitches = (root) => root.querySelectorAll("button[role=switch][data-field]").forEach((button) => {
    button.addEventListener("click", (event) => {
      event.preventDefault();
      const on = button.getAttribute("aria-checked") !== "true";
      button.setAttribute("aria-checked", String(on));
      const field = document.getElementById(button.dataset.field);
      if (field) field.value = on ? "on" : "off";
      const unsaved = document.getElementById(button.dataset.unsaved);
      if (unsaved) unsaved.textContent = on ? unsaved.dataset.on : unsaved.dataset.off;
    });
  });

  const enable = (root) => { offerCopy(root); enableSwitches(root); };
  enable(document);

  // Live regions fetch themselves anew, as long as somebody looks and nobody works or reads on in them. A link or button with
  // an id is given the focus back. The server leaves an answer empty (204) when nothing has changed since the mark that it gave.
  const isBusy = (region) => {
    const focus = region.contains(document.activeElement) ? document.activeElement : null;
    return (focus && !focus.matches("a[id], button[id]")) || region.querySelector("details[open]");
  };
  let signedOut = false;
  document.querySelectorAll("[data-live]").forEach((region) => {
    const every = Number(region.dataset.every || 3) * 1000;
    const step = async () => {
      if (!document.hidden && !isBusy(region) && region.dataset.paused !== "true") {
        try {
          const address = new URL(region.dataset.live, location.href);
          if (region.dataset.mark) address.searchParams.set("mark", region.dataset.mark);
          const answer = await fetch(address, { headers: { "X-Live": "1" }, redirect: "error" });
          if (answer.status === 200) {
            const words = region.querySelector("h2,h3")?.textContent;
            // From our own server, escaped by its templates.
            const html = await answer.text();
            const focus = region.contains(document.activeElement) ? document.activeElement.id : "";
            region.innerHTML = html;
            if (focus) document.getElementById(focus)?.focus({ preventScroll: true });
            region.dataset.mark = answer.headers.get("X-Mark") || "";
            enable(region);
            const now = region.querySelector("h2,h3")?.textContent;
            if (now && now !== words) announce(now);
          }
          if (answer.status === 401) {
            if (signedOut) return;
            signedOut = true;
            region.insertAdjacentHTML("afterbegin", await answer.text());
            announce(region.firstElementChild.textContent);
            return;
          }
        } catch {
          // Offline: what is shown stays, and the next step tries again.
        }
      }
      setTimeout(step, every);
    };
    setTimeout(step, every);
  });
  document.querySelectorAll("[data-pause]").forEach((button) => {
    const region = document.getElementById(button.dataset.pause);
    button.hidden = false;
    button.addEventListener("click", () => {
      const paused = region.dataset.paused !== "true";
      region.dataset.paused = String(paused);
      button.setAttribute("aria-pressed", String(paused));
    });
  });

  // The current tab is in view on narrow screens.
  document.querySelectorAll(".tabs [aria-current]").forEach((tab) => {
    const bar = tab.parentElement;
    bar.scrollLeft = tab.offsetLeft - bar.offsetLeft - 16;
  });

  // The menu closes on Escape and gives focus back.
  document.querySelectorAll("details.menu").forEach((menu) => {
    menu.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && menu.open) { menu.open = false; menu.querySelector("summary").focus(); }
    });
  });

  // There is something to preview once a rule has another role than the one that is saved.
  document.querySelectorAll("[data-when-changed]").forEach((button) => {
    const choices = [...button.form.querySelectorAll("select[name=role], select[name=fallback]")];
    const look = () => { button.disabled = !choices.some((one) => !one.selectedOptions[0]?.defaultSelected); };
    button.form.addEventListener("change", look);
    look();
  });

  // What was entered wrongly is where the reader is taken first.
  document.querySelector(".summary[tabindex]")?.focus();

  // A token that has not been confirmed as saved is not left by accident.
  const saved = document.querySelector("[data-saved-check]");
  if (saved) {
    let leaving = false;
    saved.form.addEventListener("submit", () => { leaving = true; });
    addEventListener("beforeunload", (event) => { if (!saved.checked && !leaving) event.preventDefault(); });
  }
})();
