// Whole files or none.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RingbedError } from '../../../src/errors/index.js';
import { writeFileAtomic } from '../../../src/run/index.js';

let top: string;
beforeEach(() => {
  top = mkdtempSync(join(tmpdir(), 'ringbed-file-'));
});
afterEach(() => rmSync(top, { recursive: true }));

function failure(path: string): RingbedError {
  try {
    writeFileAtomic(path, 'x');
  } catch (error) {
    return error as RingbedError;
  }
  throw new Error('it was written');
}

describe('writeFileAtomic', () => {
  it('writes, replaces and leaves nothing beside', () => {
    const path = join(top, 'a.json');
    writeFileAtomic(path, 'one');
    writeFileAtomic(path, new Uint8Array([0x74, 0x77, 0x6f]));
    expect(readFileSync(path, 'utf8')).toBe('two');
    expect(readdirSync(top)).toEqual(['a.json']);
  });

  it('says that the disk is full (a resource: exit code 4)', () => {
    const error = failure('/dev/full');
    expect(error).toBeInstanceOf(RingbedError);
    expect(error.code).toBe('resource');
    expect(error.message).toBe('cannot write /dev/full: the disk is full');
  });

  it('names a folder that is missing, and one that stands in the place of the file', () => {
    expect(failure(join(top, 'no/such/file')).hint).toContain('no/such must exist');
    mkdirSync(join(top, 'folder'));
    expect(failure(join(top, 'folder')).message).toContain('it is a folder');
    expect(readdirSync(top)).toEqual(['folder']);
  });

  it('leaves the old content when it fails', () => {
    const path = join(top, 'kept');
    writeFileSync(path, 'old');
    // The temporary file cannot be made where a folder of its name stands.
    mkdirSync(`${path}.${process.pid}.tmp`);
    expect(() => writeFileAtomic(path, 'new')).toThrow(RingbedError);
    expect(readFileSync(path, 'utf8')).toBe('old');
  });
});
