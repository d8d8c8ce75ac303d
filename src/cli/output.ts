// Standard output and error, written synchronously: what was written is out before the next thing
// happens, a closed pipe ends the command quietly, and a full disk is an error instead of a short file.
import { writeSync } from 'node:fs';
import { isatty } from 'node:tty';
import { RingbedError } from '../errors/index.js';
import type { Look } from '../report/index.js';

/** The reader of standard output has gone (`| head`): nothing is left to do. */
export class OutputClosed extends Error {}

function writeAll(file: 1 | 2, text: string): void {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(file, bytes, at);
    } catch (error) {
      // A pipe that somebody made non-blocking is full: wait for its reader.
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    }
  }
}

/** Writes a result. @throws OutputClosed when nobody reads; RingbedError when it cannot be written */
export function print(text: string): void {
  try {
    writeAll(1, text);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'EPIPE') throw new OutputClosed();
    const full = code === 'ENOSPC' || code === 'EDQUOT';
    throw new RingbedError(
      full ? 'resource' : 'io',
      `cannot write standard output: ${full ? 'the disk is full' : message}`,
      full ? 'free some space, or send the output elsewhere' : '',
      { cause: error },
    );
  }
}

/** Writes a message. Standard error that cannot be written is no reason to fail. */
export function note(text: string): void {
  try {
    writeAll(2, text);
  } catch {
    // Nobody is left to be told.
  }
}

/** How output on a file descriptor should look: terminal, environment and locale decide. */
export function lookOf(file: 1 | 2): Look {
  const terminal = isatty(file);
  const { NO_COLOR, FORCE_COLOR, TERM, COLUMNS, LC_ALL, LC_CTYPE, LANG } = process.env;
  const stream = file === 1 ? process.stdout : process.stderr;
  const width = (terminal ? stream.columns : undefined) || Number(COLUMNS) || 80;
  const wanted = FORCE_COLOR !== undefined && FORCE_COLOR !== '0' ? true : terminal && TERM !== 'dumb';
  return {
    width: Math.max(40, width),
    color: wanted && (NO_COLOR === undefined || NO_COLOR === ''),
    unicode: /utf-?8/i.test(LC_ALL || LC_CTYPE || LANG || ''),
  };
}
