// Is an output newer than everything it was made from? A fingerprint of the inputs' paths, sizes and
// modification times, kept in build/.stamps; looking at a few hundred files costs milliseconds, asking
// cmake or tsc costs hundreds.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './process.mjs';

/** Every file below `path` (or the file itself), sorted. Relative to the root. */
export function filesBelow(path) {
  const at = join(root, path);
  if (!existsSync(at)) return [];
  if (statSync(at).isFile()) return [path];
  return readdirSync(at, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) =>
      entry.isDirectory() ? filesBelow(join(path, entry.name)) : [join(path, entry.name)],
    );
}

function fingerprint(inputs, salt) {
  const hash = createHash('sha256').update(salt);
  for (const file of inputs.flatMap(filesBelow)) {
    const { size, mtimeMs } = statSync(join(root, file));
    hash.update(`${file}\0${size}\0${mtimeMs}\n`);
  }
  return hash.digest('hex');
}

/**
 * Runs `make` unless the outputs exist and neither the inputs nor `salt` changed since it last succeeded.
 * @returns {Promise<boolean>} whether it ran
 */
export async function onceFor(name, { inputs, outputs, salt = '' }, make) {
  const stamp = join(root, 'build/.stamps', name);
  const before = fingerprint(inputs, salt);
  if (
    existsSync(stamp) &&
    readFileSync(stamp, 'utf8') === before &&
    outputs.every((output) => existsSync(join(root, output)))
  ) {
    return false;
  }
  rmSync(stamp, { force: true });
  await make();
  mkdirSync(join(root, 'build/.stamps'), { recursive: true });
  writeFileSync(stamp, before);
  return true;
}
