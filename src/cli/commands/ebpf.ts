// `ringbed ebpf exec`: raw bytecode as hex on standard input, r0 as hex on standard output. The convention of
// bpf_conformance's plug-ins, so its runner can drive this command; every failure is exit status 1.
import { readFileSync } from 'node:fs';
import { fromNative, RingbedError } from '../../errors/index.js';
import { loadNative } from '../../native/index.js';
import { note, print } from '../output.js';

export interface ExecFlags {
  memory?: string;
  program?: string;
  cpu: string;
  engine: 'interpreter' | 'jit';
  strict?: boolean;
  elf?: boolean;
}

const elfMagic = Uint8Array.of(0x7f, 0x45, 0x4c, 0x46).toString();

/** `memory` is the plug-in convention's argument; --memory says the same. */
export function ebpfExec(memory: string | undefined, more: readonly string[], flags: ExecFlags): number {
  try {
    const unexpected = more.find((argument) => argument.trim() !== '');
    if (unexpected !== undefined) {
      throw new RingbedError(
        'invalid',
        `unexpected argument '${unexpected}'`,
        'the memory is one argument: quote hex with blanks in it',
      );
    }
    const code = hexBytes(flags.program ?? readFileSync(0, 'utf8'), 'the program');
    if (flags.elf === true || code.subarray(0, 4).toString() === elfMagic) {
      throw new RingbedError(
        'invalid',
        'the program: an ELF object, not bytecode',
        'ringbed classifier run OBJECT, or the bytes of one section: llvm-objcopy -O binary --only-section=NAME',
      );
    }
    const bytes = hexBytes(flags.memory ?? memory ?? '', 'the memory');
    const { r0 } = loadNative().ebpfExec(code, bytes, {
      cpu: Number(flags.cpu.slice(1)),
      strict: flags.strict === true,
      jit: flags.engine === 'jit',
    });
    print(`${r0.toString(16)}\n`);
    return 0;
  } catch (thrown) {
    const error = fromNative(thrown);
    note(`ringbed: ${error.explain()}\n`);
    return 1;
  }
}

/** Digits in pairs, with white space and a 0x in front of a group tolerated; a digit by itself is a byte. */
export function hexBytes(text: string, what: string): Uint8Array {
  const bytes = text.replace(/(^|\s)0x/gi, '$1').replace(/(?<!\S)[0-9a-f](?!\S)/gi, '0$&');
  const digits = bytes.replace(/\s+/g, '');
  const wrong = /[^0-9a-f]/i.exec(digits);
  if (wrong !== null) {
    throw new RingbedError(
      'invalid',
      `${what}: '${wrong[0]}' is no hexadecimal digit`,
      'bytes as hex: 95 00 …',
    );
  }
  if (digits.length % 2 !== 0) {
    throw new RingbedError('invalid', `${what}: ${digits.length} hexadecimal digits are no whole bytes`);
  }
  return Uint8Array.from(Buffer.from(digits, 'hex'));
}
