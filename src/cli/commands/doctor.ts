// `ringbed doctor`: what works on this machine, and for the rest why not and what would help.
import { RingbedError } from '../../errors/index.js';
import { loadNative, packageVersion } from '../../native/index.js';
import { stringify } from '../../report/index.js';
import { paint, toAscii } from '../../report/style.js';
import { table } from '../../report/table.js';
import { describeHost } from '../../run/index.js';
import { lookOf, print } from '../output.js';

interface Finding {
  name: string;
  available: boolean;
  text: string;
  hint: string;
}

/** Exit status 4 if the addon does not load: nothing runs then. A missing backend is no failure. */
export function doctor(flags: { json?: boolean }): number {
  const host = describeHost();
  const addon = checkAddon();
  const backends: Finding[] = addon.available
    ? loadNative().tables.backends.map(({ name, text, available, reason, hint }) => ({
        name,
        available,
        text: available ? text : reason,
        hint,
      }))
    : [];
  if (flags.json) {
    print(`${stringify({ schema: 'ringbed.doctor/1', ringbed: packageVersion(), host, addon, backends })}\n`);
  } else {
    const look = lookOf(1);
    const findings = [addon, ...backends];
    const rows = findings.map(({ name, available, text }) => [
      name,
      available ? paint(look, 'green', '✓') : paint(look, 'red', '✗'),
      text,
    ]);
    const heads = [{ title: '' }, { title: '' }, { title: '', align: 'left' as const }];
    const hints = findings
      .filter(({ available, hint }) => !available && hint !== '')
      .map(({ name, hint }) => `  ${name}: ${hint}`);
    const text = [
      `${paint(look, 'bold', `ringbed ${packageVersion()}`)}  ${host.cpu}, ${host.cores} cores · ${host.kernel} · node ${host.node}`,
      ...table(look, heads, rows).slice(1),
      ...(hints.length === 0 ? [] : ['', 'To get the rest:', ...hints]),
      '',
    ].join('\n');
    print(look.unicode ? text : toAscii(text));
  }
  return addon.available ? 0 : 4;
}

function checkAddon(): Finding {
  try {
    const { version } = loadNative();
    return { name: 'addon', available: true, text: `the native core, version ${version}`, hint: '' };
  } catch (error) {
    if (!(error instanceof RingbedError)) throw error;
    return { name: 'addon', available: false, text: error.message.replace(/\n\s*/g, ' '), hint: error.hint };
  }
}
