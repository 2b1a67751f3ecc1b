"""Sources in the encodings that people really have: PowerShell's UTF-16, Chinese GBK, Western cp1252."""

from __future__ import annotations

import codecs

import pytest

from envtool.project.decode import decode

CHINESE = "# 训练脚本、读取数据\nimport torch\ns = '中文字符串'\n"


@pytest.mark.parametrize(
    "data",
    [
        CHINESE.encode(),
        codecs.BOM_UTF8 + CHINESE.encode(),
        CHINESE.encode("utf-16"),
        codecs.BOM_UTF16_BE + CHINESE.encode("utf-16-be"),
        codecs.BOM_UTF32_LE + CHINESE.encode("utf-32-le"),
        codecs.BOM_UTF32_BE + CHINESE.encode("utf-32-be"),
    ],
    ids=["utf-8", "utf-8 with mark", "utf-16", "utf-16-be", "utf-32-le", "utf-32-be"],
)
def test_a_text_that_says_its_encoding_is_read_without_a_doubt(data: bytes) -> None:
    assert decode(data) == (CHINESE, ())


@pytest.mark.parametrize(
    "head", ["# -*- coding: gbk -*-", "# vim: set fileencoding=gbk :", "#!/usr/bin/python\n# coding=GBK"]
)
def test_the_cookie_of_pep_263_is_followed(head: str) -> None:
    text = f"{head}\n{CHINESE}"
    assert decode(text.encode("gbk")) == (text, ())


def test_a_cookie_in_the_third_line_is_none() -> None:
    text = "\n\n# coding: latin-1\ns = 'é'\n"
    assert decode(text.encode()).text == text


def test_a_cookie_may_say_more_than_utf_8() -> None:
    text = "# coding: utf-8-unix\ns = 'é'\n"
    assert decode(text.encode()) == (text, ())


@pytest.mark.parametrize("said", ["ascii", "no-such-codec", "hex"])
def test_a_cookie_that_lies_is_doubted(said: str) -> None:
    text = f"# coding: {said}\ns = '中文'\n"
    decoded = decode(text.encode())
    assert decoded.text == text
    assert decoded.doubts == (("wrong-encoding", f"says that it is {said}, and is not: read as utf-8"),)


@pytest.mark.parametrize("encoding", ["gbk", "big5", "shift_jis", "euc_kr", "euc_jp", "cp1251", "cp1252"])
def test_an_encoding_that_nothing_says_is_guessed(encoding: str) -> None:
    written = {
        "gbk": "# 训练脚本、读取数据",
        "big5": "# 訓練腳本、讀取資料",
        "shift_jis": "# 学習データを読み込む",
        "euc_kr": "# 데이터를 읽는다",
        "euc_jp": "# 学習データを読み込む",
        "cp1251": "# Загрузка данных для обучения",
        "cp1252": "# Größe ändern, déjà vu",
    }[encoding]
    decoded = decode(f"{written}\nimport torch\n".encode(encoding))
    assert decoded.text == f"{written}\nimport torch\n"
    [(kind, message)] = decoded.doubts
    assert kind == "decoded-by-guess"
    assert "--source-encoding" in message


def test_a_cookie_that_lies_about_bytes_that_are_no_utf_8_is_named() -> None:
    decoded = decode("# coding: utf-8\n# 训练脚本、读取数据\n".encode("gbk"))
    assert "训练脚本" in decoded.text
    assert "neither utf-8, as it says" in decoded.doubts[0][1]


def test_what_is_in_no_encoding_at_all_keeps_its_ascii() -> None:
    decoded = decode(b"import torch\n\xff\xfe\x81\x00\x8d\nimport yaml\n")
    assert decoded.text.startswith("import torch\n")
    assert decoded.text.endswith("\nimport yaml\n")


def test_utf_16_without_a_mark_is_seen_by_its_nul_bytes() -> None:
    for encoding in ("utf-16-le", "utf-16-be"):
        assert decode("import torch\n".encode(encoding)).text == "import torch\n"


def test_an_encoding_that_is_forced_beats_what_the_file_says() -> None:
    text = "# coding: latin-1\ns = '中文'\n"
    assert decode(text.encode("gbk"), "gbk") == (text, ())


def test_bytes_that_a_forced_encoding_does_not_know_are_replaced() -> None:
    decoded = decode("import torch\ns = 'é'\n".encode("cp1252"), "utf-8")
    assert decoded.text == "import torch\ns = '\ufffd'\n"
    assert "--source-encoding utf-8" in decoded.doubts[0][1]


def test_nul_bytes_are_taken_out_and_their_line_is_named() -> None:
    decoded = decode(b"import torch\n\0\0\nimport yaml\n")
    assert decoded.text == "import torch\n\nimport yaml\n"
    [(kind, message)] = decoded.doubts
    assert (kind, "line 2" in message) == ("null-byte", True)


def test_lines_end_in_one_way() -> None:
    assert decode(b"import torch\r\nimport yaml\rimport numpy\n").text == "import torch\nimport yaml\nimport numpy\n"
