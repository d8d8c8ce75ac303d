// Files that are whole or absent: written beside their place, flushed to the disk, then renamed. Whoever
// reads the path sees the old content or the new, and a full disk leaves nothing half-written.
import {
  accessSync,
  closeSync,
  constants,
  fsyncSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { RingbedError } from '../errors/index.js';

/** Writes the whole of `content`, or throws and leaves the path as it was. */
export function writeFileAtomic(path: string, content: string | Uint8Array): void {
  try {
    if (isSpecial(path)) {
      writeThrough(path, content);
      return;
    }
    const temporary = `${path}.${process.pid}.tmp`;
    try {
      writeThrough(temporary, content);
      renameSync(temporary, path);
    } catch (error) {
      rmSync(temporary, { force: true });
      throw error;
    }
  } catch (error) {
    throw fileError(error, 'write', path);
  }
}

/** Before the work that the content takes: whether the file can be written. @throws as writeFileAtomic() */
export function prepareFile(path: string): void {
  try {
    if (isSpecial(path)) return;
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) throw systemError('EISDIR');
    accessSync(dirname(path), constants.W_OK | constants.X_OK);
  } catch (error) {
    throw fileError(error, 'write', path);
  }
}

const systemError = (code: string) => Object.assign(new Error(code), { code });

// /dev/stdout, a pipe, a terminal: there is nothing to rename onto.
function isSpecial(path: string): boolean {
  const found = statSync(path, { throwIfNoEntry: false });
  return found !== undefined && !found.isFile() && !found.isDirectory();
}

function writeThrough(path: string, content: string | Uint8Array): void {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  const file = openSync(path, 'w');
  try {
    for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
    try {
      fsyncSync(file);
    } catch (error) {
      // Devices and pipes cannot be flushed.
      if ((error as NodeJS.ErrnoException).code !== 'EINVAL') throw error;
    }
  } finally {
    closeSync(file);
  }
}

const explanations: Record<string, [message: string, hint: (path: string) => string]> = {
  ENOENT: ['no such file or folder', (path) => `the folder ${dirname(path)} must exist`],
  EACCES: ['permission denied', () => 'choose a place that you may write to'],
  EPERM: ['not permitted', () => 'choose a place that you may write to'],
  EROFS: ['the file system is read-only', () => 'choose a place that you may write to'],
  EISDIR: ['it is a folder', () => 'name a file'],
  ENOTDIR: ['a part of the path is no folder', () => 'check the path'],
  EEXIST: ['it exists and is no folder', () => 'choose another name'],
  ENOSPC: ['the disk is full', () => 'free some space, or choose another place'],
  EDQUOT: ['the disk quota is used up', () => 'free some space, or choose another place'],
};

/** A system error about a file as a RingbedError: `io`, or `resource` where the disk is full. */
export function fileError(error: unknown, verb: 'read' | 'write', path: string): RingbedError {
  if (error instanceof RingbedError) return error;
  const { code = '', message } = error as NodeJS.ErrnoException;
  const [text, hint] = explanations[code] ?? [message, () => ''];
  const full = code === 'ENOSPC' || code === 'EDQUOT';
  const hintText =
    verb === 'read' && code === 'ENOENT' ? 'check the path' : verb === 'read' ? '' : hint(path);
  return new RingbedError(full ? 'resource' : 'io', `cannot ${verb} ${path}: ${text}`, hintText, {
    cause: error,
  });
}
