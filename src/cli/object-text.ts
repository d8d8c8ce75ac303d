// An eBPF object as people read it in a terminal: programs, stages, maps.
import type { ObjectFacts } from '../classifier/index.js';
import { bytesText, type Look, paint, table } from '../report/index.js';

export function renderObject(look: Look, facts: ObjectFacts, notes: readonly string[]): string {
  const slots = new Map(facts.stages.map((name, slot) => [name, slot] as const));
  const programs = facts.programs.map((program) => [
    program.name,
    program.type,
    program.section,
    program.name === facts.entry ? 'entry' : String(slots.get(program.name) ?? ''),
    String(program.instructions),
    program.verified > 0 ? String(program.verified) : '',
  ]);
  const maps = facts.maps.map((map) => [
    map.name,
    map.type,
    String(map.keyBytes),
    String(map.valueBytes),
    String(map.maxEntries),
    bytesText(map.bytes),
  ]);
  const total = facts.maps.reduce((sum, map) => sum + map.bytes, 0);
  const left = (title: string) => ({ title, align: 'left' as const });
  return `${[
    `${paint(look, 'bold', facts.object)}  license ${facts.license || '(none)'}`,
    '',
    paint(look, 'bold', 'Programs'),
    ...table(
      look,
      [
        left('program'),
        left('type'),
        left('section'),
        { title: 'slot' },
        { title: 'instructions' },
        { title: 'verified' },
      ],
      programs,
    ),
    '',
    `${paint(look, 'bold', 'Maps')}  ${bytesText(total)} in all`,
    ...table(
      look,
      [
        left('map'),
        left('type'),
        { title: 'key' },
        { title: 'value' },
        { title: 'entries' },
        { title: 'memory' },
      ],
      maps,
    ),
    ...notes.map((note) => paint(look, 'yellow', `note: ${note}`)),
  ].join('\n')}\n`;
}
