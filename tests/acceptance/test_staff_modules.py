"""The staff pages' own small tools, tried in the browser that runs them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.acceptance.staff_support import browser, desk  # noqa: F401
from tests.web_support import Web

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def page(browser: Browser, desk: Web) -> Iterator[Page]:  # noqa: F811
    """A page of ours, so that modules load from the same origin and under the same policy."""
    made = browser.new_page(locale="fr-FR")
    made.goto(f"{desk.url}/login")
    yield made
    made.close()


def test_diff_rebuilds_both_texts(page: Page) -> None:
    """For random texts: removed and same lines give the old one, added and same lines the new one."""
    broken = page.evaluate("""async () => {
      const { diffLines } = await import('/static/staff/lib/diff.js');
      let seed = 7;
      const random = (n) => { seed = (seed * 1103515245 + 12345) % 2147483648; return seed % n; };
      const line = () => Array.from({ length: random(4) }, () => 'abcde'[random(5)]).join(' ');
      const text = () => Array.from({ length: random(9) }, line).join('\\n');
      for (let run = 0; run < 1500; run += 1) {
        const [before, after] = [text(), run % 5 ? text() : 'x\\n' + text()];
        const lines = diffLines(before, after);
        const join = (not) => lines.filter((l) => l.kind !== not).map((l) => l.parts.map((p) => p.text).join('')).join('\\n');
        if (join('added') !== before || join('removed') !== after) return [before, after, lines];
      }
      return null;
    }""")
    assert broken is None, broken


def test_markdown_makes_only_known_elements_and_safe_links(page: Page) -> None:
    """Attacks in every place of the syntax stay text."""
    found = page.evaluate("""async () => {
      const { markdown } = await import('/static/staff/lib/markdown.js');
      const attacks = ['<script>x</script>', '<img src=x onerror=x>', '"><svg/onload=x>', 'javascript:x', 'data:text/html,x',
        'vbscript:x', 'JaVaScRiPt:x', ' javascript:x', 'java\\tscript:x', '&#106;avascript:x', '//evil.example', 'https://ok.example" onclick="x'];
      const forms = [(a) => a, (a) => `# ${a}`, (a) => `- ${a}\\n  1. ${a}`, (a) => `[${a}](${a})`, (a) => `[a](${a})`, (a) => `**${a}** \\`${a}\\``,
        (a) => `> ${a}`, (a) => `| ${a} | b |\\n|---|---|\\n| ${a} | ${a} |`, (a) => `![a](${a})`, (a) => `[a](faq:${a})`];
      const allowed = /^(P|H[2-6]|UL|OL|LI|TABLE|THEAD|TBODY|TR|TH|TD|DIV|STRONG|EM|CODE|A|BLOCKQUOTE|BR|SPAN)$/;
      const bad = [];
      for (const attack of attacks) for (const form of forms) {
        const box = document.createElement('div');
        box.append(markdown(form(attack)));
        for (const node of box.querySelectorAll('*')) {
          const handlers = [...node.attributes].filter((a) => a.name.startsWith('on'));
          const link = node.getAttribute('href');
          if (!allowed.test(node.tagName) || handlers.length || (link && !/^(https?:\\/\\/|mailto:|tel:|\\/aide\\/)/.test(link))) bad.push([form(attack), node.outerHTML]);
        }
      }
      return bad;
    }""")
    assert found == []


def test_markdown_of_articles(page: Page) -> None:
    html = page.evaluate("""async () => {
      const { markdown } = await import('/static/staff/lib/markdown.js');
      const box = document.createElement('div');
      box.append(markdown('## Titre\\nUn **gras** et\\nla suite.\\n\\n1. un\\n   - dedans\\n2. deux\\n\\n| a | b |\\n|---|---|\\n| 1 | 2 |\\n\\n[lien](faq:autre)'));
      return box.innerHTML;
    }""")
    assert html.startswith("<h2>Titre</h2><p>Un <strong>gras</strong> et la suite.</p>")
    assert "<ol><li>un<ul><li>dedans</li></ul></li><li>deux</li></ol>" in html
    assert "<th scope=\"col\">a</th>" in html
    assert "<td>2</td>" in html
    assert '<a href="/aide/autre" class="faq-link">lien</a>' in html


def test_slugs_and_scales(page: Page) -> None:
    slugs, tops = page.evaluate("""async () => {
      const { slugOf } = await import('/static/staff/console/checks.js');
      const { niceTop } = await import('/static/staff/dashboard/charts.js');
      return [['Délai de paiement ?', "L'œuf & le ß", '---', 'A'.repeat(90)].map(slugOf), [0, 1, 3, 7, 11, 260].map(niceTop)];
    }""")
    assert slugs == ["delai-de-paiement", "l-oeuf-le-ss", "", "a" * 60]
    assert tops == [1, 1, 5, 10, 20, 500]


def test_days_of_a_period_have_no_holes(page: Page) -> None:
    days = page.evaluate("""async () => {
      const { daysOf } = await import('/static/staff/dashboard/period.js');
      return [daysOf({ from: '2026-03-27', to: '2026-03-31' }), daysOf({ from: '2026-10-24', to: '2026-10-26' }), daysOf({ from: '2024-01-01', to: '2026-10-26' })];
    }""")
    assert days[0] == ["2026-03-27", "2026-03-28", "2026-03-29", "2026-03-30", "2026-03-31"]
    assert len(days[1]) == 3
    # A long period is drawn by its last days, so that the newest are never missing.
    assert (len(days[2]), days[2][-1]) == (400, "2026-10-26")
