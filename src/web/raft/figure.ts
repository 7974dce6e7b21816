import { seconds } from './terms.js';
import type { PageModel } from './model.js';
import { linkTo } from './permalink.js';

const WIDTH = 1280;
const HEIGHT = 720;
const RING = 600;
const MARGIN = 24;
/** Pixels per unit of a PNG. */
const DENSITY = 2;
const LINK_CHARS = 150;

/** The properties that decide the look of a shape; written on it, they make a figure independent of the style sheet. */
const painted = [
  'fill',
  'stroke',
  'stroke-width',
  'stroke-dasharray',
  'stroke-linecap',
  'stroke-linejoin',
  'font-family',
  'font-size',
  'font-weight',
  'text-anchor',
  'paint-order',
  'opacity',
] as const;

/** Saves the picture of this moment under a name that ends in .png or .svg, in any case of letters. */
export async function saveFigure(model: PageModel, name: string): Promise<void> {
  const svg = await figureOf(model);
  const picture = new Blob([svg], { type: 'image/svg+xml' });
  download(name, /\.png$/i.test(name) ? await rasterOf(picture) : picture);
}

async function figureOf(model: PageModel): Promise<string> {
  const { world } = model;
  const { seed, servers, mode } = world.setup;
  const link = await linkTo(model.moment);
  const rules = mode === 'paper' ? 'as in the paper' : 'as shipped';
  const caption = `Raft, ${rules} · ${servers} servers · seed ${seed} · event ${world.position} · ${seconds(world.nowMs)}`;
  const ring = copyOf('ring', MARGIN, 10, RING, RING);
  const logs = copyOf('logs', RING + 3 * MARGIN, 40, WIDTH - RING - 4 * MARGIN, 320);
  const callsTop = 400;
  const paper = plainColour(getComputedStyle(document.body).backgroundColor);
  const ink = plainColour(getComputedStyle(document.body).color);
  const text = `font-family="sans-serif" fill="${ink}"`;
  const lines = Array.from({ length: Math.ceil(link.length / LINK_CHARS) }, (_, line) =>
    link.slice(line * LINK_CHARS, (line + 1) * LINK_CHARS),
  );
  const small = lines
    .slice(0, 4)
    .map((line, index) => `<tspan x="${MARGIN}" y="${662 + 14 * index}">${line}</tspan>`);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}">`,
    `<title>${caption}</title><desc>raft.html${link}</desc>`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="${paper}"/>`,
    ring,
    logs,
    `<text x="${MARGIN}" y="640" font-size="19" font-weight="600" ${text}>${caption}</text>`,
    ...callsOf(model).map(
      (line, index) =>
        `<text x="${RING + 3 * MARGIN}" y="${callsTop + 22 * index}" font-size="15" ${text}>${line}</text>`,
    ),
    `<text font-size="11" ${text}>${small.join('')}</text>`,
    '</svg>',
  ].join('\n');
}

/** The last calls of clients, a line each; the newest last. */
function callsOf({ world }: PageModel): string[] {
  return world.calls.all
    .slice(-8)
    .map(
      ({ label, server, outcome, atMs, endMs }) =>
        `client: ${label} at server ${server}: ${outcome}, ${seconds((endMs ?? world.nowMs) - atMs)}`,
    );
}

/** A picture of the page as text that stands for itself, at this place. */
function copyOf(id: string, x: number, y: number, width: number, height: number): string {
  const original = document.getElementById(id);
  if (original === null) throw new Error(`the page has no picture "${id}"`);
  const copy = original.cloneNode(true) as Element;
  // Only a user needs the grips of links and the selection.
  const wanted = (element: Element): boolean => element.closest('.grip, .halo') === null;
  const originals = [original, ...original.querySelectorAll('*')].filter(wanted);
  copy.querySelectorAll('.grip, .halo').forEach((element) => element.remove());
  [copy, ...copy.querySelectorAll('*')].forEach((element, position) => {
    const source = originals[position];
    if (source === undefined) return;
    const style = getComputedStyle(source);
    for (const name of painted) element.setAttribute(name, plainColour(style.getPropertyValue(name)));
    for (const name of ['style', 'class', 'tabindex', 'role']) element.removeAttribute(name);
  });
  const place = { x, y, width, height };
  for (const [name, value] of Object.entries(place)) copy.setAttribute(name, String(value));
  copy.setAttribute('preserveAspectRatio', 'xMidYMin meet');
  return new XMLSerializer().serializeToString(copy);
}

/** Other programs do not know `color(srgb ...)`, which is what mixed colours come out as. */
function plainColour(value: string): string {
  return value.replace(
    /color\(srgb ([\d.e-]+) ([\d.e-]+) ([\d.e-]+)(?: \/ [\d.]+)?\)/g,
    (_, ...parts: string[]) =>
      `rgb(${parts
        .slice(0, 3)
        .map((part) => Math.round(Number(part) * 255))
        .join(', ')})`,
  );
}

async function rasterOf(svg: Blob): Promise<Blob> {
  const address = URL.createObjectURL(svg);
  try {
    const image = new Image();
    image.src = address;
    await image.decode();
    const canvas = document.createElement('canvas');
    canvas.width = WIDTH * DENSITY;
    canvas.height = HEIGHT * DENSITY;
    canvas.getContext('2d')?.drawImage(image, 0, 0, canvas.width, canvas.height);
    return await new Promise((resolve, reject) => {
      canvas.toBlob(
        (blob) => (blob === null ? reject(new Error('the browser made no PNG')) : resolve(blob)),
        'image/png',
      );
    });
  } finally {
    URL.revokeObjectURL(address);
  }
}

function download(name: string, content: Blob): void {
  const address = URL.createObjectURL(content);
  const anchor = document.createElement('a');
  anchor.href = address;
  anchor.download = name;
  anchor.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
