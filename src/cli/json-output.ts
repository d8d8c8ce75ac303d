// `--json [FILE]`: to standard output, which then holds nothing else, or to a file.
import { stringify } from '../report/index.js';
import { prepareFile, writeFileAtomic } from '../run/index.js';
import { print } from './output.js';

/** The flag's value: absent, bare (or `-`), or a file. */
export type JsonFlag = string | true | undefined;

/** Is standard output the place for JSON? */
export function jsonOnStdout(flag: JsonFlag): boolean {
  return flag === true || flag === '-';
}

/** Before the work: whether there is a place for the file. @throws RingbedError `io` */
export function prepareJson(flag: JsonFlag): void {
  if (flag !== undefined && !jsonOnStdout(flag)) prepareFile(flag as string);
}

/** Writes `value` where the flag says; nothing without the flag. */
export function emitJson(flag: JsonFlag, value: unknown): void {
  if (flag === undefined) return;
  const text = `${stringify(value)}\n`;
  if (flag === true || flag === '-') print(text);
  else writeFileAtomic(flag, text);
}
