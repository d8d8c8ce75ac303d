// A map of an object, its keys and values decoded by BTF. Per-CPU values are lists, a value a CPU.
import { RingbedError } from '../errors/index.js';
import type { BpfObject } from '../native/index.js';
import { type BtfInput, type BtfType, type BtfValue, decodeBtf, encodeBtf } from './btf.js';
import { native } from './native-call.js';

export interface MapFacts {
  name: string;
  /** As the kernel's tools name it: hash, percpu_array, … */
  type: string;
  keyBytes: number;
  valueBytes: number;
  maxEntries: number;
  flags: number;
  /** What the executor takes for it. */
  bytes: number;
  perCpu: boolean;
  frozen: boolean;
  /** What the object, or a scenario, puts into a prog_array or a map of maps. */
  slots: { index: number; target: string }[];
  key: BtfType;
  value: BtfType;
}

/** What a batch found. */
export interface MapBatch {
  entries: [BtfValue, BtfValue][];
  /** Where the next batch goes on; undefined: there is none. */
  cursor: Uint8Array | undefined;
}

const noExist = 1;
const noEntry = 2;
const enoSpace = 28;
const errors: Readonly<Record<number, string>> = {
  1: 'not permitted',
  2: 'no such entry',
  7: 'the map is full, or the index lies behind its end',
  9: 'no such map or program',
  17: 'the entry is there already',
  22: 'the map does not take this',
  28: 'the map is full',
  95: 'this kind of map does not do that',
  524: 'this kind of map does not do that',
};

export class BpfMap {
  readonly facts: MapFacts;
  readonly #object: BpfObject;
  readonly #index: number;

  /** @internal */
  constructor(object: BpfObject, index: number, facts: MapFacts) {
    this.#object = object;
    this.#index = index;
    this.facts = facts;
  }

  get name(): string {
    return this.facts.name;
  }

  /** The value, or undefined. A key is what BTF says, such as { saddr: '10.0.0.1' }, or bytes. */
  get(key: BtfInput): BtfValue | undefined {
    const bytes = this.getBytes(key);
    return bytes === undefined ? undefined : this.#decode(bytes);
  }

