#!/bin/sh
# voxgrad recon --report: the page of every kind of reconstruction, what it says, and how it is written.
cd "$(dirname "$0")/.." || exit 1
suite=cli_report
. tests/tools/cli.sh
if ! command -v python3 >/dev/null; then
    skip all "no python3 here"
    exit 0
fi
# page.py FILE: what stands in a page, read as XML
cat >"$W/.page.py" <<'TXT'
import base64, json, re, struct, sys, zlib
from xml.etree import ElementTree
SVG = '{http://www.w3.org/2000/svg}'
class Page:
    def __init__(self, path):
        self.raw = open(path, encoding='utf-8').read()
        self.root = ElementTree.fromstring(self.raw.split('\n', 1)[1])
        self.text = ' '.join(' '.join(self.root.itertext()).split())
        self.headings = [h.text for h in self.root.iter('h2')]
        self.rows = {r.find('th').text: r.find('td').text for r in self.root.iter('tr') if r.find('td') is not None and r.find('th') is not None and r.find('th').get('scope') == 'row'}
        self.images = [i.get('src') for i in self.root.iter('img')]
        self.warnings = [''.join(p.itertext()) for p in self.root.iter('p') if p.get('class') == 'warning']
        self.charts = [s for s in self.root.iter(SVG + 'svg') if s.get('role') == 'img']
    def picture(self, i):  # width, height and gray values
        raw = base64.b64decode(self.images[i].split(',', 1)[1], validate=True)
        assert raw[:8] == b'\x89PNG\r\n\x1a\n'
        width, height, bits, kind = struct.unpack('>IIBB', raw[16:26])
        return width, height, kind
TXT
page() { # NAME WORDS FILE SCRIPT: the script about page p
    check "$1" "$2" python3 -c "import sys; sys.path.insert(0, '$W'); exec(open('$W/.page.py').read())
p = Page('$3')
$4"
}
$V simulate -q -o "$W/scan.h5" --views 60 --rows 12 --cols 64 --pixel 0.25 --unit mm >/dev/null
run() { # NAME options: results in $W/NAME, messages in $W/.NAME
    name=$1
    shift
    $V recon "$W/scan.h5" -o "$W/$name" -c 31.5 --save-format npy --device cpu --report "$@" >"$W/.$name.out" 2>"$W/.$name"
}

# ---- analytic ----
run fbp -a fbp
check written "no page beside the volume" test -s "$W/fbp/report.html"
check printed "its name is not printed" grep -qx "$W/fbp/report.html" "$W/.fbp.out"
check no_course "an analytic reconstruction has no course" test ! -e "$W/fbp/convergence.csv"
page analytic "the page of filtered backprojection" "$W/fbp/report.html" "
assert p.headings == ['Warnings', 'Slices', 'Projections', 'Values', 'Time and memory', 'Command and options', 'Input', 'How it was made'], p.headings
assert len(p.images) == 4 and p.picture(0) == (64, 64, 0) and p.picture(1) == (64, 12, 0) and p.picture(3) == (64, 60, 0)
assert p.rows['voxels (z, y, x)'] == '12 x 64 x 64' and p.rows['voxel size (z, y, x)'] == '0.25 x 0.25 x 0.25 mm'
assert p.rows['values'] == 'attenuation in 1/mm' and p.rows['--algorithm'] == 'fbp'
assert '--iterations' not in p.rows and p.rows['--report'] == 'yes' and p.rows['--cutoff'].endswith('(default)')
assert p.rows['algorithm'] == 'fbp' and len(p.charts) == 1
note = json.load(open('$W/fbp/provenance.json'))
assert p.rows['input.sha256'] == note['input.sha256'] and note['date'] in p.text
assert note['option.report'] == '1' and note['software'] == p.rows['software'] and note['device'] == p.rows['device']
assert note['command'] in p.text, note['command']
"
page numbers "values of the volume" "$W/fbp/report.html" "
raw = open('$W/fbp/recon.npy', 'rb').read()
at = 10 + struct.unpack('<H', raw[8:10])[0]
v = struct.unpack('<%df' % (12 * 64 * 64), raw[at:at + 12 * 64 * 64 * 4])
mean = sum(v) / len(v)
spread = (sum((x - mean) ** 2 for x in v) / len(v)) ** 0.5
near = lambda a, b: abs(float(a) - b) <= 2e-6 * max(abs(min(v)), max(v))
assert near(p.rows['least'], min(v)) and near(p.rows['largest'], max(v)), p.rows
assert near(p.rows['mean'], mean) and near(p.rows['standard deviation'], spread)
# the histogram counts all voxels but the ends
ticks = [(float(t.get('y')) - 4.5, float(t.text)) for t in p.charts[0].iter(SVG + 'text') if t.get('class') == 'end tick']
(y0, v0), (y1, v1) = ticks[0], ticks[-1]
import math
l0, l1 = math.log10(v0), math.log10(v1)
points = [tuple(map(float, q.split(','))) for l in p.charts[0].iter(SVG + 'polyline') for q in l.get('points').split()]
total = sum(10 ** (l0 + (y - y0) * (l1 - l0) / (y1 - y0)) for x, y in points)
assert 0.98 * len(v) < total < 1.002 * len(v), (total, len(v))"

