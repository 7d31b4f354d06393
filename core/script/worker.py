# SPDX-License-Identifier: MIT
#
# What a worker process runs: loads one script and answers events with what the script makes of them.
#
# Input, a line each: {"id", "source", "type", "time", "text" | "base64"}; an empty line asks for the answers.
# Output, a line each and in order: {"output": {...}}, {"applicable": false} or {"error": "..."}.
# The first line out is {"ready": "ClassName"} or {"error": "..."}. After each event its number is put into memory that
# the parent shares, so that it knows which event a process died of, or does not come back from.
import asyncio
import base64
import importlib.util
import inspect
import json
import mmap
import os
import sys
import traceback
import types

PROGRESS_FD = 3
FLUSH_BYTES = 1 << 16


class Model:
    """Data with names, as the models of the original are: made from keywords, read as attributes."""

    _fields = {}

    def __init__(self, **values):
        for name, default in self._fields.items():
            setattr(self, name, values.get(name, default))

    def dict(self):
        return {name: getattr(self, name) for name in self._fields}

    model_dump = dict

    def json(self):
        return json.dumps(self.dict(), default=lambda raw: raw.decode("utf-8", "replace"))

    def __repr__(self):
        return type(self).__name__ + "(" + ", ".join(f"{k}={v!r}" for k, v in self.dict().items()) + ")"


class RawEvent(Model):
    _fields = dict.fromkeys(
        ("RawEventID", "Source", "EventData", "EventTimestamp", "IngestionTimestamp", "ContentType"))


class ProcessedEventData(Model):
    _fields = dict.fromkeys(("EventType", "EntityID", "EventData", "Severity", "Message"))


class EntityData(Model):
    _fields = dict.fromkeys(("EntityID", "EntityType"))


class RelationData(Model):
    _fields = dict.fromkeys(("SourceEntityID", "DestinationEntityID"))


def listed(values, kind, required, optional, where):
    """Each of values as a dictionary of texts; what is no text and may not become one is an error with its place."""
    if values is None:
        return []
    out = []
    for number, value in enumerate(values):
        if isinstance(value, kind):
            value = value.dict()
        if not isinstance(value, dict):
            raise TypeError(f"{where}[{number}] is {type(value).__name__}, expected a dictionary or {kind.__name__}")
        row = {}
        for name in required:
            text = value.get(name)
            if type(text) is not str:
                if type(text) not in (int, float):
                    raise TypeError(f"{where}[{number}].{name} is {type(text).__name__}, expected a text")
                text = str(text)
            row[name] = text
        for name in optional:
            text = value.get(name)
            if text is not None:
                if type(text) is not str:
                    raise TypeError(f"{where}[{number}].{name} is {type(text).__name__}, expected a text or None")
                row[name] = text
        if kind is ProcessedEventData:
            data = value.get("EventData")
            if data is not None:
                if type(data) is not dict:
                    raise TypeError(f"{where}[{number}].EventData is {type(data).__name__}, expected a dictionary")
                row["EventData"] = data
        out.append(row)
    return out


class TransformerOutput:
    def __init__(self, processed_events=None, entities=None, links=None):
        self.processed_events = processed_events
        self.entities = entities
        self.links = links

    def shaped(self):
        return {
            "processed_events": listed(self.processed_events, ProcessedEventData, ("EventType", "EntityID"),
                                       ("Severity", "Message"), "processed_events"),
            "entities": listed(self.entities, EntityData, ("EntityID", "EntityType"), (), "entities"),
            "links": listed(self.links, RelationData, ("SourceEntityID", "DestinationEntityID"), (), "links"),
        }


class BasePythonTransformer:
    async def is_transformer_applicable(self, event_data):
        return True

    async def transform(self, event_data):
        raise NotImplementedError(f"{type(self).__name__} has no transform()")


class Logger:
    """Stands in for loguru's where that is not installed. What is written goes to the standard error output."""

    def _write(self, message, *arguments, **named):
        try:
            message = str(message).format(*arguments, **named) if arguments or named else str(message)
        except (IndexError, KeyError, ValueError):
            message = str(message)
        sys.stderr.write(message + "\n")

    trace = debug = info = success = warning = error = critical = exception = _write

    def log(self, level, message, *arguments, **named):
        self._write(message, *arguments, **named)

    def bind(self, **named):
        return self

    opt = bind


def provide(name, folder, **members):
    """A module that scripts import by the original's name; what it has not may lie as a file below the scripts."""
    module = types.ModuleType(name)
    module.__path__ = [os.path.join(folder, *name.split("."))]
    for key, value in members.items():
        setattr(module, key, value)
    sys.modules[name] = module
    parent, _, leaf = name.rpartition(".")
    if parent:
        setattr(sys.modules[parent], leaf, module)


