"""What is looked at on each scene: axe's rules, how it reflows, what is left of it in forced colours, its words."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Page

AXE = Path(__file__).parents[2] / "console" / "node_modules" / "axe-core" / "axe.min.js"
Theme = Literal["light", "dark"]
WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
SERIOUS = {"serious", "critical"}
# WCAG 2.2 §1.4.12: nothing is lost when a reader sets these.
SPACED = """
* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important; }
p { margin-block-end: 2em !important; }
"""


@dataclass(frozen=True)
class Finding:
    """A rule that a page breaks."""

    rule: str
    impact: str
    where: str

    def __str__(self) -> str:
        """`serious color-contrast: .kt-foot a`."""
        return f"{self.impact} {self.rule}: {self.where}"


@lru_cache(maxsize=1)
def _source() -> str:
    return AXE.read_text(encoding="utf-8")


def axe(page: Page, *rules: str) -> list[Finding]:
    """What axe finds, by all rules or some."""
    if not page.evaluate("typeof axe === 'object'"):
        # By the debugging protocol: a page's own policy lets no script of another origin in.
        page.context.new_cdp_session(page).send("Runtime.evaluate", {"expression": _source()})
    options: dict[str, Any] = {"resultTypes": ["violations"], "preload": False}
    if rules:
        options["runOnly"] = {"type": "rule", "values": list(rules)}
    found = page.evaluate("async options => (await axe.run(document, options)).violations", options)
    return [
        Finding(one["id"], one["impact"], f"{node['target'][0]} {_why(node)}") for one in found for node in one["nodes"]
    ]


def _why(node: dict[str, Any]) -> str:
    return "; ".join(check["message"] for kind in ("any", "all", "none") for check in node[kind])[:160]


def overflow(page: Page) -> list[str]:
    """What stands out of the page sideways (WCAG 2.2 §1.4.10); nothing when the page does not scroll so."""
    script = """() => {
        const width = document.documentElement.clientWidth;
        if (document.documentElement.scrollWidth <= width) return [];
        const clipped = node => { for (let up = node.parentElement; up; up = up.parentElement)
            if (getComputedStyle(up).overflowX !== "visible") return true; return false; };
        return [...document.querySelectorAll("body *")].filter(node => {
            const box = node.getBoundingClientRect();
            return box.width && (box.right > width + 1 || box.left < -1) && !clipped(node);
        }).slice(-4).map(node => node.outerHTML.slice(0, 90)).concat([`${document.documentElement.scrollWidth} px`]);
    }"""
    found: list[str] = page.evaluate(script)
    return found


def cut(page: Page) -> list[str]:
    """Text that its own box cuts off, but where an ellipsis says so."""
    script = """() => [...document.querySelectorAll("h1, h2, h3, button, .btn, .badge, label, dt, dd, p, a")]
    .filter(node => {
        const style = getComputedStyle(node);
        if (style.textOverflow === "ellipsis" || node.closest(".visually-hidden, .kt-skip, [hidden]")) return false;
        return node.clientWidth && style.overflow === "hidden"
            && (node.scrollWidth > node.clientWidth + 1 || node.scrollHeight > node.clientHeight + 1);
    }).map(node => node.outerHTML.slice(0, 90))"""
    found: list[str] = page.evaluate(script)
    return found


def small_targets(page: Page) -> list[str]:
    """Controls of less than 24 by 24 px that stand in no sentence and too near to others (WCAG 2.2 §2.5.8)."""
    return [str(one) for one in axe(page, "target-size")]


def invisible(page: Page) -> list[str]:
    """Buttons, fields, badges, bars that have neither edge nor words in forced colours."""
    script = """() => [...document.querySelectorAll(
            "button, .btn, input, select, textarea, .badge, meter, progress, .kt-chart rect, svg.kt-i")]
        .filter(node => node.checkVisibility({visibilityProperty: true}) && !node.closest(".visually-hidden"))
        .filter(node => {
            const style = getComputedStyle(node), ground = getComputedStyle(document.body).backgroundColor;
            if (node.matches("rect")) return style.fill === ground;
            if (node.matches("svg")) return style.color === ground;
            if (node.matches("input, select, textarea, .badge, .btn")) {
                // In forced colours a box shows by its edge alone.
                const edges = ["Top", "Bottom"].some(side =>
                    parseFloat(style[`border${side}Width`]) > 0 && style[`border${side}Color`] !== ground);
                const held = node.parentElement.matches(".kt-pick, .kt-date");
                return !edges && !held && style.appearance === "none";
            }
            return style.color === ground && style.backgroundColor === ground;
        }).map(node => node.outerHTML.slice(0, 90))"""
    found: list[str] = page.evaluate(script)
    return found


def untranslated(page: Page, spoken: tuple[str, ...]) -> list[str]:
    """Text of the page that went through no translation: the pseudo-language puts brackets around each message."""
    script = """() => {
        const found = [], walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
        let depth = 0;
        for (let node = walker.nextNode(); node; node = walker.nextNode()) {
            const inside = depth;
            for (const letter of node.data) depth += letter === "[" ? 1 : letter === "]" ? -1 : 0;
            const near = node.parentElement;
            if (near.closest("script, style, svg, pre, code, time, textarea, [translate=no], .kt-mono, .kt-avatar"))
                continue;
            // What actions say is marked as English; scopes and groups speak as they were made.
            if (near.closest("body [lang], [data-matrix], .kt-tips, .kt-scopes, .kt-rows th small, option"))
                continue;
            if (inside === 0 && !node.data.includes("[") && /[A-Za-z]{3}/.test(node.data)) found.push(node.data.trim());
        }
        for (const name of ["aria-label", "placeholder", "title", "alt"])
            for (const node of document.querySelectorAll(`body [${name}]`))
                if (/[A-Za-z]{3}/.test(node.getAttribute(name)) && !node.getAttribute(name).includes("[")
                    && !node.matches("time, [data-matrix] *, [translate=no]"))
                    found.push(`${name}: ${node.getAttribute(name)}`);
        return found;
    }"""
    said: list[str] = page.evaluate(script)
    return [text for text in dict.fromkeys(said) if not any(name in text for name in spoken)]


def told(findings: list[Any]) -> str:
    """Findings, one a line, for a failing test."""
    return json.dumps([str(one) for one in findings], indent=1)