# ---- iterative ----
run sirt -a sirt --iterations 12
page iterative "the page of an iterative method" "$W/sirt/report.html" "
assert 'Convergence' in p.headings and len(p.charts) == 2 and p.rows['--iterations'] == '12'
assert '--relaxation' in p.rows and not {'--weight', '--filter', '--nsino'} & set(p.rows), p.rows
assert p.rows['iterations'] == '12'"
check course "convergence.csv" python3 -c "
import csv, json
rows = list(csv.reader(open('$W/sirt/convergence.csv')))
assert rows[0] == ['iteration', 'residual', 'relative residual', 'penalty'], rows[0]
assert [r[0] for r in rows[1:]] == [str(i) for i in range(1, 13)] and all(r[3] == '' for r in rows[1:])
r = [float(x[1]) for x in rows[1:]]
assert all(a > b > 0 for a, b in zip(r, r[1:])), r
# the first is of x = 0, all of the data; the last is above that of the result
assert abs(float(rows[1][2]) - 1) < 1e-6
note = json.load(open('$W/sirt/provenance.json'))
assert float(rows[-1][2]) > float(note['residual'].split()[0]) > 0"
run tv -a fista-tv --iterations 6 --weight 0.01 --json
page penalty "the page of a method with a penalty" "$W/tv/report.html" "
assert len(p.charts) == 3
import csv
rows = list(csv.reader(open('$W/tv/convergence.csv')))
assert len(rows) == 7 and float(rows[-1][3]) > 0, rows"
check json "--json does not name the page" python3 -c "
import json
j = json.load(open('$W/.tv.out'))
assert j['report'] == '$W/tv/report.html' and j['convergence'] == '$W/tv/convergence.csv', j"
for a in fourier mlem cgls os-sart; do
    n='--iterations 3'
    [ "$a" = fourier ] && n=
    # shellcheck disable=SC2086
    run "$a" -a "$a" $n
    page "by_$a" "the page of $a" "$W/$a/report.html" "assert p.rows['algorithm' if '$a' == 'fourier' else '--algorithm'] == '$a'"
done

# ---- geometry, slice, pieces ----
$V simulate -q -o "$W/cone.h5" --views 40 --rows 24 --cols 48 --sod 300 --sdd 450 --unit mm --geometry-out "$W/cone.json" >/dev/null
for a in auto cgls; do
    n='--iterations 3'
    [ "$a" = auto ] && n=
    # shellcheck disable=SC2086
    $V recon "$W/cone.h5" -g "$W/cone.json" -o "$W/cone_$a" -a $a $n --device cpu -q --report >"$W/.out" 2>"$W/.err"
    page "cone_$a" "the page of a cone beam by $a" "$W/cone_$a/report.html" "
assert len(p.images) == 4 and p.rows['--geometry'] == '$W/cone.json' and p.rows['angles'] == 'geometry file'"
done
run slice --type slice --nsino 3
page slice "the page of a slice" "$W/slice/slice_00003.html" "
assert len(p.images) == 2 and 'Axial slice 3' in p.text and 'detector row 3' in p.text"
run pieces -a sirt --iterations 3 --resume
page pieces "the page of a volume made in pieces" "$W/pieces/report.html" "
assert 'made in pieces' in p.text and len(p.charts) == 1"
check no_course_of_pieces "a course that nobody kept" test ! -e "$W/pieces/convergence.csv"
check same_work "a page is other work" sh -c "
    $V recon '$W/scan.h5' -o '$W/shard' -c 31.5 --device cpu -q --shard 1/1 &&
    $V recon '$W/scan.h5' -o '$W/shard' -c 31.5 --device cpu -q --resume --report >/dev/null && test -s '$W/shard/report.html'"

