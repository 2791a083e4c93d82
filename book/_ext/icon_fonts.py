"""Font Awesome cut down to the icons in use, inside the stylesheet that shows them."""

import base64
import io
import logging
import re
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

logging.getLogger("fontTools.subset").setLevel(logging.WARNING)  # else a line for each table
FONTS = {  # what the stylesheet calls it, and its weight: the file
    ("Font Awesome 6 Free", 900): "fa-solid-900.ttf",
    ("Font Awesome 6 Free", 400): "fa-regular-400.ttf",
    ("Font Awesome 6 Brands", 400): "fa-brands-400.ttf",
}
THEIRS = re.compile(r"Font Awesome Free [\d.]+ by")
FACE = re.compile(r"@font-face\s*\{[^}]*\}")
ICON = re.compile(r'((?:\.fa-[\w-]+:{1,2}before,?)+)\{content:"\\?([^"]+)"\}')
ESCAPED = re.compile(r"\\([0-9a-fA-F]{4})\b")
PRIVATE = re.compile("[\ue000-\uf8ff]")  # where fonts keep icons


def cut_down(texts: list[str], names: set[str], static: Path) -> list[str]:
    """The stylesheets, with Font Awesome's one (if it is there) reduced to what is in use.

    Parameters
    ----------
    texts : stylesheets
    names : icons that pages name, such as "house" (others' names do no harm)
    static : the folder whose `vendor/fontawesome` has the fonts
    """
    folders = sorted(static.glob("vendor/fontawesome/*/webfonts"))
    theirs = next((i for i, text in enumerate(texts) if THEIRS.search(text[:400])), None)
    if theirs is None or not folders:
        return texts
    others = "".join(texts[:theirs] + texts[theirs + 1 :])
    signs = {int(code, 16) for code in ESCAPED.findall(others)}
    signs |= {ord(sign) for sign in PRIVATE.findall(others)}

    def needed(rule: re.Match) -> str:
        if names.isdisjoint(re.findall(r"\.fa-([\w-]+):", rule[1])):
            return ""
        sign = rule[2]
        signs.add(int(sign, 16) if len(sign) > 1 else ord(sign))
        return rule[0]

    rules = ICON.sub(needed, FACE.sub("", texts[theirs]))
    faces = [
        face(family, weight, folders[-1] / file, signs) for (family, weight), file in FONTS.items()
    ]
    return [*texts[:theirs], "\n".join(filter(None, faces)) + rules, *texts[theirs + 1 :]]


def face(family: str, weight: int, file: Path, signs: set[int]) -> str:
    """A rule with a font of those signs which the file has; nothing if it has none."""
    font = TTFont(file, recalcTimestamp=False)
    wanted = signs & set(font.getBestCmap())
    if not wanted:
        return ""
    cutter = subset.Subsetter(subset.Options(hinting=False, layout_features=[], name_IDs=[0, 13]))
    cutter.populate(unicodes=wanted)
    cutter.subset(font)
    font.flavor = "woff"
    made = io.BytesIO()
    font.save(made)
    data = base64.b64encode(made.getvalue()).decode()
    return (
        f'@font-face{{font-family:"{family}";font-style:normal;font-weight:{weight};'
        f'font-display:block;src:url("data:font/woff;base64,{data}") format("woff")}}'
    )
