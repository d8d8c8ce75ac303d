// The flags that every command with an eBPF object has: where it runs and what is changed of it.
import type { ObjectOptions } from '../../classifier/index.js';
import { RingbedError } from '../../errors/index.js';
import type { ExecutorName } from '../../native/index.js';

export interface ObjectFlags {
  in?: string;
  type?: 'xdp' | 'tc';
  map?: string[];
  stages?: string;
}

const executors: readonly ExecutorName[] = ['vm', 'jit', 'kernel'];

/** `--in vm,jit,kernel` */
export function executorsOf(flags: ObjectFlags): ExecutorName[] {
  return (flags.in ?? 'vm').split(',').map((name) => {
    const found = executors.find((executor) => executor === name);
    if (found !== undefined) return found;
    throw new RingbedError(
      'usage',
      `--in ${name}: no such executor`,
      `one or several of ${executors.join(',')}`,
    );
  });
}

/** `--type`, `--map NAME=ENTRIES`, `--stages a,b` */
export function objectOptions(flags: ObjectFlags): ObjectOptions {
  const maps = (flags.map ?? []).map((text): [string, number] => {
    const [, name, entries] = /^([^=]+)=(\d+)$/.exec(text) ?? [];
    if (name !== undefined && Number(entries) > 0 && Number(entries) < 2 ** 32)
      return [name, Number(entries)];
    throw new RingbedError('usage', `--map ${text} does not say how many entries`, '--map flows=4096');
  });
  return {
    type: flags.type,
    maps: Object.fromEntries(maps),
    stages: flags.stages === undefined ? [] : flags.stages.split(','),
  };
}
