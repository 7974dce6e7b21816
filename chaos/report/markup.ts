/** HTML that is safe to put into a page as it stands. */
export interface Markup {
  readonly markup: string;
}

type Part = Markup | string | number | undefined | readonly Part[];

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** For text and for quoted attributes. Control characters, which no HTML can carry, become visible. */
export function escapeText(text: string): string {
  return text
    .replace(/[&<>"']/g, (character) => entities[character] ?? '')
    .replace(/\p{Cc}/gu, (character) => (/[\n\t]/.test(character) ? character : '\u{fffd}'));
}

/**
 * A template whose parts are escaped unless they are markup themselves: a text of the record cannot become a tag by
 * forgetting to escape it. (Not named `html`: the formatter would then change the spaces in it.)
 */
export function markup(strings: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  let text = strings[0] ?? '';
  parts.forEach((part, index) => {
    text += rendered(part) + (strings[index + 1] ?? '');
  });
  return { markup: text };
}

/** Text that is known to be safe: our own styles and script, never anything of the record. */
export function trusted(text: string): Markup {
  return { markup: text };
}

function rendered(part: Part): string {
  if (part === undefined) return '';
  if (typeof part === 'string') return escapeText(part);
  if (typeof part === 'number') return String(part);
  return 'markup' in part ? part.markup : part.map(rendered).join('');
}
