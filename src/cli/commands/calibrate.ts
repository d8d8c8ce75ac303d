// `ringbed calibrate`: what the device's work costs on this host, as a profile for `--costs`.
import { hostname } from 'node:os';
import { fromNative } from '../../errors/index.js';
import { loadNative } from '../../native/index.js';
import { describeHost, writeFileAtomic } from '../../run/index.js';
import { formatCostsFile } from '../../scenario/index.js';
import { note, print } from '../output.js';

export async function calibrate(flags: { out?: string }): Promise<number> {
  note('measuring this host, about a second …\n');
  const costs = await loadNative()
    .calibrate()
    .catch((error: unknown) => {
      throw fromNative(error);
    });
  const { cpu, kernel, cores, arch } = describeHost();
  const host = { cpu, cores: String(cores), arch, kernel, measured: new Date().toISOString() };
  const rows = costs.map(({ name, ps }) => ({ name, ps: Number(ps) }));
  const text = formatCostsFile(`${cpu} (${hostname()})`, host, rows);
  if (flags.out === undefined) print(text);
  else {
    writeFileAtomic(flags.out, text);
    print(`${flags.out}: ${costs.length} costs; use them with --costs ${flags.out}\n`);
  }
  return 0;
}
