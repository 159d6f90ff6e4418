"""The settings in `_config.yml`: what is wrong with them is named."""

import json

import pytest

from _ext.book import BookError, load


@pytest.mark.parametrize(
    ("languages", "wrong"),
    [
        ([], "as the first"), ([("vi", "vi", "V")], "as the first"),
        ([("en", "en", "E"), ("en", "x", "X")], "entry 2 .*expected a code"),
        *(([("en", "en", "E"), (code, "x", "X")], "entry 2 .*expected a code")
          for code in ("pt-BR", "pt_br", "xx", "../x", "vi\n", False, None)),
        *(([("en", "en", "E"), ("vi", folder, "X")], "entry 2 .*expected a folder")
          for folder in ("../../x", "a/b", "..", ".x", "_static", "", "EN", "index.html", 1)),
        *(([("en", "en", "E"), ("vi", "vi", name)], "entry 2 .*expected a name")
          for name in ("", " ", None)),
    ],
)  # fmt: skip
def test_languages_are_validated(small_book, languages, wrong):
    small = small_book()
    entries = [dict(zip(("code", "folder", "name"), one, strict=True)) for one in languages]
    config = small.root / "_config.yml"
    config.write_text(f"{config.read_text()}    languages: {json.dumps(entries)}\n")
    with pytest.raises(BookError, match=wrong):
        load(small.root)
