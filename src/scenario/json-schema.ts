// The JSON Schema of a scenario, for editors: generated from the schema that validates it.
import * as z from 'zod/mini';
import { descriptions, jsonFormOf } from './schema/kit.js';
import { scenarioSchema } from './schema/scenario.js';

function requiredKeys(schema: z.core.$ZodType): string[] {
  const { shape } = schema._zod.def as { shape?: Record<string, z.core.$ZodType> };
  return Object.entries(shape ?? {}).flatMap(([key, inner]) =>
    inner._zod.def.type === 'optional' ? [] : [key],
  );
}

/** JSON Schema (draft 2020-12) of a scenario file; accepts quantities with units. */
export function jsonSchema(): Record<string, unknown> {
  const schema = z.toJSONSchema(scenarioSchema(), {
    io: 'input',
    unrepresentable: 'any',
    metadata: descriptions,
    override: ({ zodSchema, jsonSchema: json }) => {
      const form = jsonFormOf(zodSchema);
      if (form !== undefined) Object.assign(json, form);
      // A reader function takes anything, `undefined` too, so zod holds its key for optional.
      const required = requiredKeys(zodSchema);
      if (required.length > 0) json.required = required;
    },
  });
  return { ...schema, title: 'ringbed scenario', required: ['traffic'] } as Record<string, unknown>;
}
