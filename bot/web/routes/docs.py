"""``/docs``: the HTTP API on one page, rendered here: no script, nothing from elsewhere."""

from __future__ import annotations

import html
import json
import re
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse

router = APIRouter(include_in_schema=False)
_ORDER = ("get", "post", "put", "delete")


@router.get("/docs", response_class=HTMLResponse)
def docs(request: Request) -> HTMLResponse:
    """Every public call with its parameters, body and answers."""
    schema: dict[str, Any] = request.app.openapi()
    groups: dict[str, list[str]] = {}
    for path, methods in sorted(schema["paths"].items()):
        for method in (name for name in _ORDER if name in methods):
            call = methods[method]
            groups.setdefault((call.get("tags") or ["pages"])[0], []).append(
                _call(path, method, call, schema))
    parts = "".join(
        f'<section aria-labelledby="{tag}"><h2 id="{tag}">{html.escape(tag.capitalize())}</h2>{"".join(calls)}</section>'
        for tag, calls in groups.items())
    title = html.escape(f"{schema['info']['title']}: HTTP API")
    return HTMLResponse(
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{title}</title>'
        f'<link rel="stylesheet" href="/static/docs.css"></head><body><main><h1>{title}</h1>'
        f"<p>{html.escape(schema['info'].get('description', ''))} Bodies are JSON in UTF-8; errors are "
        '<code>application/problem+json</code> with a <code>detail</code> a person can read. '
        'Customers send <code>Authorization: Bearer TOKEN</code> of their conversation, staff the token of '
        '<code>POST /api/v1/staff/login</code>. Machine-readable: <a href="/openapi.json">openapi.json</a>.</p>'
        f"{parts}</main></body></html>\n")


def _call(path: str, method: str, call: dict[str, Any], schema: dict[str, Any]) -> str:
    text = re.sub(r"``(.+?)``", r"<code>\1</code>", html.escape(call.get("description") or call.get("summary") or ""))
    rows = "".join(
        f"<tr><td><code>{html.escape(item['name'])}</code></td><td>{html.escape(item['in'])}</td>"
        f"<td>{_kind(item.get('schema') or {})}</td></tr>"
        for item in call.get("parameters", []) if item["in"] != "cookie")
    table = f'<table><thead><tr><th scope="col">Name</th><th scope="col">In</th><th scope="col">Type</th></tr></thead><tbody>{rows}</tbody></table>' if rows else ""
    return (f'<article><h3><span class="method {method}">{method.upper()}</span> '
            f"<code>{html.escape(path)}</code></h3><p>{text}</p>{table}{_body(call, schema)}"
            f"<p>Answers: {', '.join(sorted(call['responses']))}</p></article>")


def _body(call: dict[str, Any], schema: dict[str, Any]) -> str:
    content = (call.get("requestBody") or {}).get("content") or {}
    found = (content.get("application/json") or {}).get("schema") or {}
    reference = found.get("$ref") or next(
        (item["$ref"] for item in found.get("anyOf", found.get("allOf", [])) if "$ref" in item), "")
    model = schema.get("components", {}).get("schemas", {}).get(reference.rsplit("/", 1)[-1])
    if not model:
        return ""
    needed = model.get("required", [])
    fields = {name: _kind(kind) + ("" if name in needed else ", optional")
              for name, kind in model.get("properties", {}).items()}
    return f"<pre>{html.escape(json.dumps(fields, ensure_ascii=False, indent=2))}</pre>"


def _kind(schema: dict[str, Any]) -> str:
    if "enum" in schema:
        return " | ".join(str(value) for value in schema["enum"])
    if "anyOf" in schema:
        return " | ".join(_kind(item) for item in schema["anyOf"] if item.get("type") != "null")
    limits = [f"{word} {schema[key]}" for key, word in
              (("minimum", "from"), ("maximum", "to"), ("maxLength", "up to")) if key in schema]
    return " ".join([str(schema.get("type", "any")), *limits])
