// An eBPF object made real in the VM, as native code, or in the kernel (loaded, attached to nothing, gone
// with close()): programs to try on frames, maps to read and write.
import { existsSync } from 'node:fs';
import { RingbedError } from '../errors/index.js';
import { type ExecutorName, type BpfObject as Handle, loadNative } from '../native/index.js';
import { bundledObject } from '../scenario/index.js';
import { BpfMap, type MapFacts } from './map.js';
import { native } from './native-call.js';

export interface ObjectOptions {
  /** Default: vm. */
  in?: ExecutorName;
  /** For sections that do not say what type of program they hold. */
  type?: 'xdp' | 'tc' | undefined;
  /** Sizes instead of the object's own. */
  maps?: Readonly<Record<string, number>>;
  /** Programs for the slots of the prog_array, in order. */
  stages?: readonly string[];
  progArray?: string | undefined;
}

export interface ProgramFacts {
  name: string;
  section: string;
  type: string;
  instructions: number;
  /** Helpers and kernel functions that it calls and that are not simulated: 'helper 169 (bpf_timer_init)'. */
  kernelOnly: string[];
  /** Instructions that the kernel's verifier went through; 0 elsewhere. */
  verified: number;
}

export interface ObjectFacts {
  object: string;
  license: string;
  /** The program that is no stage; '' where that is not clear. */
  entry: string;
  stages: string[];
  programs: ProgramFacts[];
  maps: MapFacts[];
}

export interface TestRun {
  verdict: number;
  /** XDP_PASS, TC_ACT_OK, …; the number where it has none. */
  name: string;
  /** Metadata, if there is any, and the frame as the program left it. */
  frame: Uint8Array;
  instructions: bigint;
  /** Kernel only. */
  ns: number;
  /** Why the VM stopped the program; '' where it did not. */
  fault: string;
}

export class BpfProgram {
  readonly facts: ProgramFacts;
  readonly #object: Handle;

  /** @internal */
  constructor(object: Handle, facts: ProgramFacts) {
    this.#object = object;
    this.facts = facts;
  }

  /** One frame. @throws RingbedError `invalid` for a frame that the kernel does not take */
  testRun(frame: Uint8Array): TestRun {
    if (!(frame instanceof Uint8Array))
      throw new RingbedError('invalid', 'testRun: the frame is no Uint8Array', 'Buffer.from(text, "hex")');
    const result = native(() => this.#object.run(this.facts.name, frame));
    if (result === null)
      throw new RingbedError('invalid', `the kernel does not run a frame of ${frame.length} bytes`);
    return result;
  }
}

export class BpfObject {
  readonly #handle: Handle;
  readonly facts: ObjectFacts;
  readonly programs: ReadonlyMap<string, BpfProgram>;
  readonly maps: ReadonlyMap<string, BpfMap>;

  private constructor(handle: Handle) {
    this.#handle = handle;
    this.facts = JSON.parse(handle.describe()) as ObjectFacts;
    this.programs = new Map(this.facts.programs.map((facts) => [facts.name, new BpfProgram(handle, facts)]));
    this.maps = new Map(
      this.facts.maps.map((facts, index) => [facts.name, new BpfMap(handle, index, facts)]),
    );
  }

  /** @throws RingbedError: the object, the verifier, what this machine lacks */
  static open(path: string, options: ObjectOptions = {}): BpfObject {
    return new BpfObject(openHandle(path, options.in ?? 'vm', options));
  }

  /** @throws RingbedError `invalid` with the names that there are */
  program(name = this.facts.entry): BpfProgram {
    const found = this.programs.get(name);
    if (found !== undefined) return found;
    throw noSuch('program', name, [...this.programs.keys()]);
  }

  /** @throws RingbedError `invalid` with the names that there are */
  map(name: string): BpfMap {
    const found = this.maps.get(name);
    if (found !== undefined) return found;
    throw noSuch('map', name, [...this.maps.keys()]);
  }

  close(): void {
    this.#handle.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

function noSuch(what: string, name: string, known: string[]): RingbedError {
  return new RingbedError(
    'invalid',
    name === '' ? `which ${what} is meant is not clear` : `the object has no ${what} ${name}`,
    `its ${what}s: ${known.join(', ') || 'none'}`,
  );
}

/** What is in an object, without making it real. */
export function describeObject(path: string, options: ObjectOptions = {}): ObjectFacts {
  const handle = openHandle(path, null, options);
  return JSON.parse(handle.describe()) as ObjectFacts;
}

/** A path, or the bare name of an object that ships with ringbed. */
export function objectPath(path: string): string {
  return existsSync(path) ? path : (bundledObject(path) ?? path);
}

/** @internal */
export function nativeOptions(options: Omit<ObjectOptions, 'in'>) {
  return {
    type: options.type ?? '',
    maps: Object.entries(options.maps ?? {}).map(([name, size]) => ({
      name,
      maxEntries: whole(`maps.${name}`, size, 1, 0xffff_ffff),
    })),
    stages: [...(options.stages ?? [])],
    progArray: options.progArray ?? '',
  };
}

/** A number as native code takes it. @throws RingbedError `invalid` */
export function whole(name: string, value: number, least: number, most: number): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new RingbedError('invalid', `${name}: ${value}; expected a whole number from ${least} to ${most}`);
}

function openHandle(path: string, executor: ExecutorName | null, options: ObjectOptions): Handle {
  return native(() => loadNative().openBpfObject(objectPath(path), executor, nativeOptions(options)));
}