  /**
   * The bytes of a value, every CPU's one behind the other; undefined: no entry.
   * @throws RingbedError `invalid`, if the map cannot be read
   */
  getBytes(key: BtfInput): Uint8Array | undefined {
    const bytes = this.#key(key);
    return this.#found(
      'get',
      this.#call((object, index) => object.read(index, bytes)),
    );
  }

  /**
   * Writes an entry; for a per-CPU map a list, a value a CPU, or one value for all of them.
   * @throws RingbedError `invalid`, if the map refuses it or the value does not fit
   */
  set(key: BtfInput, value: BtfInput, how: 'any' | 'new' | 'old' = 'any'): void {
    const flags = how === 'any' ? 0 : how === 'new' ? noExist : 2;
    const [keyBytes, valueBytes] = [this.#key(key), this.#encode(value)];
    this.#check(
      'set',
      this.#call((object, index) => object.write(index, keyBytes, valueBytes, flags)),
    );
  }

  /** Removes an entry; false: there was none. */
  delete(key: BtfInput): boolean {
    const bytes = this.#key(key);
    const result = this.#call((object, index) => object.remove(index, bytes));
    if (result === -noEntry) return false;
    this.#check('delete', result);
    return true;
  }

  /** All entries, in the map's own order; what changes meanwhile may be seen or not. */
  *entries(): IterableIterator<[BtfValue, BtfValue]> {
    const most = this.facts.maxEntries;
    const behind = (key: Uint8Array | null) =>
      this.#found(
        'entries',
        this.#call((object, index) => object.nextKey(index, key)),
      );
    let key = behind(null);
    for (let seen = 0; key !== undefined && seen < most; seen++) {
      const bytes = this.getBytes(key);
      if (bytes !== undefined) yield [decodeBtf(this.facts.key, key), this.#decode(bytes)];
      key = behind(key);
    }
  }

  /**
   * Up to `count` entries in one call, from the start or from where an earlier batch's `cursor` says. A `cursor`
   * of undefined: that was the end. Cheaper than entries() on big maps, and an entry that goes meanwhile does not
   * send a hash back to its start. BPF_MAP_LOOKUP_BATCH.
   * @throws RingbedError `invalid`: the kind has no batches, or (hash kinds) not one bucket fits into `count`
   */
  lookupBatch(count: number, cursor?: Uint8Array): MapBatch {
    return this.#readBatch('lookupBatch', count, cursor, false);
  }

  /** The same, and the entries are gone from the map. Hash kinds only. BPF_MAP_LOOKUP_AND_DELETE_BATCH. */
  lookupAndDeleteBatch(count: number, cursor?: Uint8Array): MapBatch {
    return this.#readBatch('lookupAndDeleteBatch', count, cursor, true);
  }

  /**
   * Writes entries in one call; values as for set(). BPF_MAP_UPDATE_BATCH.
   * @throws RingbedError `invalid` at the first that the map refuses; those before it are written
   */
  updateBatch(entries: Iterable<readonly [BtfInput, BtfInput]>): void {
    const pairs = [...entries];
    const keys = joined(pairs.map(([key]) => this.#key(key)));
    const values = joined(pairs.map(([, value]) => this.#encode(value)));
    const result = this.#call((object, index) => object.writeBatch(index, keys, values));
    this.#checkBatch('updateBatch', result, pairs.length);
  }

  /**
   * Removes entries in one call. BPF_MAP_DELETE_BATCH.
   * @throws RingbedError `invalid` at the first that is not there; those before it are gone
   */
  deleteBatch(keys: Iterable<BtfInput>): void {
    const list = [...keys].map((key) => this.#key(key));
    const result = this.#call((object, index) => object.removeBatch(index, joined(list)));
    this.#checkBatch('deleteBatch', result, list.length);
  }

  /**
   * Events of a ringbuf as they come, decoded by `type` or as bytes. Ends when `signal` says so.
   * `intervalMs`: how often it looks.
   */
  async *events(
    options: { signal?: AbortSignal; intervalMs?: number } = {},
  ): AsyncIterableIterator<Uint8Array> {
    const { signal, intervalMs = 10 } = options;
    while (!signal?.aborted) {
      const events = this.drain();
      yield* events;
      if (events.length === 0) await pause(intervalMs, signal);
    }
  }

  /** Events since the last look. */
  drain(): Uint8Array[] {
    return this.#call((object, index) => object.drain(index));
  }

  #readBatch(what: string, count: number, cursor: Uint8Array | undefined, take: boolean): MapBatch {
    if (!Number.isSafeInteger(count) || count < 1)
      throw new RingbedError('invalid', `${what}: count is ${count}`, 'how many entries at most: 1, 2, …');
    // Room for one more than there can be, so that the end is seen.
    const room = Math.min(count, this.facts.maxEntries + 1);
    const read = this.#call((object, index) => object.readBatch(index, room, cursor ?? null, take));
    if (read.error === -enoSpace)
      throw new RingbedError(
        'invalid',
        `map ${this.name} (${this.facts.type}): ${what}: a bucket of the hash holds more than ${count} entries`,
        'ask for more entries at once',
      );
    const ended = read.error === -noEntry;
    if (!ended) this.#check(what, read.error);
    const { keyBytes, key: keyType } = this.facts;
    const valueBytes = read.values.length / room;
    const entries = Array.from({ length: read.count }, (_, at): [BtfValue, BtfValue] => [
      decodeBtf(keyType, read.keys.subarray(at * keyBytes, (at + 1) * keyBytes)),
      this.#decode(read.values.subarray(at * valueBytes, (at + 1) * valueBytes)),
    ]);
    return { entries, cursor: ended ? undefined : read.cursor };
  }

  #checkBatch(what: string, result: { error: number; count: number }, given: number): void {
    this.#check(`${what}: entry ${result.count} of ${given}`, result.error);
  }

  #key(key: BtfInput): Uint8Array {
    return encodeBtf(this.facts.key, key, `${this.name} key`);
  }

  #decode(bytes: Uint8Array): BtfValue {
    const { value, perCpu } = this.facts;
    if (!perCpu) return decodeBtf(value, bytes);
    const stride = Math.ceil(value.bytes / 8) * 8;
    return Array.from({ length: bytes.length / stride }, (_, cpu) =>
      decodeBtf(value, bytes.subarray(cpu * stride)),
    );
  }

  #encode(input: BtfInput): Uint8Array {
    const { value, perCpu } = this.facts;
    const at = `${this.name} value`;
    if (!perCpu) return encodeBtf(value, input, at);
    const stride = Math.ceil(value.bytes / 8) * 8;
    const whole = new Uint8Array(this.#call((object, index) => object.valueBytes(index)));
    const cpus = whole.length / stride;
    const list = Array.isArray(input) && value.kind !== 'array' ? input : undefined;
    if (list !== undefined && list.length !== cpus)
      throw new RingbedError('invalid', `${at} is a list of ${list.length}; expected ${cpus}, one a CPU`);
    for (let cpu = 0; cpu < cpus; cpu++)
      whole.set(encodeBtf(value, list === undefined ? input : (list[cpu] as BtfInput), at), cpu * stride);
    return whole;
  }

  #call<T>(call: (object: BpfObject, index: number) => T): T {
    return native(() => call(this.#object, this.#index));
  }

  /** What a lookup gave; undefined: there is none. */
  #found(what: string, result: Uint8Array | number): Uint8Array | undefined {
    if (typeof result !== 'number') return result;
    if (result !== -noEntry) this.#check(what, result);
    return undefined;
  }

  #check(what: string, result: number): void {
    if (result === 0) return;
    const why = errors[-result] ?? `errno ${-result}`;
    throw new RingbedError('invalid', `map ${this.name} (${this.facts.type}): ${what}: ${why}`);
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    function done() {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    }
    signal?.addEventListener('abort', done, { once: true });
  });
}
