"""Writes the client's methods, one for each route: `python -m tomosift.client_routes` (`make openapi` runs it).

`client/routes/` and `client/async_routes/` hold what comes out, a module for each tag. Whoever adds a route runs it;
a test compares.
"""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

from fastapi.routing import APIRoute
from pydantic import BaseModel

from tomosift.app import API_PREFIX, ROUTERS, create_app

CLIENT = Path(__file__).parent / "client"
FOLDERS = {"routes": False, "async_routes": True}
HEADER = '"""{title} Written by `python -m tomosift.client_routes`: change the routes, not this file."""\n'
LONGEST_LINE = 100
NAMES = {"read_one_cycle": "read", "stop_cycle": "cancel"}
"""Methods that would not read well under the rule of `_method_name`."""


@dataclass
class Imports:
    """Names a module needs, by the module that has them."""

    names: dict[str, set[str]] = field(default_factory=dict)

    def add(self, module: str, name: str) -> str:
        """Note a name, and give it back."""
        self.names.setdefault(module, set()).add(name)
        return name

    def lines(self) -> Iterator[str]:
        """The import statements; ruff puts them into order."""
        for module, names in sorted(self.names.items()):
            yield f"from {module} import {', '.join(sorted(names))}" if names != {""} else f"import {module}"


@dataclass(frozen=True)
class Operation:
    """A route and what the description says of it."""

    route: APIRoute
    method: str
    described: dict[str, Any]

    @property
    def tag(self) -> str:
        """The group it belongs to."""
        return str(self.described["tags"][0])

    def parameters(self, place: str) -> list[dict[str, Any]]:
        """Its parameters in the path, the query or the headers."""
        return [each for each in self.described.get("parameters", []) if each["in"] == place]


def operations() -> list[Operation]:
    """Every route below /api/v1, in the order of the application."""
    paths = create_app().openapi()["paths"]
    found = []
    for router in ROUTERS:
        for route in router.routes:
            assert isinstance(route, APIRoute)
            for method in sorted(route.methods or ()):
                described = paths[API_PREFIX + route.path.replace(":path}", "}")][method.lower()]
                found.append(Operation(route, method, described))
    return found


def client_files() -> dict[Path, str]:
    """Path and text of every module, formatted."""
    groups: dict[str, list[Operation]] = {}
    for each in operations():
        groups.setdefault(each.tag, []).append(each)
    files = {}
    for folder, is_async in FOLDERS.items():
        package = CLIENT / folder
        files[package / "__init__.py"] = HEADER.format(title="Methods.")
        files[package / "groups.py"] = _groups_module(sorted(groups), folder, is_async)
        for tag, members in groups.items():
            files[package / f"{_module(tag)}.py"] = _route_module(tag, members, is_async)
    return {path: _formatted(text) for path, text in files.items()}


def _module(tag: str) -> str:
    return tag.replace("-", "_").replace(" ", "_")


def _class_name(tag: str, is_async: bool) -> str:
    return ("Async" if is_async else "") + "".join(part.title() for part in _module(tag).split("_")) + "Routes"


def _groups_module(tags: list[str], folder: str, is_async: bool) -> str:
    client, name = ("AsyncTomosift", "AsyncRouteGroups") if is_async else ("Tomosift", "RouteGroups")
    module = "async_client" if is_async else "sync_client"
    lines = [
        HEADER.format(title="The groups of methods."),
        "from functools import cached_property",
        "from typing import TYPE_CHECKING",
        "if TYPE_CHECKING:",
        f"    from tomosift.client.{module} import {client}",
        *(f"    from tomosift.client.{folder}.{_module(tag)} import {_class_name(tag, is_async)}" for tag in tags),
        f"class {name}:",
        '    """A group for each tag of the API; each is loaded when it is first used."""',
        f'    def __init__(self, client: "{client}") -> None:',
        "        self._client = client",
    ]
    for tag in tags:
        group = _class_name(tag, is_async)
        lines += [
            "    @cached_property",
            f'    def {_module(tag)}(self) -> "{group}":',
            f'        """Routes of {tag}."""',
            f"        from tomosift.client.{folder}.{_module(tag)} import {group}",
            f"        return {group}(self._client)",
        ]
    return "\n".join(lines) + "\n"


