import json
import re
from pathlib import Path

import jsonschema
import pytest
import yaml

from gateway.bus import contract
from gateway.bus.cloudevents import parse
from gateway.bus.examples import EXAMPLES
from gateway.bus.schema import asyncapi, schema
from gateway.bus.typescript import typescript
from gateway.events import EVENT_TYPES, event_type

VALIDATOR = jsonschema.Draft202012Validator(schema(), format_checker=jsonschema.FormatChecker())
FILES = contract.contract()


def example(name: str) -> dict:
    return json.loads(FILES[f"contract/examples/{name}.json"])


def test_the_files_in_the_source_tree_are_those_the_structs_make():
    assert contract.differing() == []


def test_there_is_one_example_of_every_event():
    assert sorted(type(event).__name__ for event in EXAMPLES) == sorted(kind.__name__ for kind in EVENT_TYPES)


def test_the_schema_is_a_schema():
    jsonschema.Draft202012Validator.check_schema(schema())


@pytest.mark.parametrize("event", EXAMPLES, ids=event_type)
def test_an_example_satisfies_the_schema_and_reads_back_as_its_struct(event):
    text = FILES[f"contract/examples/{event_type(event)}.json"]
    VALIDATOR.validate(json.loads(text))
    assert parse(text).data == event


@pytest.mark.parametrize(
    ("name", "spoil"),
    [
        ("call.answered", lambda envelope: envelope.pop("subject")),
        ("call.answered", lambda envelope: envelope["data"].pop("agent")),
        ("call.answered", lambda envelope: envelope["data"].update(call_id=7)),
        ("call.answered", lambda envelope: envelope.update(type="hotline.call.ended.v1")),
        ("call.ended", lambda envelope: envelope["data"].update(hung_up_by="nobody")),
        ("gateway.health", lambda envelope: envelope.pop("id")),
    ],
)
def test_the_schema_refuses_a_spoilt_example(name, spoil):
    envelope = example(name)
    VALIDATOR.validate(envelope)
    spoil(envelope)
    assert not VALIDATOR.is_valid(envelope)


def test_a_reader_lets_unknown_fields_pass():
    envelope = example("call.answered")
    envelope["data"]["added_later"] = 1
    VALIDATOR.validate(envelope)
    assert parse(json.dumps(envelope)).data == next(e for e in EXAMPLES if event_type(e) == "call.answered")


def test_the_asyncapi_document_names_every_event_on_its_channel_with_its_schema():
    by_class = {type(event).__name__: example(event_type(event)) for event in EXAMPLES}
    document = yaml.safe_load(asyncapi(by_class))
    channels = document["channels"]
    assert {*channels["events"]["messages"], *channels["partials"]["messages"]} == set(by_class)
    assert list(channels["partials"]["messages"]) == ["TranscriptPartial"]
    definitions = schema()["$defs"]
    for name, message in document["components"]["messages"].items():
        file, _, pointer = message["payload"]["$ref"].partition("#/$defs/")
        assert (file, pointer in definitions) == ("./events.schema.json", True)
        assert message["examples"][0]["payload"] == by_class[name]


def test_typescript_knows_every_field_of_the_examples():
    text = typescript()
    for event in EXAMPLES:
        body = re.search(rf"export interface {type(event).__name__} {{\n(.*?)\n}}", text, re.DOTALL)
        assert body is not None
        assert re.findall(r"^  (\w+):", body[1], re.MULTILINE) == list(example(event_type(event))["data"])


def test_typescript_says_what_may_be_absent():
    text = typescript()
    assert "  caller_wait: number | null;" in text  # in an event: always there
    assert "  caller_wait?: number;" in text  # in a view: left out instead of null
    assert "  value?: number | null;" in text  # in both: a merge patch removes what is null
    assert "  waiting: Record<string, WaitingCall>;" in text
    assert '  by: "agent" | "call" | "machine";' in text


def test_writing_mends_what_differs_and_removes_what_is_left_over(tmp_path: Path):
    assert sorted(contract.write(tmp_path)) == sorted(FILES)
    assert contract.differing(tmp_path) == []
    (tmp_path / "ui/src/contract.ts").write_text("// by hand")
    left = tmp_path / "contract/examples/call.teleported.json"
    left.write_text("{}")
    assert contract.differing(tmp_path) == ["ui/src/contract.ts", "contract/examples/call.teleported.json"]
    contract.write(tmp_path)
    assert contract.differing(tmp_path) == []
    assert not left.exists()


def test_the_command_checks(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    assert contract.main(["--check"]) == 0
    monkeypatch.setattr(contract, "differing", lambda: ["contract/asyncapi.yaml"])
    assert contract.main(["--check"]) == 1
    assert "contract/asyncapi.yaml differs" in capsys.readouterr().err
