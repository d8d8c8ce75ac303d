// Values on the command line: parsed strictly, refused with what was expected.
import { InvalidArgumentError } from 'commander';

/** A whole number of at least 1. */
export function positive(text: string): number {
  const value = Number(text.replace(/_/g, ''));
  if (!/^[\d_]+$/.test(text) || value < 1 || value > 1_000_000) {
    throw new InvalidArgumentError('Expected a whole number from 1 to 1000000.');
  }
  return value;
}

/** A TCP port; 0: any. */
export function port(text: string): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535) {
    throw new InvalidArgumentError('Expected a port from 0 to 65535.');
  }
  return Number(text);
}

/** A whole number of at least 1, however large. */
export function countOf(text: string): number {
  const value = Number(text.replace(/_/g, ''));
  if (!/^[\d_]+$/.test(text) || value < 1 || !Number.isSafeInteger(value))
    throw new InvalidArgumentError('Expected a whole number of at least 1.');
  return value;
}

/** PATH=VALUE, collected in order. */
export function assignment(text: string, before: string[] = []): string[] {
  if (!/^[^=]+=/.test(text))
    throw new InvalidArgumentError('Expected PATH=VALUE, for instance device.pool.size=512.');
  return [...before, text];
}

/** Names, collected in order. */
export function names(text: string, before: string[] = []): string[] {
  return [...before, text];
}

/** PATH=V1,V2,…, collected in order. */
export function axis(text: string, before: string[] = []): string[] {
  if (!/^[^=]+=./.test(text)) {
    throw new InvalidArgumentError('Expected PATH=V1,V2,…, for instance device.pool.size=256,512,1024.');
  }
  return [...before, text];
}

/** A word as a POSIX shell reads it back. */
export function shellQuote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replace(/'/g, "'\\''")}'`;
}

/** `--json scenario.yaml` means `--json` and a scenario: nobody writes a report over a scenario. */
export function disentangleJson(args: readonly string[]): string[] {
  return args.map((arg, i) => (arg === '--json' && /\.ya?ml$/.test(args[i + 1] ?? '') ? '--json=-' : arg));
}