def _route_module(tag: str, members: list[Operation], is_async: bool) -> str:
    imports = Imports()
    client = "AsyncTomosift" if is_async else "Tomosift"
    body = [
        f"class {_class_name(tag, is_async)}:",
        f'    """Routes of {tag}."""',
        f'    def __init__(self, client: "{client}") -> None:',
        "        self._client = client",
    ]
    for each in members:
        body += [f"    {line}" for line in _method(each, imports, is_async)]
    imports.add("typing", "TYPE_CHECKING")
    imports.add("tomosift.client.calls", "Call")
    guarded = (
        f"if TYPE_CHECKING:\n    from tomosift.client.{'async_client' if is_async else 'sync_client'} import {client}\n"
    )
    head = [HEADER.format(title=f"Routes of {tag}."), *imports.lines(), guarded]
    return "\n".join([*head, *body]) + "\n"


def _method(operation: Operation, imports: Imports, is_async: bool) -> list[str]:
    path = operation.route.path
    positional, call = [], []
    for each in operation.parameters("path"):
        name = str(each["name"])
        # A path's end may hold slashes, and they are part of it.
        is_long = f"{{{name}:path}}" in path
        quoted = imports.add(*(("urllib.parse", "quote") if is_long else ("tomosift.client.calls", "segment")))
        path = path.replace(f"{{{name}{':path' if is_long else ''}}}", f"{{{quoted}({name})}}")
        positional.append((path.index(f"({name})"), f"{name}: {_type_of(each['schema'], imports)}"))
    in_order = [text for _, text in sorted(positional)]
    body_argument, body_call = _body(operation, imports)
    in_order += body_argument
    query = {str(each["name"]): each["schema"] for each in operation.parameters("query") if each["name"] != "after"}
    keywords = [f"{name}: {_optional(_type_of(schema, imports))} = None" for name, schema in query.items()]
    if query:
        call.append("query={" + ", ".join(f'"{name}": {name}' for name in query) + "}")
    headers = []
    for each in operation.parameters("header"):
        if each["name"] == "Idempotency-Key":
            keywords.append("key: str | None = None")
            headers.append(f'"Idempotency-Key": key or {imports.add("tomosift.client.calls", "new_key")}()')
        elif each["name"] == "If-Match":
            keywords.insert(0, "version: int | str")
            headers.append(f'"If-Match": {imports.add("tomosift.client.calls", "version_tag")}(version)')
    if headers:
        call.append("headers={" + ", ".join(headers) + "}")
    arguments = ", ".join(["self", *in_order, *(["*", *keywords] if keywords else [])])
    returned, sent, is_iterator = _answer(operation, imports, is_async)
    awaited = "await " if is_async and not is_iterator else ""
    define = "async def" if awaited else "def"
    call_text = ", ".join([f'"{operation.method}"', f'f"{path}"' if "{" in path else f'"{path}"', *body_call, *call])
    result = f"{awaited}{sent}"
    address = f"`{operation.method} {operation.route.path.replace(':path', '')}`."
    told = f"{operation.described['summary']}: {address}"
    if len(told) > LONGEST_LINE:
        told = f"{operation.described['summary']}.\n\n        {address}\n        "
    return [
        f"{define} {_method_name(operation)}({arguments}) -> {returned}:",
        f'    """{told}"""',
        f"    call = Call({call_text})",
        f"    {result}" if returned == "None" else f"    return {result}",
    ]


def _method_name(operation: Operation) -> str:
    """The operation's name without its group's: `create_project` is `projects.create`, `read_projects` is `.all`."""
    name, noun = operation.route.name, _module(operation.tag)
    if name in NAMES:
        return NAMES[name]
    if name in (f"read_{noun}", f"list_{noun}") and noun.endswith("s"):
        return "all"
    verb = name.removesuffix(f"_{noun.removesuffix('s')}")
    return name if "_" in verb else verb


