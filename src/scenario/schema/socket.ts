// The schema of what kernel sockets are asked for, at either end of a live world.
import { either, key, map, object, type Type, typed } from './kit.js';
import { count, flag, timeIn, word } from './scalars.js';

/** `off`, or how long a receive call may drive the driver, in nanoseconds. */
function busyPoll(): Type<'off' | number> {
  const time = map(timeIn('ns', { min: 1_000, max: 1e9 }), (ns) => ns as 'off' | number);
  return either<'off' | number>([word(['off'] as const), time], (value) => (value === 'off' ? 0 : 1));
}

export function socket() {
  return typed(
    object({
      gso: key(flag(), 'send datagrams of one flow and size as one (UDP_SEGMENT)'),
      gro: key(flag(), 'receive such as one (UDP_GRO)'),
      busyPoll: key(busyPoll(), 'receive calls drive the driver: off, or for so long (SO_PREFER_BUSY_POLL)'),
      budget: key(count({ min: 1, max: 65_535 }, 'frames'), 'frames a busy poll'),
    }),
  );
}
