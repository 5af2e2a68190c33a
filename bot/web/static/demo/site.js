// Small comforts of the demo site; every page works without them.
"use strict";
(() => {
  const menu = document.querySelector(".lang");
  document.addEventListener("click", (event) => {
    if (menu && menu.open && !menu.contains(event.target)) menu.open = false;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && menu && menu.open) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });
  // A link to /aide/<slug>#chat opens that article in the chat, in place.
  const start = () => {
    // Who is signed in here, signed by this site's server; and where they are, for the agent.
    const signed = document.querySelector("[data-relais-identity]");
    if (signed) window.Relais.identify(signed.dataset.relaisIdentity);
    window.Relais.setContext({ title: document.title.slice(0, 200) });
    const link = document.querySelector("aside [data-relais-article]");
    if (location.hash !== "#chat" || !link) return;
    // Once: whoever loads the page again does not say it again.
    history.replaceState(history.state, "", location.pathname + location.search);
    window.Relais.open({ article: link.dataset.relaisArticle, text: link.dataset.relaisText });
  };
  if (window.Relais) start();
  else addEventListener("relais:ready", start, { once: true });
})();
