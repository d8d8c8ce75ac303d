// `ringbed decode`: the frames of a capture, a line each: JSON for programs, shorter for people at a
// terminal. The native core reads and dissects; this only passes the lines on or shortens them.
import { exitCodes, fromNative } from '../../errors/index.js';
import { type Decoder, loadNative } from '../../native/index.js';
import { note, print } from '../output.js';

const framesAtOnce = 512;

export function decode(path: string, flags: { json?: boolean }): number {
  const asJson = flags.json ?? !process.stdout.isTTY;
  const decoder = open(path === '-' ? '/dev/stdin' : path);
  try {
    for (let lines = decoder.next(framesAtOnce); lines !== null; lines = decoder.next(framesAtOnce)) {
      print(asJson ? lines : summaries(lines));
    }
    const problem = decoder.problem();
    if (problem === null) return 0;
    note(`ringbed: ${problem.message}\n${problem.hint === '' ? '' : `  hint: ${problem.hint}\n`}`);
    return exitCodes.io;
  } finally {
    decoder.close();
  }
}

function open(path: string): Decoder {
  try {
    return loadNative().openDecoder(path);
  } catch (error) {
    throw fromNative(error);
  }
}

interface Frame {
  frame: number;
  timeNs: string;
  length: number;
  layers: { protocol: string; fields?: Record<string, unknown> }[];
  problems: { rule: string }[];
  verdict: string;
}

function summaries(lines: string): string {
  return lines
    .trimEnd()
    .split('\n')
    .map((line) => `${summary(JSON.parse(line) as Frame)}\n`)
    .join('');
}

/** `1  1700000000.000000000  60  ethernet a > b | ipv4 a > b | udp 1 > 2 | ok` */
function summary({ frame, timeNs, length, layers, problems, verdict }: Frame): string {
  const digits = timeNs.padStart(10, '0');
  const seconds = `${digits.slice(0, -9)}.${digits.slice(-9)}`;
  const path = layers.map(({ protocol, fields = {} }) => {
    const from = fields.src ?? fields.srcPort ?? fields.senderIp;
    const to = fields.dst ?? fields.dstPort ?? fields.targetIp;
    return from === undefined ? protocol : `${protocol} ${from} > ${to}`;
  });
  const rules = problems.map((problem) => problem.rule).join(', ');
  return `${frame}  ${seconds}  ${length}  ${path.join(' | ')} | ${verdict}${rules === '' ? '' : `: ${rules}`}`;
}
