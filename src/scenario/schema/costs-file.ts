// The schema of a cost profile.
import * as z from 'zod/mini';
import { maybe, object, type Type, typed } from './kit.js';
import { costs } from './network.js';
import { anyText, text } from './scalars.js';

export function costsFileSchema() {
  const words = z.record(z.string(), anyText()) as unknown as Type<Record<string, string>>;
  return object(
    {
      profile: text('a name for the profile', 200),
      host: maybe(words, 'where it was measured'),
      costs: typed(costs()) as Type<unknown>,
    },
    'a cost profile',
  );
}
