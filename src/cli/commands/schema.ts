// `ringbed schema`: the JSON Schema that editors check and complete scenarios with.
import { jsonSchema } from '../../scenario/index.js';
import { print } from '../output.js';

export function schema(): number {
  print(`${JSON.stringify(jsonSchema(), null, 2)}\n`);
  return 0;
}
