from fxstudy.sources import digest_sources, normalised


def test_comments_docstrings_and_layout_do_not_count():
    one = 'def f(x):\n    """Old words."""\n    return x + 1  # why\n'
    two = "def f(x):\n    'New words.'\n\n    return (x + 1)\n"
    assert normalised(one) == normalised(two) != normalised(one.replace("+ 1", "+ 2"))


def test_a_function_of_only_a_docstring_is_like_one_that_passes():
    assert normalised('def f():\n    """Words."""\n') == normalised("def f():\n    pass\n")


def test_the_digest_follows_code_and_names(tmp_path):
    file = tmp_path / "a.py"
    file.write_text("x = 1\n")
    first = digest_sources([tmp_path])
    file.write_text("x = 1  # a comment, and a longer file\n")
    assert digest_sources([tmp_path]) == first
    file.write_text("x = 22\n")
    changed = digest_sources([tmp_path])
    file.rename(tmp_path / "b.py")
    assert len({first, changed, digest_sources([tmp_path])}) == 3