def _body(operation: Operation, imports: Imports) -> tuple[list[str], list[str]]:
    """The argument for the request's body, and how the call takes it."""
    fields = operation.route.dependant.body_params
    if fields:
        kind = _annotation(fields[0].field_info.annotation, imports)
        return [f"body: {kind} | {imports.add('tomosift.client.calls', 'Json')}"], ["body=body"]
    content = operation.described.get("requestBody", {}).get("content", {})
    for media_type in content:
        return ["content: bytes"], ["content=content", f'media_type="{media_type}"']
    return [], []


def _answer(operation: Operation, imports: Imports, is_async: bool) -> tuple[str, str, bool]:
    """What the method returns, how it gets it, and whether that is walked rather than awaited."""
    iterator = "AsyncIterator" if is_async else "Iterator"
    model = operation.route.response_model
    successes = [answer for status, answer in operation.described["responses"].items() if status.startswith("2")]
    media_types = [kind for answer in successes for kind in answer.get("content", {})]
    if isinstance(model, type) and issubclass(model, BaseModel):
        arguments = model.__pydantic_generic_metadata__["args"]
        if arguments and model.__name__.startswith("Page["):
            item = _annotation(arguments[0], imports)
            imports.add("collections.abc", iterator)
            return f"{iterator}[{item}]", f"self._client.pages(call, {item})", True
        name = _annotation(model, imports)
        return name, f"self._client.read(call, {name})", False
    if model is not None:
        (listed,) = get_args(model)
        name = _annotation(listed, imports)
        return f"list[{name}]", f"self._client.read_list(call, {name})", False
    if "text/event-stream" in media_types:
        imports.add("collections.abc", iterator)
        return f"{iterator}[{imports.add('tomosift.client.calls', 'ServerEvent')}]", "self._client.events(call)", True
    if media_types == ["application/x-ndjson"]:
        imports.add("collections.abc", iterator)
        return f"{iterator}[{imports.add('tomosift.client.calls', 'Json')}]", "self._client.lines(call)", True
    if media_types:
        imports.add("httpx", "")
        return "httpx.Response", "self._client.send(call)", False
    return "None", "self._client.send(call)", False


def _annotation(kind: Any, imports: Imports) -> str:
    """A Python type as text."""
    if parts := get_args(kind):
        return " | ".join(_annotation(part, imports) for part in parts)
    return imports.add(kind.__module__, kind.__qualname__)


def _type_of(schema: dict[str, Any], imports: Imports) -> str:
    """A parameter's JSON schema as a Python type."""
    if "anyOf" in schema:
        kinds = [_type_of(each, imports) for each in schema["anyOf"]]
        return " | ".join(dict.fromkeys(part for kind in kinds for part in kind.split(" | ")))
    if "enum" in schema or "const" in schema:
        values = ", ".join(f'"{each}"' for each in schema.get("enum", [schema.get("const")]))
        return f"{imports.add('typing', 'Literal')}[{values}]"
    if schema.get("format") == "uuid":
        return f"{imports.add('uuid', 'UUID')} | str"
    if schema.get("format") == "date-time":
        return f"{imports.add('datetime', 'datetime')} | str"
    return {"integer": "int", "number": "float", "boolean": "bool", "null": "None"}.get(schema.get("type", ""), "str")


def _optional(kind: str) -> str:
    return kind if "None" in kind.split(" | ") else f"{kind} | None"


def _formatted(text: str) -> str:
    ruff = [sys.executable, "-m", "ruff"]
    sort = [*ruff, "check", "--select", "I,F401", "--fix", "--quiet", "--stdin-filename", str(CLIENT / "made.py"), "-"]
    ordered = subprocess.run(sort, input=text, capture_output=True, text=True, check=False).stdout
    layout = [*ruff, "format", "--quiet", "--stdin-filename", str(CLIENT / "made.py"), "-"]
    return subprocess.run(layout, input=ordered, capture_output=True, text=True, check=True).stdout


def main() -> None:
    """Write the modules, and remove those of tags that are gone."""
    files = client_files()
    for folder in FOLDERS:
        (CLIENT / folder).mkdir(exist_ok=True)
        for path in (CLIENT / folder).glob("*.py"):
            if path not in files:
                path.unlink()
    for path, text in files.items():
        path.write_text(text)


if __name__ == "__main__":
    main()
