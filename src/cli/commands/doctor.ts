// `ringbed doctor`: what works on this machine, and for the rest why not and what would help.
import { RingbedError } from '../../errors/index.js';
import { loadNative, type MachineFacts, packageVersion } from '../../native/index.js';
import { bytes } from '../../report/format.js';
import { stringify } from '../../report/index.js';
import { paint, toAscii } from '../../report/style.js';
import { table } from '../../report/table.js';
import { describeHost } from '../../run/index.js';
import { lookOf, print } from '../output.js';
import { leftBehind, leftBehindText } from './nic.js';

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
  const machine = addon.available ? machineFindings(loadNative().machine()) : [];
  const nics = addon.available ? leftBehind() : [];
  if (flags.json) {
    const facts = { ringbed: packageVersion(), host, addon, backends, machine, nicsLeftBehind: nics };
    print(`${stringify({ schema: 'ringbed.doctor/1', ...facts })}\n`);
  } else {
    const look = lookOf(1);
    const left: Finding[] = nics.map((name) => ({
      name,
      available: false,
      text: 'settings left by a killed run',
      hint: leftBehindText(name),
    }));
    const findings = [addon, ...backends, ...machine, ...left];
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

// Locked memory that a live run of usual size takes: both ends' frames.
const usualMemlock = 64 * 2 ** 20;

function machineFindings(facts: MachineFacts): Finding[] {
  const { capabilities, memlockBytes, libbpf, libbpfRefusal, kernelTypes } = facts;
  const mayLock = memlockBytes === null || memlockBytes >= usualMemlock || held(capabilities, 'CAP_IPC_LOCK');
  return [
    ...capabilities.map(({ name, purpose, held }) => ({
      name,
      available: held,
      text: purpose,
      hint: `run as root, or with setpriv or setcap (README, without root): ${name.toLowerCase()}`,
    })),
    {
      name: 'locked memory',
      available: mayLock,
      text:
        memlockBytes === null
          ? 'no limit'
          : `${bytes(BigInt(memlockBytes))} at most${mayLock ? '' : ': too little for usual runs'}`,
      hint: 'ulimit -l unlimited, LimitMEMLOCK=infinity in a systemd unit, or CAP_IPC_LOCK',
    },
    {
      name: 'libbpf',
      available: libbpf !== '',
      text: libbpf === '' ? libbpfRefusal : `version ${libbpf.replace(/^v/, '')}, loads classifiers`,
      hint: 'apt-get install libbpf1, or libbpf-dev before ringbed is built',
    },
    {
      name: 'kernel types',
      available: kernelTypes,
      text: "BTF: names of the kernel's own drop reasons, and classifiers that need CO-RE",
      hint: 'boot a kernel that is built with CONFIG_DEBUG_INFO_BTF',
    },
  ];
}

const held = (rows: MachineFacts['capabilities'], name: string): boolean =>
  rows.some((row) => row.name === name && row.held);

function checkAddon(): Finding {
  try {
    const { version } = loadNative();
    return { name: 'addon', available: true, text: `the native core, version ${version}`, hint: '' };
  } catch (error) {
    if (!(error instanceof RingbedError)) throw error;
    return { name: 'addon', available: false, text: error.message.replace(/\n\s*/g, ' '), hint: error.hint };
  }
}
