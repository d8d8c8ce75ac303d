// `ringbed classifier show OBJECT`: what is in an object. The memory is the VM's account of what the kernel
// charges; with the kernel at hand, the verifier's complexity too. Needs no privilege.
import { BpfObject, describeObject, type ObjectFacts } from '../../classifier/index.js';
import { fromNative } from '../../errors/index.js';
import { emitJson, type JsonFlag, jsonOnStdout } from '../json-output.js';
import { renderObject } from '../object-text.js';
import { lookOf, print } from '../output.js';
import { type ObjectFlags, objectOptions } from './classifier-flags.js';

export function classifierShow(object: string, flags: ObjectFlags & { json?: JsonFlag }): number {
  const options = objectOptions(flags);
  const notes: string[] = [];
  let facts = describeObject(object, options);
  const vm = attempt(object, { ...options, in: 'vm' }, notes, 'the VM');
  if (vm !== undefined) facts = vm;
  const kernel = attempt(object, { ...options, in: 'kernel' }, notes, 'the kernel');
  if (kernel !== undefined) {
    const verified = new Map(kernel.programs.map((program) => [program.name, program.verified]));
    facts.programs = facts.programs.map((program) => ({
      ...program,
      verified: verified.get(program.name) ?? 0,
    }));
  }
  for (const { name, kernelOnly } of facts.programs) {
    if (kernelOnly.length === 0) continue;
    notes.push(`program ${name} calls ${kernelOnly.join(', ')}: only a kernel has that (--in kernel)`);
  }
  const mapBytes = facts.maps.reduce((sum, map) => sum + map.bytes, 0);
  emitJson(flags.json, { ...facts, mapBytes, notes });
  if (!jsonOnStdout(flags.json)) print(renderObject(lookOf(1), facts, notes));
  return 0;
}

function attempt(
  object: string,
  options: Parameters<typeof BpfObject.open>[1],
  notes: string[],
  where: string,
): ObjectFacts | undefined {
  try {
    const open = BpfObject.open(object, options);
    open.close();
    return open.facts;
  } catch (thrown) {
    notes.push(`${where}: ${fromNative(thrown).message}`);
    return undefined;
  }
}
