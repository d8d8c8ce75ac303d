// The files that a scenario names, relative to it. Only these are read; captures count in the digest by
// their contents.
import { createHash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { RingbedError } from '../errors/index.js';
import type { Problem } from './schema/kit.js';

export interface FileFacts {
  /** Absolute. */
  readonly path: string;
  readonly bytes: number;
}

export interface Fingerprint extends FileFacts {
  readonly sha256: Uint8Array;
}

/** Objects that ship with ringbed. */
export const bundledObjects: readonly string[] = ['classifier.bpf.o'];

/** Where a bundled object lies; undefined for any other name. */
export function bundledObject(name: string): string | undefined {
  return bundledObjects.includes(name)
    ? fileURLToPath(new URL(`../../csrc/classifier/${name}`, import.meta.url))
    : undefined;
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'may not be read by this user',
  EISDIR: 'is a directory',
  ENOTDIR: 'lies below something that is no directory',
  ELOOP: 'is a circle of symbolic links',
  ENAMETOOLONG: 'is too long a name',
};

/** Why a file cannot be read, for people. */
export function whyUnreadable(error: unknown): string {
  const code = (error as NodeJS.ErrnoException | null)?.code ?? '';
  return reasons[code] ?? `cannot be read (${code === '' ? String((error as Error)?.message) : code})`;
}

// Reads a capture piece by piece: it may be larger than memory.
const pieceBytes = 1 << 20;

function withFile<T>(
  path: string,
  use: (descriptor: number, bytes: number) => T,
  pipes = false,
): T | Problem {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(path, 'r');
    const facts = fstatSync(descriptor);
    // A pipe or device has no contents that a repeat could read again.
    if (!facts.isFile() && !(pipes && facts.isFIFO()))
      return { problem: `"${path}" is ${facts.isDirectory() ? 'a directory' : 'no regular file'}` };
    return use(descriptor, facts.size);
  } catch (error) {
    return { problem: `"${path}": ${whyUnreadable(error)}` };
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

/** Path, size and SHA-256 of a file, or what is wrong with it. O(size). */
export function fingerprint(file: string, baseDir: string): Fingerprint | Problem {
  const path = resolve(baseDir, file);
  return withFile(path, (descriptor, bytes) => {
    const hash = createHash('sha256');
    const piece = Buffer.allocUnsafe(Math.min(pieceBytes, Math.max(1, bytes)));
    for (let length = readSync(descriptor, piece); length > 0; length = readSync(descriptor, piece)) {
      hash.update(piece.subarray(0, length));
    }
    return { path, bytes, sha256: new Uint8Array(hash.digest()) };
  });
}

/** Reads a text file, or what comes through a pipe (`<(…)`), whole, at most `limit` bytes. Error: io. */
export function readText(path: string, limit: number, what: string): string {
  const read = (descriptor: number, bytes: number) => {
    const tooLarge = { problem: `"${path}" is larger than ${Math.floor(limit / 1024)} KiB` };
    if (bytes > limit) return tooLarge;
    const buffer = Buffer.alloc(limit + 1);
    let length = 0;
    for (let more = -1; more !== 0 && length < buffer.length; length += more)
      more = readSync(descriptor, buffer, length, buffer.length - length, null);
    if (length > limit) return tooLarge;
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(buffer.subarray(0, length));
    } catch {
      return { problem: `"${path}" is not UTF-8 text` };
    }
  };
  const text = withFile(path, read, true);
  if (typeof text === 'string') return text;
  throw new RingbedError(
    'io',
    `${what} ${text.problem}`,
    'check the path; it is relative to the current directory',
  );
}
