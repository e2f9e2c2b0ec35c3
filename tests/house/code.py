"""The rules that Python files of this house keep: each takes a file's path and text and yields complaints."""

import ast
import io
import re
import tokenize
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import PurePosixPath

LONGEST_FILE = 250
LONGEST_BODY = 40
CLOCK = PurePosixPath("app/clock.py")
READS_THE_CLOCK = {
    *("datetime.now", "datetime.utcnow", "datetime.today", "datetime.utcfromtimestamp", "date.today"),
    *("time.time", "time.time_ns", "time.gmtime", "time.localtime"),
}
NAMELESS = {"utils", "util", "helpers", "helper", "common", "misc", "managers", "manager", "services", "service"}
EMPTY_VERBS = ("get_", "do_", "handle_", "process_")
SECRET_DIGEST = re.compile(r"(^|_)(hex)?(digest|h?mac|hash)(es|s)?(_|$)")
UNNUMBERED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b(?!\(#\d+\))")
Rule = Callable[[PurePosixPath, str], Iterator[str]]
Function = ast.FunctionDef | ast.AsyncFunctionDef


def long_file(path: PurePosixPath, text: str) -> Iterator[str]:
    lines = len(text.splitlines())
    if lines > LONGEST_FILE:
        yield f"{path}: {lines} lines hold two ideas; give the second one a name"


def long_function(path: PurePosixPath, text: str) -> Iterator[str]:
    for function in functions(text):
        first = function.body[1:2] if ast.get_docstring(function) is not None else function.body[:1]
        lines = (function.end_lineno or 0) - first[0].lineno + 1 if first else 0
        if lines > LONGEST_BODY:
            yield f"{path}:{function.lineno}: the body of {function.name} has {lines} lines"


def own_clock(path: PurePosixPath, text: str) -> Iterator[str]:
    if path == CLOCK:
        return
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Attribute) and ".".join(dotted(node).split(".")[-2:]) in READS_THE_CLOCK:
            yield f"{path}:{node.lineno}: reads the clock; take `now` instead"
        elif isinstance(node, ast.ImportFrom) and node.module == "time" and any(a.name == "time" for a in node.names):
            yield f"{path}:{node.lineno}: imports the clock; take `now` instead"


def any_algorithm(path: PurePosixPath, text: str) -> Iterator[str]:
    for call in calls(text):
        decodes = re.search(r"(?i)\b(py)?jwt(\(\))?\.decode(_complete)?$", dotted(call.func))
        if decodes and "algorithms" not in {keyword.arg for keyword in call.keywords}:
            yield f"{path}:{call.lineno}: jwt.decode without algorithms= lets the token choose"


def leaky_comparison(path: PurePosixPath, text: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.Compare) or not any(isinstance(op, ast.Eq | ast.NotEq) for op in node.ops):
            continue
        sides = [node.left, *node.comparators]
        # A column is compared by the database, and a literal is no secret.
        if any(isinstance(side, ast.Constant) or is_column(side) for side in sides):
            continue
        if any(SECRET_DIGEST.search(dotted(side).rpartition(".")[2].removesuffix("()")) for side in sides):
            yield f"{path}:{node.lineno}: compare digests with hmac.compare_digest"


def unnumbered_todo(path: PurePosixPath, text: str) -> Iterator[str]:
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT and UNNUMBERED.search(token.string):
            yield f"{path}:{token.start[0]}: write TODO(#123), with the number of an issue"


def nameless_module(path: PurePosixPath, text: str) -> Iterator[str]:
    del text
    for part in {path.stem.removeprefix("test_"), *path.parent.parts} & NAMELESS:
        yield f"{path}: {part!r} says nothing; what has no name has no place yet"


def empty_verb(path: PurePosixPath, text: str) -> Iterator[str]:
    # Methods may have to override a library's name; module-level functions are ours.
    for node in ast.parse(text).body:
        if isinstance(node, Function) and node.name.startswith(EMPTY_VERBS):
            yield f"{path}:{node.lineno}: {node.name} begins with a verb that says nothing"


def undocumented(path: PurePosixPath, text: str) -> Iterator[str]:
    for node in ast.parse(text).body:
        if isinstance(node, Function) and not node.name.startswith("_") and not ast.get_docstring(node):
            yield f"{path}:{node.lineno}: {node.name} is public and has no docstring"


def functions(text: str) -> Iterator[Function]:
    return (node for node in ast.walk(ast.parse(text)) if isinstance(node, Function))


def calls(text: str) -> Iterator[ast.Call]:
    return (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call))


def dotted(node: ast.expr) -> str:
    """Spell a name, an attribute or a call the way it is written, without arguments."""
    if isinstance(node, ast.Call):
        return f"{dotted(node.func)}()"
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def is_column(node: ast.expr) -> bool:
    """Recognise `Secret.digest` and `secrets.c.digest`, which build SQL."""
    parts = dotted(node).split(".")
    return len(parts) > 1 and (parts[0][:1].isupper() or "c" in parts[1:-1])


def complaints(rule: Rule, files: Iterator[tuple[PurePosixPath, str]]) -> list[str]:
    """Apply a rule to many files."""
    return list(chain.from_iterable(rule(path, text) for path, text in files))
