#!/bin/sh
# pip_folder.sh FOLDER PACKAGE...: a virtual environment with the packages, made once; prints nothing when it is
# there, else why not.
folder=$1
shift
[ -f "$folder/complete" ] && exit 0
python3 -m venv "$folder" >/dev/null 2>&1 || { echo "python3 makes no virtual environment"; exit 1; }
"$folder/bin/pip" install -q "$@" >"$folder/pip.log" 2>&1 ||
    { echo "pip does not get $*: $(tail -n 1 "$folder/pip.log")"; exit 1; }
touch "$folder/complete"
