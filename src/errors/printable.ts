// Text that comes from a file or from somebody's machine, for a terminal.

// Controls of ASCII and of Latin-1 (C0 and C1), but tab and line feed: a terminal would obey them.
// biome-ignore lint/suspicious/noControlCharactersInRegex: those are what is looked for
const controls = /[\0-\x08\x0b-\x1f\x7f-\x9f]/g;

/** Whether a terminal shows the text as it is. */
export function isPrintable(text: string): boolean {
  return text.search(controls) < 0;
}

/** The text with its control characters written out: `\x1b[2J`. */
export function printable(text: string): string {
  return text.replace(controls, (one) => `\\x${one.charCodeAt(0).toString(16).padStart(2, '0')}`);
}
