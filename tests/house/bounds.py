"""Measures a source tree against the bounds of the house; docs/architecture.md says why they are there."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

MODULE_LINES = 400
FUNCTION_LINES = 50
COMPLEXITY = 10
NESTING = 3
PARAMETERS = 7
BROAD_EXCEPTS = {"jobs", "daemon", "cli", "workers.py"}
CLOCK_ROOMS = {"cli", "daemon"}
CLOCK = {
    ("datetime", "now"),
    ("datetime", "utcnow"),
    ("datetime", "today"),
    ("date", "today"),
    ("time", "time"),
}

FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)
BLOCK = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.With, ast.AsyncWith, ast.Try, ast.Match, ast.TryStar)
BRANCH = (
    ast.If,
    ast.IfExp,
    ast.For,
    ast.AsyncFor,
    ast.While,
    ast.ExceptHandler,
    ast.Assert,
    ast.comprehension,
)


def violations(root: Path) -> list[str]:
    """Give every place of the package below `root` that goes over a bound."""
    found: list[str] = []
    for path in sorted(root.rglob("*.py")):
        source = path.read_text("utf-8")
        found += module_violations(source, path.relative_to(root).as_posix())
    return found


def module_violations(source: str, name: str) -> list[str]:
    """Give what is over a bound in one module; `name` is its path in the package."""
    lines = source.count("\n")
    found = [f"{name}: {lines} lines, more than {MODULE_LINES}"] if lines > MODULE_LINES else []
    tree = ast.parse(source)
    for node in ast.walk(tree):
        found += (
            [f"{name}:{node.lineno}: {each}" for each in _of_node(node, name.split("/", maxsplit=1)[0])]
            if hasattr(node, "lineno")
            else []
        )
    return found


def _of_node(node: ast.AST, room: str) -> Iterator[str]:
    if isinstance(node, FUNCTION):
        yield from _of_function(node)
    if isinstance(node, ast.Global):
        yield "global"
    if isinstance(node, ast.ExceptHandler) and _is_broad(node) and room not in BROAD_EXCEPTS:
        yield "broad except outside the job boundary"
    if isinstance(node, ast.Call) and _called(node) in CLOCK and room not in CLOCK_ROOMS:
        yield "the wall clock is read outside cli and daemon"
    if (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "print"
        and room != "cli"
    ):
        yield "print outside cli"


def _of_function(node: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[str]:
    length = (node.end_lineno or node.lineno) - node.lineno + 1
    if length > FUNCTION_LINES:
        yield f"{node.name}: {length} lines, more than {FUNCTION_LINES}"
    if (deep := _nesting(node)) > NESTING:
        yield f"{node.name}: nests {deep} deep, more than {NESTING}"
    if (branches := _complexity(node)) > COMPLEXITY:
        yield f"{node.name}: complexity {branches}, more than {COMPLEXITY}"
    given = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
    parameters = [each for each in given if each.arg not in ("self", "cls")]
    if len(parameters) > PARAMETERS:
        yield f"{node.name}: {len(parameters)} parameters, more than {PARAMETERS}"


def _nesting(node: ast.AST, depth: int = 0) -> int:
    deepest = depth
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (*FUNCTION, ast.ClassDef, ast.Lambda)):
            continue
        # An elif is written as an If alone in the else of another: it does not deepen.
        elif_ = isinstance(node, ast.If) and isinstance(child, ast.If) and node.orelse == [child]
        inner = depth + (1 if isinstance(child, BLOCK) and not elif_ else 0)
        deepest = max(deepest, _nesting(child, inner))
    return deepest


def _complexity(node: ast.AST) -> int:
    total = 1
    queue = list(ast.iter_child_nodes(node))
    while queue:
        child = queue.pop()
        if isinstance(child, FUNCTION):
            continue
        if isinstance(child, BRANCH):
            total += 1
        if isinstance(child, ast.comprehension):
            total += len(child.ifs)
        if isinstance(child, ast.BoolOp):
            total += len(child.values) - 1
        if isinstance(child, ast.match_case) and not (
            isinstance(child.pattern, ast.MatchAs) and child.pattern.pattern is None
        ):
            total += 1
        queue.extend(ast.iter_child_nodes(child))
    return total


def _is_broad(node: ast.ExceptHandler) -> bool:
    return node.type is None or (
        isinstance(node.type, ast.Name) and node.type.id in ("Exception", "BaseException")
    )


def _called(node: ast.Call) -> tuple[str, str] | None:
    function = node.func
    if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name):
        return function.value.id, function.attr
    if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Attribute):
        return function.value.attr, function.attr
    return None
