/** The chat's fixed parts: head, notices of the connection, log, way to a person, composer. */

import type { Words } from "../words/types";
import type { Composer } from "./composer";
import { button, h, icon, ICONS, s } from "./h";
import type { Log } from "./log";

export interface Actions {
  menu(): void;
  close(): void;
  person(): void;
  retry(): void;
}

export class Shell {
  private readonly name = h("h1");
  private readonly status = h("p.status", null);
  private readonly mark = h("span.brand", { "aria-hidden": "true" });
  private readonly menuButton: HTMLButtonElement;
  private readonly closeButton: HTMLButtonElement;
  private readonly personLabel = h("span");
  private readonly bannerText = h("span");
  private readonly bannerButton: HTMLButtonElement;
  private readonly banner: HTMLElement;
  private readonly typing: HTMLElement;
  private readonly typingText = h("span.hidden", null);
  private readonly voice = h("div.hidden", { "aria-live": "polite", role: "status" });
  private readonly spoken: string[] = [];
  private speaking: ReturnType<typeof setTimeout> | undefined;

  constructor(
    root: HTMLElement,
    log: Log,
    composer: Composer,
    on: Actions,
    embedded: boolean,
  ) {
    this.menuButton = button("round", on.menu, icon(ICONS.menu));
    this.closeButton = button("round", on.close, icon(ICONS.close), { hidden: !embedded });
    const person = button("person", on.person, [icon(ICONS.person), this.personLabel]);
    this.bannerButton = button("link", on.retry);
    this.banner = h("div.banner", { hidden: true }, this.bannerText, " ", this.bannerButton);
    this.typing = h("div.typing", { hidden: true }, h("i"), h("i"), h("i"), this.typingText);
    this.mark.append(s("svg", { viewBox: "0 0 40 40" }, s("path.disc", { d: "M8 25a12 12 0 0 1 24 0z" }), s("path", { d: "M20 8V4M9.5 12L6.7 9.2M30.5 12l2.8-2.8M5 30h30M11 35h18" })));
    root.replaceChildren(
      h("header.head", null, this.mark, h("div.titles", null, this.name, this.status), this.menuButton, this.closeButton),
      h("main", null, this.banner, log.pane, log.jumper, this.typing),
      h("footer", null, person, composer.pane),
      this.voice,
    );
  }

  words(words: Words, title: string): void {
    this.name.textContent = title;
    document.title = title;
    this.menuButton.setAttribute("aria-label", words.menu);
    this.closeButton.setAttribute("aria-label", words.close);
    this.personLabel.textContent = words.person;
    this.bannerButton.textContent = words.retry;
  }

  logo(url: string): void {
    this.mark.replaceChildren(h("img", { src: url, alt: "", referrerpolicy: "no-referrer" }));
  }

  state(text: string): void {
    this.status.textContent = text;
  }

  /** Tell what is wrong in place, or nothing where nothing is. */
  trouble(text: string): void {
    this.banner.hidden = !text;
    if (this.bannerText.textContent === text) return;
    this.bannerText.textContent = text;
    if (text) this.say(text);
  }

  writing(text: string): void {
    this.typing.hidden = !text;
    this.typingText.textContent = text;
  }

  /** Said once to screen readers; what comes close together is said together. */
  say(text: string): void {
    this.spoken.push(text);
    clearTimeout(this.speaking);
    this.speaking = setTimeout(() => {
      this.voice.textContent = this.spoken.splice(0).join("\n");
    }, 250);
  }
}
