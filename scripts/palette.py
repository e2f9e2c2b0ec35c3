"""Make a PNG small: 256 colours are enough for a page, and one byte for each pixel packs well."""

from __future__ import annotations

import base64
import struct
import zlib

from playwright.sync_api import Page

# A browser is at hand, and reads pictures faster than Python does. Rare colours count too: small icons have their own.
COUNTED = """async picture => {
    const image = await createImageBitmap(await (await fetch(picture)).blob());
    const canvas = new OffscreenCanvas(image.width, image.height), context = canvas.getContext("2d");
    context.drawImage(image, 0, 0);
    const pixels = new Uint32Array(context.getImageData(0, 0, image.width, image.height).data.buffer);
    const uses = new Map();
    for (const pixel of pixels) uses.set(pixel, (uses.get(pixel) || 0) + 1);
    const every = [...uses].sort((one, other) => other[1] - one[1] || one[0] - other[0]).map(([colour]) => colour);
    const split = colour => [colour & 255, colour >> 8 & 255, colour >> 16 & 255];
    const colours = every.map(split), wrong = every.map(() => Infinity), place = every.map(() => 0), palette = [];
    for (let next = 0; palette.length < 256 && next >= 0;) {
        palette.push(colours[next]);
        const [red, green, blue] = colours[next];
        colours.forEach(([r, g, b], at) => {
            const far = (r - red) ** 2 + (g - green) ** 2 + (b - blue) ** 2;
            if (far < wrong[at]) [wrong[at], place[at]] = [far, palette.length - 1];
        });
        // The next colour is the one that is missed most: by how much it is used, and how far the nearest is.
        let most = 0;
        next = -1;
        every.forEach((colour, at) => {
            const missed = wrong[at] * Math.sqrt(uses.get(colour));
            if (missed > most) [most, next] = [missed, at];
        });
    }
    const nearest = new Map(every.map((colour, at) => [colour, place[at]]));
    const places = Uint8Array.from(pixels, pixel => nearest.get(pixel));
    let text = "";
    for (let at = 0; at < places.length; at += 8192) text += String.fromCharCode(...places.subarray(at, at + 8192));
    return {palette: palette.flat(), places: btoa(text), width: image.width};
}"""


def small(page: Page, png: bytes) -> bytes:
    """The same picture with 256 colours; `page` is any empty page."""
    found = page.evaluate(COUNTED, f"data:image/png;base64,{base64.b64encode(png).decode()}")
    places, width = base64.b64decode(found["places"]), found["width"]
    rows = b"".join(b"\0" + places[at : at + width] for at in range(0, len(places), width))
    head = struct.pack(">IIBBBBB", width, len(places) // width, 8, 3, 0, 0, 0)
    pieces = ((b"IHDR", head), (b"PLTE", bytes(found["palette"])), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_piece(kind, content) for kind, content in pieces)


def _piece(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
