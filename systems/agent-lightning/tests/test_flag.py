"""The flag file: its states, its layout, and what is no flag."""

import os
import struct

import pytest

from drivers.variants import flag
from drivers.variants.flag import ONLINE, STARTING, STOPPED, STOPPING


def test_a_server_goes_through_four_states_in_one_file_that_is_never_shorter():
    assert flag.read() is None
    flag.create()
    assert flag.read() == (STARTING, 1, os.getpid())
    for state in (ONLINE, STOPPING, STOPPED):
        flag.say(state)
        assert flag.read() == (state, 1, os.getpid())
        assert os.path.getsize(flag.path) == 32


def test_each_start_has_another_epoch_also_after_a_crash():
    for epoch, end in enumerate((STARTING, ONLINE, STOPPED, ONLINE), 1):
        flag.create()
        assert flag.read() == (STARTING, epoch, os.getpid())
        flag.say(end)


def test_its_layout_is_that_of_the_docs():
    flag.create()
    flag.say(ONLINE)
    with open(flag.path, "rb") as file:
        assert file.read() == b"QDFL" + struct.pack("<HBBQI", 1, 2, 0, 1, os.getpid()) + bytes(12)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"QDFL",
        struct.pack("<4sHBxQI12x", b"QDFL", 1, 2, 1, 1)[:-1],
        struct.pack("<4sHBxQI12x", b"QDFX", 1, 2, 1, 1),
        struct.pack("<4sHBxQI12x", b"QDFL", 2, 2, 1, 1),
        struct.pack("<4sHBxQI12x", b"QDFL", 1, 0, 1, 1),
        struct.pack("<4sHBxQI12x", b"QDFL", 1, 5, 1, 1),
    ],
)
def test_what_is_cut_short_or_of_another_kind_is_no_flag(content):
    with open(flag.path, "wb") as file:
        file.write(content)
    assert flag.read() is None


def test_a_folder_and_no_path_at_all_are_no_flag(tmp_path):
    flag.path = str(tmp_path)
    assert flag.read() is None
    flag.path = None
    flag.create()
    flag.say(ONLINE)
    assert flag.read() is None