# ---- warnings, with --quiet too; odd names ----
$V simulate -q -o "$W/arc.h5" --views 30 --rows 2 --cols 40 --range 100 >/dev/null
odd="$W/a<b>&\"'\$(x)
é"
mv "$W/arc.h5" "$odd.h5"
$V recon "$odd.h5" -o "$odd" -c 19.5 --device cpu --report >/dev/null 2>"$W/.loud"
$V recon "$odd.h5" -o "$odd" -c 19.5 --device cpu --report -q --force >/dev/null 2>"$W/.quiet"
check quiet "--quiet says something" test ! -s "$W/.quiet"
cp "$odd/report.html" "$W/odd.html"
cp "$odd/provenance.json" "$W/odd.json"
page warnings "what was warned of is not in the page" "$W/odd.html" "
note = json.load(open('$W/odd.json'))
ids = [k[8:] for k in note if k.startswith('warning.')]
assert ids and len(p.warnings) >= len(ids), (ids, p.warnings)
for i in ids: assert any(w.endswith('(%s)' % i) for w in p.warnings), i
loud = open('$W/.loud').read()
for i in ids: assert 'warning (%s)' % i in loud"
page quoted "names are not escaped" "$W/odd.html" "
title = p.root.find('.//h1').text
assert title.startswith('Reconstruction of a<b>&\"\\'\$(x)'), title"

# ---- the same twice, but for dates and times ----
run again -a sirt --iterations 12
plain() { # what does not change from run to run
    sed -e 's/[0-9]*-[0-9]*-[0-9]*T[0-9:]*Z/DATE/g' -e '/<table class="stages">/,/<\/table>/d' \
        -e '/time of it in writing/d' -e '/memory of the process, at most/d' -e "s|$W/$1|OUT|g" "$W/$1/report.html"
}
plain sirt >"$W/.a"
plain again >"$W/.b"
check same "two runs make two pages" cmp "$W/.a" "$W/.b"
check same_course "two runs go two courses" cmp "$W/sirt/convergence.csv" "$W/again/convergence.csv"
check stays "the volume is another with a page" sh -c "
    $V recon '$W/scan.h5' -o '$W/without' -c 31.5 --save-format npy --device cpu -q -a sirt --iterations 12 >/dev/null &&
    cmp '$W/without/recon.npy' '$W/sirt/recon.npy' && test ! -e '$W/without/report.html'"

# ---- a locale with a comma ----
comma=$(locale -a 2>/dev/null | grep -iE '^(de_DE|fr_FR)\.utf-?8$' | head -n 1)
if [ -n "$comma" ]; then
    LC_ALL=$comma $V recon "$W/scan.h5" -o "$W/comma" -c 31.5 --save-format npy --device cpu --report -a sirt --iterations 12 >/dev/null 2>&1
    plain comma >"$W/.b"
    check locale "numbers are others in $comma" cmp "$W/.a" "$W/.b"
    check locale_course "the course is another in $comma" cmp "$W/sirt/convergence.csv" "$W/comma/convergence.csv"
else
    skip locale "no locale with a decimal comma here"
fi

# ---- how it is written ----
mkdir -p "$W/there"
echo old >"$W/there/report.html"
refuses kept 4 'report.html exists.*--force' $V recon "$W/scan.h5" -o "$W/there" -c 31.5 --device cpu --report
check old_stays "the old page is gone" grep -qx old "$W/there/report.html"
$V recon "$W/scan.h5" -o "$W/there" -c 31.5 --device cpu --report --force -q >/dev/null
check replaced "--force replaces nothing" grep -q '<!DOCTYPE html>' "$W/there/report.html"
$V recon "$W/scan.h5" -o "$W/there" -c 31.5 --device cpu --force -q >/dev/null
check left "without --report the page of before is touched" grep -q '<!DOCTYPE html>' "$W/there/report.html"
interrupted signal 15 "$W/signal" $V recon "$W/scan.h5" -o "$W/signal" -c 31.5 --device cpu --report -a sirt --iterations 20
R="$V recon $W/scan.h5 -o $W/refused -c 31.5 --device cpu --report"
refuses shard 2 '\-\-report does not go with --shard' $R --shard 1/2
refuses try 2 '\-\-report does not go with --type try' $V recon "$W/scan.h5" -o "$W/refused" --report --type try --center-range 30:33
exit $failed
