// The look of terminal output: colours only where wanted, Unicode only where the terminal has it, and
// columns that stay aligned with either.

export interface Look {
  /** Columns of the terminal. */
  width: number;
  color: boolean;
  unicode: boolean;
}

const codes = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, blue: 34, magenta: 35, cyan: 36 };
export type Colour = keyof typeof codes;

/** Wraps text in a colour where colours are wanted. */
export function paint(look: Look, colour: Colour, text: string): string {
  return look.color && text !== '' ? `\u001b[${codes[colour]}m${text}\u001b[0m` : text;
}

/** How many columns a text takes; colour codes take none. */
export function columns(text: string): number {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the escape character is what starts a colour
  return [...text.replace(/\u001b\[\d+m/g, '')].length;
}

export function padStart(text: string, width: number): string {
  return ' '.repeat(Math.max(0, width - columns(text))) + text;
}

export function padEnd(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - columns(text)));
}

const plain: Record<string, string> = {
  µ: 'u',
  '·': '-',
  '✓': 'ok',
  '✗': '!!',
  '→': '->',
  '…': '...',
  Δ: 'd',
  '±': '+/-',
  '×': 'x',
  '≤': '<=',
  '≥': '>=',
  '─': '-',
};

/** Replaces what an ASCII terminal lacks. */
export function toAscii(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: everything outside ASCII
  return text.replace(/[^\x00-\x7f]/g, (char) => plain[char] ?? '?');
}

/** A bar of `share` (0..1) of `width` columns, in eighths of a column; anything above zero shows. */
export function bar(look: Look, share: number, width: number): string {
  if (!look.unicode) return '#'.repeat(Math.ceil(share * width));
  const eighths = Math.max(share > 0 ? 1 : 0, Math.round(share * width * 8));
  const rest = eighths % 8;
  return '█'.repeat(Math.floor(eighths / 8)) + (rest > 0 ? '▏▎▍▌▋▊▉'[rest - 1] : '');
}
