"""`make pins`: the pins of a project are replaced by what uv resolves without them, and nothing else changes."""

import tomlkit

from stack.pin import NOTE, resolve, write_pins

PROJECT = """\
[project]
name = "of-a-test"
version = "1"
requires-python = ">=3.11"
dependencies = []  # nothing, so that no index is asked

[tool.uv]
package = false
constraint-dependencies = ["gone==1.0", "old==2.0"]

[tool.ruff]
line-length = 120
"""


def test_pins_are_written_in_place_of_the_old_ones() -> None:
    project = tomlkit.parse(PROJECT)
    write_pins(project, [*resolve(project), "new==3.0", "other==4.0 ; sys_platform == 'win32'"])
    written = project.as_string()
    pins = f'[\n    # {NOTE}\n    "new==3.0",\n    "other==4.0 ; sys_platform == \'win32\'",\n]'
    assert written == PROJECT.replace('["gone==1.0", "old==2.0"]', pins)


def test_old_pins_have_no_say_in_what_is_resolved() -> None:
    contradicting = PROJECT.replace('"gone==1.0"', '"of-a-test==2", "of-a-test==3"')
    assert resolve(tomlkit.parse(contradicting)) == []
