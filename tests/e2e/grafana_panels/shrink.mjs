// Rewrites a PNG with 64 colours, a few of which are enough for flat pictures.
import { readFileSync, writeFileSync } from 'node:fs';
import UPNG from 'upng-js';

const [, , path] = process.argv;
const picture = UPNG.decode(readFileSync(path));
const pixels = UPNG.toRGBA8(picture)[0];
writeFileSync(path, Buffer.from(UPNG.encode([pixels], picture.width, picture.height, 64)));
