"""Runs every fenced block of README.md and docs/: prints PASS, FAIL and SKIP lines; exit 1 on a FAIL.

What happens to a block depends on the word behind its fence: sh: every command is run, in a scratch folder
that all blocks of one file share; json: `voxgrad geometry explain` takes it; phantom: `voxgrad simulate`
takes it; text: nothing; c, python: see below. No word is a failure, so that no block is forgotten.
docs/command-line.md's second part is printed by the command and compared by tools/docs.sh.

A comment above the fence says more:
<!-- snippet: with tests/snippets/FILE -->     C: FILE includes "snippet.inc" (the block) or "snippet_text.h"
    (SNIPPET_TEXT, the block as a string), is compiled and run. Python: FILE is run with the block's path.
    It prints "SKIP words" as its last line when it could try a part only.
<!-- snippet: compile tests/snippets/FILE -->  the same, compiled only, lines of a lone "..." left out
<!-- snippet: skip REASON -->                  not run, and the reason is printed
"""
import ast
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.abspath(os.environ.get("VXG_BUILD", os.path.join(ROOT, "build")))
GENERATED = "<!-- From here on: written by ./dev docs out of the option tables. -->"
# What the examples take from elsewhere, and shorter forms of commands that take minutes.
INPUTS = {"tooth.h5": "data/ct_parallel_tooth/tooth.h5"}
INPUTS.update({"dwi." + end: "data/dwi_small_64D/dwi." + end for end in ("nii.gz", "bval", "bvec")})
SHORTER = {
    "voxgrad track dwi.nii.gz -o brain.trx": "voxgrad track dwi.nii.gz -o brain.trx --seeds 2000",
    "voxgrad track dwi.nii.gz --bvals dwi.bval --bvecs dwi.bvec -o out.trx":
        "voxgrad track dwi.nii.gz --bvals dwi.bval --bvecs dwi.bvec -o out.trx --seeds 2000",
    "voxgrad check ct.parallel": "voxgrad check ct.parallel.joseph --device cpu --examples 1",
    "voxgrad bench ct.parallel --compare": "voxgrad bench ct.parallel.joseph --compare --size 64 --slices 4 --runs 1 --device cpu",
}
SECONDS = 100
failed = 0


def say(word, name, words=""):
    global failed
    failed += word == "FAIL"
    print("%s snippets.%s%s" % (word, name, ": " + " ".join(words.split()) if words else ""), flush=True)


def blocks(path):
    """(word, comment, text) of every fenced block."""
    word = comment = None
    lines = []
    last = ""
    for line in open(os.path.join(ROOT, path), encoding="utf-8"):
        line = line.rstrip("\n")
        if line == GENERATED:
            return
        if re.match(r" *```", line):
            if word is None:
                found = re.match(r" *<!-- snippet: (.*) -->$", last)
                word, comment, lines = line.strip()[3:].strip(), found and found.group(1), []
            else:
                yield word, comment, "\n".join(lines) + "\n"
                word = None
        elif word is not None:
            lines.append(line)
        if line.strip():
            last = line


def run(command, folder, **more):
    env = dict(os.environ, PATH=os.path.join(BUILD, "bin") + os.pathsep + os.environ.get("PATH", ""),
               LD_LIBRARY_PATH=os.path.join(BUILD, "lib"), VXG_SOURCE=ROOT, VXG_BUILD=BUILD)
    process = subprocess.Popen(command, cwd=folder, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, text=True, start_new_session=True, **more)
    try:
        text = process.communicate(timeout=SECONDS)[0]
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        text = process.communicate()[0] + "\nnot done after %d s" % SECONDS
    return subprocess.CompletedProcess(command, process.returncode, text)


def has_device(folder, backend):
    return re.search(r"^\s*%s:\d" % backend, run(["voxgrad", "devices"], folder).stdout, re.M)


def check_shell(name, text, folder):
    """Every command, in order; a word behind # is a comment."""
    wrong = done = 0
    for line in text.replace("\\\n", " ").splitlines():
        line = re.sub(r"\s+#.*", "", line).strip()
        line = re.sub(r"\s+", " ", line)
        if not line or line.startswith("#"):
            continue
        device = re.search(r"--device (opencl|cuda)", line)
        if device and not has_device(folder, device.group(1)):
            say("SKIP", "%s.%s" % (name, device.group(1)), "no %s device for: %s" % (device.group(1), line))
            continue
        line = SHORTER.get(line, line)
        result = run(line, folder, shell=True)
        done += 1
        if result.returncode:
            wrong += 1
            say("FAIL", name, "%s: exit code %d: %s" % (line, result.returncode, result.stdout[-300:]))
    if not wrong:
        say("PASS", name, "" if done else "no command")


