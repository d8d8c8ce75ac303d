// The schema of the classifier: which object, which of its programs in which slot, and what the bundled
// stages are told. Whether the object has such programs is checked when it is loaded: only it knows.

import * as z from 'zod/mini';
import { either, isMap, key, list, map, maybe, object, type Type, typed, typeIssue } from './kit.js';
import { count, framesPerSecond, text, timeIn, word } from './scalars.js';

/** Tail calls that the kernel allows a packet (MAX_TAIL_CALL_CNT). */
export const mostStages = 33;

const verdicts = ['ring', 'kernel', 'drop'] as const;

function options() {
  return object({
    match: key(word(verdicts), 'stage port: frames for the target'),
    otherwise: key(word(verdicts), 'stage port: all other frames'),
    limit: key(framesPerSecond(), 'stage limit: frames a second from one source; 0: no limit'),
    burst: key(count({ min: 1, max: 65_536 }, 'frames'), 'stage limit: frames at once'),
    every: key(count({ max: 2 ** 32 - 1 }, 'frames'), 'stage sample: one frame in so many; 0: none'),
  });
}

const mostSlots = 1024;

/** By slot, '' where none stands. */
function stages(): Type<string[]> {
  const program = text('the name of a program');
  const inOrder = list(
    program,
    `a list of at most ${mostStages} stages, or { SLOT: PROGRAM }`,
    0,
    mostStages,
  );
  const slots = z.record(z.string(), program) as unknown as Type<Record<string, string>>;
  const bySlot = map(slots, (programs, fail) => {
    const names: string[] = [];
    const expected = `slots from 0 to ${mostSlots - 1}, at most ${mostStages} of them`;
    for (const [slot, name] of Object.entries(programs)) {
      if (/^\d{1,4}$/.test(slot) && Number(slot) < mostSlots) names[Number(slot)] = name;
      else fail([slot], { problem: 'is no slot', expected });
    }
    if (Object.keys(programs).length > mostStages) fail([], { problem: 'has more stages', expected });
    return Array.from(names, (name) => name ?? '');
  });
  return either<string[]>([inOrder, bySlot], (value) => (isMap(value) ? 1 : 0));
}

function overrides(): Type<Record<string, { maxEntries: number }>> {
  const one = typed(
    object({ maxEntries: count({ min: 1, max: 2 ** 32 - 1 }, 'entries') }, 'a map of the object'),
  );
  const record = z.record(z.string(), one, {
    error: (issue) => typeIssue(issue, issue.input, 'maps by name, such as { flows: { maxEntries: 4096 } }'),
  });
  return record as unknown as Type<Record<string, { maxEntries: number }>>;
}

export function classifier() {
  return object(
    {
      object: text('the path of an eBPF object'),
      stages: key(stages(), 'programs for the slots of the prog_array: in order, or { SLOT: PROGRAM }'),
      program: maybe(text('the name of a program'), 'the entry; default: the program that is no stage'),
      type: maybe(word(['xdp', 'tc'] as const), 'of programs whose section does not say'),
      progArray: maybe(text('the name of a map'), 'the map of the stages; default: the only prog_array'),
      maps: key(overrides(), "sizes to use instead of the object's own"),
      instruction: key(
        timeIn('fs', { max: 1e15 }),
        'for each executed instruction, besides costs.classifier',
      ),
      swaps: key(
        count({ max: 1_000_000 }, 'swaps'),
        'live worlds: loaded anew so often, to take its own place while frames flow',
      ),
      swapEvery: key(timeIn('ns', { max: 3_600e9 }), 'between two swaps; 0: one behind the other'),
      options: key(typed(options()), 'what the bundled stages are told'),
    },
    'a classifier',
  );
}
