import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { h } from "../src/chat/view/h";
import { linkify, safeHref } from "../src/chat/view/links";
import { markdown } from "../src/chat/view/markdown";

const box = (nodes: (Node | string)[]): HTMLElement => h("div", null, ...nodes);
const render = (source: string): HTMLElement => box(markdown(source, () => undefined));
const text = (node: HTMLElement): string => (node.textContent ?? "").replace(/\u00a0/g, " ");

const ALLOWED = new Set("DIV P H2 H3 UL OL LI STRONG EM CODE A BUTTON BLOCKQUOTE".split(" "));

/** Nothing in the tree but the tags, attributes and schemes we make ourselves. */
function harmless(root: HTMLElement): void {
  for (const node of root.querySelectorAll("*")) {
    expect(ALLOWED.has(node.tagName)).toBe(true);
    for (const { name, value } of node.attributes) {
      expect(["href", "rel", "target", "class", "type", "start"]).toContain(name);
      if (name === "href") expect(value).toMatch(/^(https?:\/\/|mailto:|tel:)/i);
    }
  }
}

// Vectors after the OWASP XSS filter evasion sheet and the html5sec list, turned through every frame below.
const VECTORS = [
  "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<svg/onload=alert(1)>", "<svg><script>alert(1)",
  "<iframe srcdoc='<script>alert(1)</script>'>", "<a href='javascript:alert(1)'>x</a>", "<math><mi xlink:href=javascript:alert(1)>",
  "<body onload=alert(1)>", "<style>@import'//evil'</style>", "<meta http-equiv=refresh content=0;url=//evil>",
  "javascript:alert(1)", "JaVaScRiPt:alert(1)", "java\nscript:alert(1)", "java\tscript:alert(1)", "\u0001javascript:alert(1)",
  "data:text/html,<script>alert(1)</script>", "data:text/html;base64,PHNjcmlwdD4=", "vbscript:msgbox(1)", "file:///etc/passwd",
  "blob:https://x/1", "//evil.example", "\\\\evil.example", "https:javascript:alert(1)", "&#106;avascript:alert(1)",
  "javascript&colon;alert(1)", "jav&#x09;ascript:alert(1)", "%6aavascript:alert(1)", "feed:javascript:alert(1)",
  "\"><img src=x onerror=alert(1)>", "'-alert(1)-'", "</textarea><script>alert(1)</script>", "<!--<img src=--><img src=x onerror=alert(1)//>",
  "<template><img src=x onerror=alert(1)></template>", "{{constructor.constructor('alert(1)')()}}", "${alert(1)}", "\u202ejavascript:alert(1)",
  "<details open ontoggle=alert(1)>", "<object data=javascript:alert(1)>", "<form action=javascript:alert(1)><button>", "<base href=//evil>",
];
const FRAMES: ((v: string) => string)[] = [
  (v) => v, (v) => `[x](${v})`, (v) => `[${v}](https://a.example)`, (v) => `**${v}**`, (v) => `# ${v}`, (v) => `- ${v}`,
  (v) => `1. ${v}\n   - ${v}`, (v) => `> ${v}`, (v) => `[x](faq:${v})`, (v) => `\`${v}\``,
];

describe("text is only ever text", () => {
  it(`renders ${VECTORS.length * FRAMES.length} hostile articles harmlessly`, () => {
    for (const vector of VECTORS) for (const frame of FRAMES) harmless(render(frame(vector)));
  });

  it("renders hostile messages harmlessly and loses none of their characters", () => {
    for (const vector of VECTORS) {
      const node = box(linkify(vector));
      harmless(node);
      expect(text(node)).toBe(vector);
    }
  });

  it("never throws and never makes another tag, for any text", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(..."*_`[]()#->1.\n <>&:/ afq@é".split("")), maxLength: 80 }), (source) => harmless(render(source))),
      { numRuns: 400 },
    );
  });

  it("takes time in proportion to the text, also for what invites backtracking", () => {
    const start = performance.now();
    for (const unit of ["*", "[", "[](", "`", "a@", "0 ", "https://(", "- ", "  ", "1. "]) {
      const source = unit.repeat(4000 / unit.length);
      render(source);
      linkify(source);
    }
    expect(performance.now() - start).toBeLessThan(4000);
  });
});

describe("links", () => {
  it.each([
    ["voir https://enedis.fr/pannes.", "https://enedis.fr/pannes"],
    ["écrire à bonjour@solenne-energie.example !", "mailto:bonjour@solenne-energie.example"],
    ["appelez le 02 61 91 10 20", "tel:0261911020"],
    ["gaz : 0 800 47 33 33, jour et nuit", "tel:0800473333"],
    ["+33 2 61 91 10 20", "tel:+33261911020"],
  ])("finds one in %s", (source, href) => {
    expect([...box(linkify(source)).querySelectorAll("a")].map((a) => a.getAttribute("href"))).toEqual([href]);
  });

  it.each(["PDL 12345678901234", "le 12 10 2026", "128,40 €", "contrat 0261911020999"])("finds none in %s", (source) => {
    expect(box(linkify(source)).querySelector("a")).toBeNull();
  });

  it("opens other sites apart and tells them nothing", () => {
    const link = box(linkify("https://a.example")).querySelector("a");
    expect(link?.target).toBe("_blank");
    expect(link?.rel).toContain("noreferrer");
  });

  it.each(VECTORS)("does not follow %s", (vector) => expect(safeHref(vector)).toBeUndefined());
});

describe("markdown", () => {
  it("draws headings, lists, bold and nested lists", () => {
    const node = render("## Titre\n\n1. un **gras**\n2. deux\n   - dedans\n\n### Suite\ntexte\nqui suit");
    expect(node.querySelector("h2")?.textContent).toBe("Titre");
    expect(node.querySelectorAll("ol > li")).toHaveLength(2);
    expect(node.querySelector("ol li ul li")?.textContent).toBe("dedans");
    expect(node.querySelector("strong")?.textContent).toBe("gras");
    expect(node.querySelector("h3")?.textContent).toBe("Suite");
    expect(node.querySelector("p")?.textContent).toBe("texte qui suit");
  });

  it("opens another article in the chat", () => {
    const open = vi.fn();
    const node = box(markdown("Voir [la facture](faq:comprendre-facture).", open));
    node.querySelector("button")?.click();
    expect(open).toHaveBeenCalledWith("comprendre-facture", "la facture");
  });
});
