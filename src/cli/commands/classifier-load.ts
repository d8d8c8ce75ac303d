// `ringbed classifier load|swap|unload`: a classifier on an interface. `load` stays in the foreground and takes
// it off again when it ends, however it ends; with --pin it returns and the classifier stays.
import { resolve } from 'node:path';
import {
  type AttachMode,
  askLoaded,
  type Choice,
  ClaimedPlace,
  LoadedClassifier,
  placeOf,
  swapPinned,
  unloadPinned,
} from '../../classifier/index.js';
import { RingbedError } from '../../errors/index.js';
import { withInterrupt } from '../interrupt.js';
import { emitJson, type JsonFlag, jsonOnStdout } from '../json-output.js';
import { note, print } from '../output.js';
import { type ObjectFlags, objectOptions } from './classifier-flags.js';

export interface LoadFlags extends Omit<ObjectFlags, 'in'> {
  program?: string;
  on?: string;
  mode?: AttachMode;
  pin?: string;
  allowInterface?: string[];
  json?: JsonFlag;
}

export interface SwapFlags extends LoadFlags {
  slot?: string;
}

function choiceOf(object: string, flags: LoadFlags): Choice {
  const { type, maps, stages } = objectOptions(flags);
  return {
    object: resolveObject(object),
    program: flags.program,
    type,
    maps: maps ?? {},
    stages: stages ?? [],
  };
}

// A bare name may be the bundled object's; a path must not depend on the folder of who answers.
function resolveObject(object: string): string {
  return object.includes('/') ? resolve(object) : object;
}

export async function classifierLoad(object: string, flags: LoadFlags): Promise<number> {
  if (flags.on === undefined) throw new RingbedError('usage', 'where? --on IF or --on IF@NETNS');
  const place = placeOf(flags.on);
  // First: loading would replace what another process holds there.
  const claimed = await ClaimedPlace.claim(place);
  let loaded: LoadedClassifier | undefined;
  try {
    loaded = LoadedClassifier.load({
      ...choiceOf(object, flags),
      ...place,
      mode: flags.mode,
      allowed: flags.allowInterface?.includes(place.interface) ?? false,
      pin: flags.pin,
    });
    const what = `${loaded.entry} is on ${flags.on} (${loaded.mode})`;
    if (flags.pin !== undefined) {
      note(`${what}, pinned in ${flags.pin}; ringbed classifier unload --pin ${flags.pin} takes it off\n`);
      return 0;
    }
    note(`${what}; Ctrl-C takes it off\n`);
    const serving = loaded;
    await withInterrupt((signal) => claimed.serve(serving, signal));
  } finally {
    loaded?.close();
    claimed.release();
  }
  const stages = loaded.stages();
  emitJson(flags.json, { entry: loaded.entry, mode: loaded.mode, stages });
  if (!jsonOnStdout(flags.json)) print(table(stages));
  return 0;
}

function table(stages: ReturnType<LoadedClassifier['stages']>): string {
  return stages
    .map(({ slot, name, hits, misses, verdicts }, index) => {
      const where = index === stages.length - 1 ? 'entry' : String(slot);
      const counts = Object.entries(verdicts).map(([verdict, frames]) => ` · ${frames} ${verdict}`);
      return `${where.padStart(5)}  ${name}: ${hits} hits${misses > 0n ? ` · ${misses} misses` : ''}${counts.join('')}\n`;
    })
    .join('');
}

export async function classifierSwap(object: string, flags: SwapFlags): Promise<number> {
  const choice = choiceOf(object, flags);
  if (flags.slot !== undefined && !/^\d+$/.test(flags.slot))
    throw new RingbedError('usage', `--slot ${flags.slot} is no slot`, 'slots count from 0');
  const slot = flags.slot === undefined ? undefined : Number(flags.slot);
  if (flags.pin !== undefined) {
    swapPinned(flags.pin, { ...choice, slot });
    return 0;
  }
  const fresh = await askLoaded(placeOf(on(flags)), { do: 'swap', options: { ...choice, slot } });
  for (const name of fresh as string[])
    note(`map ${name} starts empty: the new classifier wants it otherwise\n`);
  return 0;
}

export async function classifierUnload(flags: { on?: string; pin?: string }): Promise<number> {
  if (flags.pin !== undefined) unloadPinned(flags.pin);
  else await askLoaded(placeOf(on(flags)), { do: 'unload' });
  return 0;
}

function on(flags: { on?: string }): string {
  if (flags.on !== undefined) return flags.on;
  throw new RingbedError('usage', 'which one? --on IF[@NETNS], or --pin DIR');
}
