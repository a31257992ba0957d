"""Runs the Python of the documents: the blocks of a page one after another, as a reader would."""

import os
import re
import sys
import traceback

import harness

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
BLOCK = re.compile(r"(?:<!-- snippet: ([^\n]*?) -->\n)?```python\n(.*?)```", re.S)


def missing(words):
    """The package that a block needs and is not here, or None."""
    for word in re.findall(r"needs (\w+)", words or ""):
        if harness.optional(word) is None:
            return word
    return None


def placed(words, block):
    """(the block with its folders of measured data, `data NAME=FOLDER`, where those lie; the one that is not here)."""
    for name, folder in re.findall(r"data (\w+)=(\w+)", words or ""):
        there = os.path.join(os.environ.get("VXG_TEST_DATA", "/nowhere"), folder)
        if not os.path.isdir(there):
            return block, folder
        block = block.replace('"%s/' % name, '"%s/' % there)
    return block, None


def main():
    failed = 0
    os.chdir(ROOT)
    for page, least in (("README.md", 1), ("docs/python.md", 5)):
        with open(os.path.join(ROOT, page), encoding="utf-8") as f:
            text = f.read()
        space, count = {}, 0
        for words, block in BLOCK.findall(text):
            line = text[:text.index(block)].count("\n")
            name = "python_documents.%s_%d" % (os.path.basename(page)[:-3], line)
            lacks = missing(words)
            if lacks:
                print("SKIP %s: %s is not installed" % (name, lacks))
                continue
            block, lacks = placed(words, block)
            if lacks:
                print("SKIP %s: no %s in VXG_TEST_DATA" % (name, lacks))
                continue
            count += 1
            try:
                stdout, sys.stdout = sys.stdout, open(os.devnull, "w")
                try:
                    exec(compile("\n" * line + block, page, "exec"), space)
                finally:
                    sys.stdout.close()
                    sys.stdout = stdout
                print("PASS " + name)
            except Exception:
                failed = 1
                print("FAIL %s: %s" % (name, traceback.format_exc().strip().split("\n")[-1]))
        if count < least:
            print("FAIL python_documents.%s: %d blocks" % (page, count))
            failed = 1
    return failed


if __name__ == "__main__":
    sys.exit(0 if sys.argv[1:] else main())  # of tests by name it has none
