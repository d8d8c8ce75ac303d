// `ringbed nic list`: the network interfaces, what of them a run can use, and what killed runs have left;
// `ringbed nic restore` puts that back.
import { baseFolders } from '../../control/index.js';
import { loadNative, type NicRow } from '../../native/index.js';
import { stringify } from '../../report/index.js';
import { toAscii } from '../../report/style.js';
import { table } from '../../report/table.js';
import { lookOf, print } from '../output.js';

/** Interfaces that killed runs have left changed, as far as this user may know. */
export function leftBehind(): string[] {
  const native = loadNative();
  return [...new Set(baseFolders().flatMap((folder) => native.nicsLeftBehind(folder)))];
}

export const leftBehindText = (name: string): string =>
  `a killed run has left settings of ${name} changed: \`ringbed nic restore\` puts them back now, the next run on a NIC does, too`;

/** `ringbed nic restore`: what the next run would do first. */
export function nicRestore(flags: { json?: boolean }): number {
  const native = loadNative();
  const told = baseFolders().flatMap((folder) => native.restoreNics(folder));
  if (flags.json) print(`${stringify({ schema: 'ringbed.nic-restore/1', told })}\n`);
  else print(told.length === 0 ? 'no run has left anything changed\n' : `${told.join('\n')}\n`);
  return leftBehind().length === 0 ? 0 : 4;
}

export function nicList(flags: { json?: boolean }): number {
  const rows = loadNative().nics();
  const left = leftBehind();
  if (flags.json) {
    const nics = rows.map((row) => ({
      ...row,
      usable: obstacle(row) === '',
      obstacle: obstacle(row),
      leftBehind: left.includes(row.name),
    }));
    print(`${stringify({ schema: 'ringbed.nics/1', nics })}\n`);
    return 0;
  }
  if (rows.length === 0) {
    print('no network interface but loopback\n');
    return 0;
  }
  const look = lookOf(1);
  const heads = [
    { title: 'interface' },
    { title: 'driver', align: 'left' as const },
    { title: 'link', align: 'left' as const },
    { title: 'queues' },
    { title: 'rings', align: 'left' as const, expendable: 2 },
    { title: 'XDP', align: 'left' as const },
    { title: 'NUMA', expendable: 1 },
    { title: 'timestamps', align: 'left' as const, expendable: 3 },
    { title: 'for a run', align: 'left' as const },
  ];
  const cells = rows.map((row) => [
    row.name,
    row.driver || '-',
    link(row),
    queues(row),
    row.rings === null || row.rings.maxRx === 0 ? '-' : `${row.rings.rx} of ${row.rings.maxRx}`,
    xdp(row),
    row.numaNode === null ? '-' : String(row.numaNode),
    timestamps(row),
    obstacle(row) || 'ready',
  ]);
  const text = [...table(look, heads, cells), ...left.map(leftBehindText), ''].join('\n');
  print(look.unicode ? text : toAscii(text));
  return 0;
}

function link({ up, carrier, speedMbps, mtu }: NicRow): string {
  if (!up) return 'down';
  if (!carrier) return 'no carrier';
  const speed =
    speedMbps === null ? 'up' : speedMbps >= 1000 ? `${speedMbps / 1000} Gb/s` : `${speedMbps} Mb/s`;
  return `${speed}, MTU ${mtu}`;
}

function queues({ queues: now, channels }: NicRow): string {
  const most = channels === null ? 0 : channels.maxCombined || channels.maxRx;
  return most > now ? `${now} of ${most}` : String(now);
}

function xdp({ xdp: features }: NicRow): string {
  if (features === null) return 'not told';
  if (!features.native) return 'generic only';
  const words = ['native'];
  if (features.zeroCopy) words.push('zero-copy');
  if (features.multiBuffer) words.push('multi-buffer');
  return words.join(', ');
}

function timestamps({ hardwareTimestamps: { rx, tx, ptp } }: NicRow): string {
  const ways = [...(rx ? ['rx'] : []), ...(tx ? ['tx'] : [])];
  if (ways.length === 0) return '-';
  return `${ways.join('+')}${ptp === null ? '' : ` (ptp${ptp})`}`;
}

/** Why a run would refuse the interface; empty when it would not. */
function obstacle({ up, carrier, defaultRoute, xdpPrograms }: NicRow): string {
  if (!up) return 'refused: down';
  if (!carrier) return 'refused: no carrier';
  if (defaultRoute) return 'refused: carries a default route';
  return xdpPrograms > 0 ? 'busy: an XDP program is attached' : '';
}