def provide_all(folder):
    schema = {"RawEvent": RawEvent, "ProcessedEventData": ProcessedEventData, "TransformerOutput": TransformerOutput}
    base = {"ProcessedEventData": ProcessedEventData, "EntityData": EntityData, "RelationData": RelationData,
            "TransformerOutput": TransformerOutput}
    for name in ("src", "src.dto", "src.transformers", "src.transformers.python_transformers"):
        provide(name, folder)
    provide("src.dto.schema", folder, **schema)
    provide("src.dto.schema.base_transformers", folder, **base)
    provide("src.dto.schema.raw_event", folder, RawEvent=RawEvent)
    provide("src.transformers.base_python_transformer", folder, BasePythonTransformer=BasePythonTransformer)
    try:
        import loguru  # noqa: F401
    except ImportError:
        provide("loguru", folder, logger=Logger())


def load(path, class_name, folder):
    """The script's transformer. The names of the guide's examples are there without an import, as they stand there."""
    sys.path[:] = [folder] + [entry for entry in sys.path if entry]
    provide_all(folder)
    spec = importlib.util.spec_from_file_location("transformer_script", path)
    if spec is None:
        raise ImportError(f"{path} is no Python file; its name must end with .py")
    module = importlib.util.module_from_spec(spec)
    module.__dict__.update(json=json, RawEvent=RawEvent, TransformerOutput=TransformerOutput,
                           BasePythonTransformer=BasePythonTransformer)
    sys.modules["transformer_script"] = module
    spec.loader.exec_module(module)
    if class_name:
        found = getattr(module, class_name, None)
        if not inspect.isclass(found):
            raise ImportError(f"the script has no class {class_name}")
    else:
        own = [value for value in vars(module).values()
               if inspect.isclass(value) and value.__module__ == "transformer_script"]
        own = [value for value in own if issubclass(value, BasePythonTransformer)] or \
              [value for value in own if hasattr(value, "transform")]
        if len(own) != 1:
            names = ", ".join(sorted(value.__name__ for value in own)) or "none"
            raise ImportError(f"expected one class with transform(), found {names}; name it as ClassName")
        found = own[0]
    return found()


def completed(call, event):
    """The value of a coroutine. Most never wait for anything: those need no event loop, which takes longer than they."""
    result = call(event)
    if not inspect.iscoroutine(result):
        return result
    try:
        result.send(None)
    except StopIteration as stop:
        return stop.value
    except RuntimeError as error:
        if "no running event loop" not in str(error):
            raise
    finally:
        result.close()
    return asyncio.run(call(event))


def place(error, path):
    """"ValueError: why (line 12)": the innermost line of the script that the error came through."""
    line = next((frame.lineno for frame in reversed(traceback.extract_tb(error.__traceback__))
                 if frame.filename == path), None)
    text = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    if isinstance(error, SyntaxError):
        return text
    return text + (f" (line {line})" if line else "")


def answer(transformer, path, line):
    request = json.loads(line)
    data = request.get("text")
    data = data.encode("utf-8", "surrogatepass") if data is not None else base64.b64decode(request["base64"])
    event = RawEvent(RawEventID=request["id"], Source=request["source"], EventData=data,
                     EventTimestamp=request["time"] or None, IngestionTimestamp=request["time"] or None,
                     ContentType=request["type"])
    try:
        applicable = getattr(transformer, "is_transformer_applicable", None)
        if applicable is not None and not completed(applicable, event):
            return '{"applicable":false}'
        output = completed(transformer.transform, event)
        if output is None:
            return '{"applicable":false}'
        if isinstance(output, dict):
            output = TransformerOutput(**output)
        if not isinstance(output, TransformerOutput):
            raise TypeError(f"transform() gave {type(output).__name__}, expected TransformerOutput or None")
        return '{"output":' + json.dumps(output.shaped(), allow_nan=False, separators=(",", ":")) + "}"
    except BaseException as error:  # whatever a script raises is its failure, never ours
        return json.dumps({"error": place(error, path)[:2000]})


def main():
    path, class_name, folder = sys.argv[1:4]
    # A script that prints must not be able to write into what the parent reads.
    out = os.dup(1)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    progress = mmap.mmap(PROGRESS_FD, mmap.PAGESIZE)

    def send(text):
        view = memoryview(text.encode("ascii"))
        while view:
            view = view[os.write(out, view):]

    try:
        transformer = load(path, class_name, folder)
    except BaseException as error:
        send(json.dumps({"error": place(error, path)[:2000]}) + "\n")
        return
    send(json.dumps({"ready": type(transformer).__name__}) + "\n")

    ready, size, done = [], 0, 0
    for line in sys.stdin.buffer:
        if line == b"\n":
            send("".join(ready))
            ready, size, done = [], 0, 0
            continue
        text = answer(transformer, path, line) + "\n"
        ready.append(text)
        size += len(text)
        done += 1
        progress[0:8] = done.to_bytes(8, "little")
        if size > FLUSH_BYTES:
            send("".join(ready))
            ready, size = [], 0


main()
