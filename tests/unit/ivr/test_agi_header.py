"""The header of a FastAGI request."""

from gateway.ivr.agi import parse_header


def test_a_header_is_a_mapping() -> None:
    raw = b"agi_network: yes\nagi_network_script: survey\nagi_uniqueid: 1764.1\nagi_callerid: \nagi_arg_1: a: b\n\n"
    assert parse_header(raw) == {
        "agi_network": "yes",
        "agi_network_script": "survey",
        "agi_uniqueid": "1764.1",
        "agi_callerid": "",
        "agi_arg_1": "a: b",
    }


def test_other_lines_and_broken_characters_do_no_harm() -> None:
    raw = b"GET / HTTP/1.1\nHost: x\nagi_calleridname: \xe7\x8e\nagi_nothing\n\n"
    assert parse_header(raw) == {"agi_calleridname": "\ufffd"}
