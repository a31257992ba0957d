#!/bin/sh
# A report opened in Chromium without a window, light and dark: it is drawn, asks for nothing outside
# itself and has nothing to complain about. Pictures of it are left in $VXG_PAGES where that is set.
cd "$(dirname "$0")/../.." || exit 1
suite=pages_chromium
VXG_BUILD=${VXG_BUILD:-build-test}
[ -x "$VXG_BUILD/bin/voxgrad" ] || VXG_BUILD=build
. tests/tools/cli.sh
for name in chromium chromium-browser google-chrome; do
    browser=$(command -v "$name") && break
done
if [ -z "${browser:-}" ]; then
    skip all "no chromium here (Debian: chromium)"
    exit 0
fi
if [ ! -x "$V" ]; then
    skip all "no $V: build first"
    exit 0
fi
command -v python3 >/dev/null || {
    skip all "python3 is not installed"
    exit 0
}
pages=${VXG_PAGES:-$W}
mkdir -p "$pages"
$V simulate -q -o "$W/scan.h5" -p shepp-logan-modified --views 90 --rows 24 --cols 128 --pixel 0.25 --unit mm >/dev/null 2>&1 ||
    $V simulate -q -o "$W/scan.h5" --views 90 --rows 24 --cols 128 --pixel 0.25 --unit mm >/dev/null
$V recon "$W/scan.h5" -o "$W/out" -c 63.5 --device cpu -q -a fista-tv --weight 0.01 --iterations 12 --report >/dev/null || {
    fail recon "no page"
    exit 1
}
page=$W/out/report.html
open_page() { # NAME options: draws the page; messages in $W/NAME.log
    name=$1
    shift
    timeout 120 "$browser" --headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage --no-first-run \
        --user-data-dir="$W/.profile" --enable-logging=stderr --v=0 --hide-scrollbars --window-size=1100,3400 \
        "$@" "file://$page" >"$W/$name.out" 2>"$W/$name.log"
}
open_page light --screenshot="$pages/light.png"
open_page dark --blink-settings=preferredColorScheme=0 --screenshot="$pages/dark.png"
open_page dom --dump-dom
# gray PIXELS: the mean of the corner pixels of a picture, and how many shades there are
look() { # FILE: "mean shades" of an 8-bit PNG
    python3 - "$1" <<'TXT'
import struct, sys, zlib
raw = open(sys.argv[1], 'rb').read()
at, data = 8, b''
while at < len(raw):
    n, kind = struct.unpack('>I4s', raw[at:at + 8])
    if kind == b'IHDR': width, height, bits, colour = struct.unpack('>IIBB', raw[at + 8:at + 18])
    if kind == b'IDAT': data += raw[at + 8:at + 8 + n]
    at += 12 + n
step = {2: 3, 6: 4}[colour]
data, before, shades, corner = zlib.decompress(data), bytearray(width * step), set(), 0
for y in range(height):
    f, line = data[y * (width * step + 1)], bytearray(data[y * (width * step + 1) + 1:(y + 1) * (width * step + 1)])
    for i in range(len(line)):
        a, b, c = (line[i - step] if i >= step else 0), before[i], (before[i - step] if i >= step else 0)
        p = a + b - c
        paeth = a if abs(p - a) <= abs(p - b) and abs(p - a) <= abs(p - c) else b if abs(p - b) <= abs(p - c) else c
        line[i] = (line[i] + (0, a, b, (a + b) // 2, paeth)[f]) & 255
    if y == 5: corner = sum(line[15:18]) / 3
    if y % 7 == 0: shades.update(line[::step])
    before = line
print(int(corner), len(shades), width, height)
TXT
}
drawn() { # FILE LEAST MOST: the ground's brightness, and enough shades for pictures to be there
    # shellcheck disable=SC2046
    set -- "$@" $(look "$1")
    echo "$@"
    [ "$4" -ge "$2" ] && [ "$4" -le "$3" ] && [ "$5" -gt 100 ]
}
check light "the page is not drawn on light ground" drawn "$pages/light.png" 240 255
check dark "the page is not drawn on dark ground" drawn "$pages/dark.png" 5 60
quiet() { ! grep -hE 'CONSOLE|Refused to|net::ERR|ERR_[A-Z]+' "$W/light.log" "$W/dark.log" "$W/dom.log"; }
check quiet "the browser complains" quiet
dom() {
    grep -q '<h2 id="s1">Warnings</h2>' "$W/dom.out" && [ "$(grep -o '<polyline' "$W/dom.out" | wc -l)" -ge 2 ] &&
        [ "$(grep -o '<img' "$W/dom.out" | wc -l)" = 4 ] && ! grep -q 'parsererror' "$W/dom.out"
}
check dom "the browser reads another page" dom
exit $failed