def write(folder, name, text):
    path = os.path.join(folder, name)
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    return path


def check_file(name, word, text, folder):
    path = write(folder, name + (".json" if word == "json" else ".txt"), text)
    command = ["voxgrad", "geometry", "explain", path]
    if word == "phantom":
        command = ["voxgrad", "simulate", "-o", path + ".h5", "-p", path, "--views", "4", "--cols", "16", "--rows", "2"]
    result = run(command, folder)
    say("FAIL" if result.returncode else "PASS", name, result.stdout[-300:] if result.returncode else "")


def quoted(text):
    return "\n".join('"%s\\n"' % line.replace("\\", "\\\\").replace('"', '\\"') for line in text.splitlines())


def check_c(name, text, folder, how, fixture):
    if "asan" in BUILD or os.environ.get("ASAN_OPTIONS"):
        return say("SKIP", name, "built without the sanitizers' run-time")
    if how == "compile":
        text = re.sub(r"^ *\.\.\.\n", "", text, flags=re.M)
    write(folder, "snippet.inc", text)
    write(folder, "snippet_text.h", "#define SNIPPET_TEXT " + quoted(text).replace("\n", " \\\n") + "\n")
    flags = ["-std=c11", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", "-Wno-unused", "-I" + folder,
             "-I" + os.path.join(ROOT, "include")]
    if how == "compile":
        flags += ["-c", "-I" + os.path.join(ROOT, "src"), "-I" + os.path.join(ROOT, "cli")]
    program = os.path.join(folder, name)
    libraries = [] if how == "compile" else ["-L" + os.path.join(BUILD, "lib"), "-lvoxgrad_io", "-lvoxgrad", "-lm"]
    result = run([os.environ.get("CC", "cc")] + flags + [os.path.join(ROOT, fixture), "-o", program] + libraries, folder)
    if result.returncode:
        return say("FAIL", name, "does not compile: " + result.stdout[:600])
    if how == "with":
        result = run([program], folder)
    say("FAIL" if result.returncode else "PASS", name, result.stdout[-300:] if result.returncode else "")


def check_python(name, text, folder, fixture):
    try:
        ast.parse(text)
    except SyntaxError as error:
        return say("FAIL", name, str(error))
    path = write(folder, name.replace(".", "_") + ".py", text)
    command = [sys.executable, os.path.join(ROOT, fixture), path] if fixture else [sys.executable, path]
    result = run(command, folder)
    if result.returncode:
        return say("FAIL", name, result.stdout[-600:])
    say("PASS", name)
    last = (result.stdout.splitlines() or [""])[-1]
    if last.startswith("SKIP "):
        say("SKIP", name + ".package", last[5:])


def check(name, word, comment, text, folder):
    how, _, rest = (comment or "").partition(" ")
    if comment and how not in ("skip", "with", "compile"):
        say("FAIL", name, "the comment says '%s'" % comment)
    elif how == "skip":
        say("SKIP", name, rest)
    elif word == "sh":
        check_shell(name, text, folder)
    elif word in ("json", "phantom"):
        check_file(name, word, text, folder)
    elif word == "c" and how:
        check_c(name, text, folder, how, rest)
    elif word == "python":
        check_python(name, text, folder, rest if how == "with" else None)
    elif word != "text":
        say("FAIL", name, "a block '%s' without a way to run it" % word)


def main():
    work = tempfile.mkdtemp()
    files = ["README.md"] + sorted("docs/" + f for f in os.listdir(os.path.join(ROOT, "docs")) if f.endswith(".md"))
    files += sorted("docs/adding/" + f for f in os.listdir(os.path.join(ROOT, "docs/adding")) if f.endswith(".md"))
    try:
        for path in files:
            stem = path[:-3].replace("docs/", "").replace("/", "_").lower()
            folder = os.path.join(work, stem)
            os.mkdir(folder)
            for name, source in INPUTS.items():
                shutil.copy(os.path.join(ROOT, source), os.path.join(folder, name))
            for i, (word, comment, text) in enumerate(blocks(path)):
                if word == "python" and path in ("README.md", "docs/python.md"):
                    continue  # tests/python/documents.py runs them, one after another
                try:
                    check("%s_%d" % (stem, i + 1), word, comment, text, folder)
                except (OSError, subprocess.SubprocessError) as error:
                    say("FAIL", "%s_%d" % (stem, i + 1), str(error))
    finally:
        shutil.rmtree(work)
    return 1 if failed else 0


sys.exit(main())
