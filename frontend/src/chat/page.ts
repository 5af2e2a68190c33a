/** What is on the page: head, log and composer, and the signs on it that come and go. */

import { call, post } from "./api";
import type { Kit, MakeMore, More } from "./more/kit";
import type { MoreWords } from "./more/words/types";
import { Standing } from "./standing";
import { Timeline } from "./timeline";
import type { Attachment, ChatEvent, Choice } from "./types";
import type { Composer } from "./view/composer";
import type { Ui } from "./view/context";
import type { Shell } from "./view/frame";
import { button, h, icon, s } from "./view/h";
import { Log } from "./view/log";
import { load, named, speak } from "./words";
import type { Words } from "./words/types";
import type { Shelf } from "./keep";
import { keep } from "./keep";

/** What the chat tells whoever embeds it. */
export interface Host {
  close(): void;
  unread(count: number): void;
  /** An answer is awaited: worth looking again on the next page. */
  keep(yes: boolean): void;
  event(name: string, detail: string): void;
}

export interface Options {
  words: Words;
  locale: string;
  title: string;
  logo: string;
  page: string;
  embedded: boolean;
  owner: Host;
  shelf: Shelf;
}

/** How long a passing notice stands. */
const NOTICE_MS = 6000;

export abstract class Page implements Ui {
  words: Words;
  locale: string;
  title: string;
  readonly unfolded = new Set<string>();
  more: More | undefined;
  protected readonly standing = new Standing();
  protected readonly story = new Timeline();
  protected readonly log: Log;
  protected abstract readonly composer: Composer;
  protected abstract readonly shell: Shell;
  /** The customer looks at the chat. */
  protected shown: boolean | undefined;
  /** The customer just spoke: what comes is to be in view. */
  protected follow: boolean | undefined;
  protected unread = 0;
  private wasDown = false;
  private passing = "";
  private typist: string | undefined;
  private typingTimer: ReturnType<typeof setTimeout> | undefined;
  private drawing: boolean | undefined;
  private loading: Promise<More | undefined> | undefined;

  constructor(protected readonly given: Options) {
    this.words = given.words;
    this.locale = given.locale;
    this.title = given.title || given.words.assistant;
    this.log = new Log(this);
  }

  abstract choose(choice: Choice): void;
  abstract helped(seq: number, yes: boolean): void;
  abstract answer(seq: number): string | undefined;
  abstract survey(seq: number, effort: boolean, score: number, comment: string): void;
  abstract fetch(file: Attachment): void;
  abstract edit(key: string, text: string): void;

  async setLocale(locale: string): Promise<void> {
    if (locale === this.locale) return;
    this.words = await speak(locale);
    this.more = this.loading = undefined;
    this.locale = locale;
    document.documentElement.lang = locale;
    if (!this.given.title) this.title = this.words.assistant;
    this.rename();
    this.redraw();
  }

  need(): Promise<More | undefined> {
    const kit: Kit = { h, s, button, icon, call, post, keep };
    return (this.loading ??= Promise.all([load<MakeMore>("more"), load<MoreWords>(named("more", this.locale))]).then(
      ([make, words]) => {
        this.more = make(kit, words);
        this.redraw();
        return this.more;
      },
      () => (this.loading = undefined),
    ));
  }

  protected announce(event: ChatEvent): void {
    const parts = [event.author === "agent" && event.name ? `${event.name}: ` : "", event.text ?? ""];
    if (event.picture) parts.push(" ", event.picture.alt);
    this.shell.say(parts.join(""));
  }

  protected setUnread(count: number): void {
    if (count !== this.unread) this.given.owner.unread(count);
    this.unread = count;
  }

  trouble(text: string, passing?: boolean): void {
    this.shell.trouble(text);
    if (!passing) return;
    this.passing = text;
    setTimeout(() => {
      this.passing = "";
      this.linked();
    }, NOTICE_MS);
  }

  /** Whether the server can be reached now (as before where not said), and why not where that is known. */
  protected linked(down = this.wasDown, detail = ""): void {
    this.shell.trouble(detail || (down ? this.words.offline : this.passing));
    if (this.wasDown && !down) this.shell.say(this.words.back);
    this.wasDown = down;
    document.documentElement.toggleAttribute("data-offline", down);
  }

  protected typing(text: string, ms: number): void {
    clearTimeout(this.typingTimer);
    this.typist = text;
    this.shell.writing(text);
    if (text) {
      this.redraw();
      this.typingTimer = setTimeout(() => this.typing("", 0), ms);
    }
  }

  protected rename(): void {
    const { words } = this;
    this.shell.words(words, this.title);
    this.composer.words(words);
    this.composer.files(this.standing.stage !== "bot");
    this.shell.state(this.standing.says(words, this.locale));
  }

  /** Many events in one tick are one redraw. */
  protected redraw(): void {
    if (this.drawing) return;
    this.drawing = true;
    queueMicrotask(() => {
      this.drawing = false;
      this.log.redraw(this.story, this.follow);
      this.follow = false;
      if (this.typist) this.shell.writing(this.typist);
    });
  }
}
