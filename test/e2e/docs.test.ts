// What the documentation shows is true: its scenarios are valid, its commands exist.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseScenario } from '../../src/scenario/index.js';
import { ringbed, root } from './cli.js';

const pages = ['README.md', 'docs/scenario.md', 'docs/report.md', 'docs/captures.md'];
const read = (page: string): string => readFileSync(join(root, page), 'utf8');
const blocks = pages.flatMap((page) =>
  [...read(page).matchAll(/```yaml\n([\s\S]*?)```/g)].map((match, index) => ({
    name: `${page} ${index + 1}`,
    text: match[1] as string,
  })),
);
const traffic = 'traffic: [{ name: feed, to: 10.0.0.2:8080, rate: 1kpps }]\n';

describe('documentation', () => {
  it.each(blocks)('$name is a valid scenario', ({ text }) => {
    expect(() => parseScenario(text.includes('traffic:') ? text : traffic + text)).not.toThrow();
  });

  it('names only commands and flags that exist', () => {
    const help = ringbed(['--help']).stdout;
    const commands = [...help.matchAll(/^ {2}(\w+) /gm)].map((match) => match[1] as string);
    const helps = new Map(commands.map((command) => [command, ringbed([command, '--help']).stdout]));
    for (const page of pages) {
      for (const [text, command = '', rest = ''] of read(page).matchAll(
        /(?:`|npx )ringbed (\w+)([^`\n]*)/g,
      )) {
        expect(commands, `${page}: ${text}`).toContain(command);
        for (const flag of rest.match(/--[a-z-]+/g) ?? [])
          expect(helps.get(command), `${page}: ${text}`).toContain(flag);
      }
    }
  });
});
