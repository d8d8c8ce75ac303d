// Where this package lives: the same two folders up from src/ and from dist/.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Absolute, with a slash at the end. */
export const packageRoot = fileURLToPath(new URL('../../', import.meta.url));

let version: string | undefined;

/** The version of package.json. */
export function packageVersion(): string {
  version ??= (JSON.parse(readFileSync(`${packageRoot}package.json`, 'utf8')) as { version: string }).version;
  return version;
}
