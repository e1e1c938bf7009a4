"""Draw placeholder photos for the demonstration: plain scenes, each marked as made up."""

import io
import random

from PIL import Image, ImageDraw

SIZE = (960, 720)
_SKY, _GROUND = (176, 205, 232), (150, 150, 146)
_MARK = "DEMO / made up"


def draw_scene(name: str, seed: int, *, after: bool = False) -> bytes:
    """Return a JPEG of the scene, slightly different for each `seed`; `after`: the problem is gone."""
    rng = random.Random(f"{name}-{seed}")
    picture = Image.new("RGB", SIZE, _SKY)
    draw = ImageDraw.Draw(picture)
    shade = rng.randint(-14, 14)
    draw.rectangle((0, 430, *SIZE), fill=tuple(c + shade for c in _GROUND))
    for at in range(0, SIZE[0], 240):
        top = rng.randint(170, 300)
        draw.rectangle((at, top, at + rng.randint(150, 220), 430), fill=(198 + shade, 196 + shade, 190 + shade))
        for row in range(top + 20, 400, 46):
            draw.rectangle((at + 20, row, at + 60, row + 24), fill=(120, 144, 168))
            draw.rectangle((at + 86, row, at + 126, row + 24), fill=(120, 144, 168))
    if not after:
        _SCENES.get(name, _boxes)(draw, rng)
    else:
        draw.line((60, 560, 900, 560), fill=(240, 240, 236), width=10)
    draw.rectangle((0, SIZE[1] - 44, SIZE[0], SIZE[1]), fill=(20, 24, 32))
    draw.text((16, SIZE[1] - 32), f"{_MARK} · {name} {seed}{' · after' if after else ''}", fill=(255, 255, 255))
    target = io.BytesIO()
    picture.save(target, "JPEG", quality=78)
    return target.getvalue()


def _boxes(draw: ImageDraw.ImageDraw, rng: random.Random) -> None:
    for n in range(7):
        left, top = 120 + n * 95 + rng.randint(-20, 20), 420 + rng.randint(0, 90)
        draw.rectangle((left, top, left + 110, top + 100), fill=(176, 132, 78), outline=(110, 78, 40), width=4)


def _cars(draw: ImageDraw.ImageDraw, rng: random.Random) -> None:
    for n in range(4):
        left, top = 80 + n * 210 + rng.randint(-20, 20), 440 + rng.randint(0, 50)
        body = rng.choice([(184, 60, 52), (52, 92, 160), (232, 232, 230), (70, 76, 84)])
        draw.rounded_rectangle((left, top, left + 180, top + 110), 14, fill=body)
        draw.rectangle((left + 120, top + 14, left + 168, top + 54), fill=(190, 214, 232))
        for wheel in (left + 24, left + 118):
            draw.ellipse((wheel, top + 86, wheel + 44, top + 130), fill=(28, 28, 30))


def _smoke(draw: ImageDraw.ImageDraw, rng: random.Random) -> None:
    draw.rectangle((560, 180, 620, 430), fill=(150, 90, 70))
    for n in range(26):
        x, y, r = 590 + n * 11 + rng.randint(-20, 20), 170 - n * 5 + rng.randint(-14, 14), 24 + n * 2
        grey = 60 + n * 4
        draw.ellipse((x - r, y - r, x + r, y + r), fill=(grey, grey, grey))


def _water(draw: ImageDraw.ImageDraw, rng: random.Random) -> None:
    colour = rng.choice([(150, 70, 60), (96, 110, 70), (120, 120, 96)])
    draw.polygon([(0, 520), (960, 470), (960, 640), (0, 676)], fill=colour)
    for n in range(14):
        y = 510 + n * 11
        draw.line((rng.randint(0, 300), y, rng.randint(400, 960), y - 24), fill=tuple(c + 24 for c in colour), width=3)


def _people(draw: ImageDraw.ImageDraw, rng: random.Random) -> None:
    for n in range(11):
        x, y = 90 + n * 74 + rng.randint(-12, 12), 400 + rng.randint(0, 60)
        coat = rng.choice([(60, 84, 130), (130, 60, 60), (70, 110, 80), (90, 90, 98)])
        draw.ellipse((x, y, x + 40, y + 44), fill=(222, 184, 150))
        draw.rounded_rectangle((x - 14, y + 44, x + 54, y + 170), 16, fill=coat)


def _wires(draw: ImageDraw.ImageDraw, rng: random.Random) -> None:
    for n in range(5):
        x = 180 + n * 140 + rng.randint(-20, 20)
        draw.line((x, 190, x + rng.randint(-60, 60), 500), fill=(30, 30, 34), width=6)
        draw.rectangle((x - 24, 490, x + 40, 520), fill=(240, 240, 236), outline=(60, 60, 64), width=3)


_SCENES = {"road": _cars, "smoke": _smoke, "river": _water, "crowd": _people, "wire": _wires, "barrel": _boxes}
