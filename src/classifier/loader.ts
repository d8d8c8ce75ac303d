// A classifier on an interface: loaded by this process, which stays and answers on a Unix socket of its own,
// or pinned into a BPF file system and found there. One socket an interface, in a folder that only this user
// can enter; a request and its answer are a line of JSON each.
//
//   classifier load ──── holds the link ──── classifier-IF@NS.sock ◀── {"do":"swap", …} ── classifier swap
//                                                                  ◀── {"do":"unload"} ─── classifier unload
import { chmodSync, existsSync, mkdirSync, rmSync, statSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type ErrorCode, exitCodes, fromNative, RingbedError } from '../errors/index.js';
import { type LoadedClassifier as Handle, type LoadedStage, loadNative } from '../native/index.js';
import { isAnswered } from '../run/index.js';
import { nativeOptions, objectPath } from './object.js';

/** What is loaded. */
export interface Choice {
  object: string;
  /** The entry; default: the program that is no stage. With `slot`: the stage. */
  program?: string | undefined;
  type?: 'xdp' | 'tc' | undefined;
  maps?: Readonly<Record<string, number>>;
  stages?: readonly string[];
  progArray?: string | undefined;
}

/** Where. */
export interface Place {
  interface: string;
  /** A name of `ip netns`, or a path; default: the one of this process. */
  namespace?: string | undefined;
}

export type AttachMode = 'native' | 'generic' | 'tc' | 'tcx';

export interface LoadOptions extends Choice, Place {
  /** Default: native, else generic. */
  mode?: AttachMode | undefined;
  /** Also on an interface with a default route. */
  allowed?: boolean;
  /** A folder in a BPF file system: the classifier stays when the process ends. */
  pin?: string | undefined;
}

export interface SwapOptions extends Choice {
  /** Replaces this stage alone. */
  slot?: number | undefined;
}

/** IF or IF@NETNS */
export function placeOf(text: string): Place {
  const at = text.indexOf('@');
  return at < 0 ? { interface: text } : { interface: text.slice(0, at), namespace: text.slice(at + 1) };
}

export class LoadedClassifier {
  readonly #handle: Handle;
  /** Where it is: native, generic, tc or tcx. */
  readonly mode: string;
  #entry: string;
  /** What was counted until it was taken off. */
  #final: LoadedStage[] | undefined;

  private constructor(handle: Handle) {
    this.#handle = handle;
    this.mode = handle.mode;
    this.#entry = handle.entry;
  }

  /** The entry program's name; a swap may bring another. */
  get entry(): string {
    return this.#entry;
  }

  /** @throws RingbedError `invalid` for the object, the verifier's refusal, the interface; `unavailable` */
  static load(options: LoadOptions): LoadedClassifier {
    const { mode = '', allowed = false, pin = '', interface: name, namespace = '' } = options;
    const place = { interface: name, namespace, mode, allowed, pin: pin && resolve(pin) };
    return new LoadedClassifier(native(() => loadNative().loadClassifier({ ...plain(options), ...place })));
  }

  /** In one step while frames flow; on an error the old one goes on. Returns the maps that start empty. */
  swap(options: SwapOptions): string[] {
    return native(() => {
      const fresh = this.#handle.swap(plainSwap(options));
      this.#entry = this.#handle.entry;
      return fresh;
    });
  }

  /** The stages' counters as they are now, the entry last; after close() as they were at the end. */
  stages(): LoadedStage[] {
    return this.#final ?? native(() => this.#handle.stages());
  }

  /** Takes it off the interface, unless it is pinned. */
  close(): void {
    if (this.#final !== undefined) return;
    native(() => {
      this.#handle.detach();
      this.#final = this.#handle.stages();
      this.#handle.close();
    });
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** Replaces a classifier that is pinned in `folder`, whoever loaded it. */
export function swapPinned(folder: string, options: SwapOptions): void {
  native(() => loadNative().swapPinned(resolve(folder), plainSwap(options)));
}

/** Takes a pinned classifier off its interface, and the folder away. */
export function unloadPinned(folder: string): void {
  native(() => loadNative().unloadPinned(resolve(folder)));
}

function plain(choice: Choice) {
  const { object, program = '' } = choice;
  return {
    object: existsSync(object) ? resolve(object) : objectPath(object),
    program,
    ...nativeOptions(choice),
  };
}

function plainSwap({ slot, ...choice }: SwapOptions) {
  return { ...plain(choice), ...(slot === undefined ? {} : { slot }) };
}

function native<Value>(call: () => Value): Value {
  try {
    return call();
  } catch (thrown) {
    throw fromNative(thrown);
  }
}

// --- the socket of a process that has loaded one ----------------------------------------------------------

type Request = { do: 'swap'; options: SwapOptions } | { do: 'unload' } | { do: 'stages' };
type Answer = { ok: true; value: unknown } | { ok: false; code: ErrorCode; message: string; hint: string };

const longestLine = 1 << 20;

function socketPath({ interface: name, namespace }: Place): string {
  const folder = join(process.env.XDG_RUNTIME_DIR ?? tmpdir(), `ringbed-${process.getuid?.() ?? 0}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  chmodSync(folder, 0o700);
  return join(folder, `classifier-${name.replace(/[^\w.-]/g, '_')}@${namespaceId(namespace)}.sock`);
}

// By its inode, not by its name: one may have several names, and the same name of an interface stands for
// another one in each namespace.
function namespaceId(namespace = '/proc/self/ns/net'): string {
  const path = namespace.includes('/') ? namespace : join('/run/netns', namespace);
  const found = statSync(path, { throwIfNoEntry: false });
  return found === undefined ? namespace.replace(/[^\w.-]/g, '_') : String(found.ino);
}

/** An interface that no other process of this user has a classifier on, to be claimed before one is loaded. */
export class ClaimedPlace {
  readonly #server: Server;
  readonly #path: string;

  private constructor(server: Server, path: string) {
    this.#server = server;
    this.#path = path;
  }

  /** @throws RingbedError `invalid` when another process has one there */
  static async claim(place: Place): Promise<ClaimedPlace> {
    const path = socketPath(place);
    const server = createServer();
    await listen(server, path);
    return new ClaimedPlace(server, path);
  }

  /** Answers requests for `loaded` until `signal` is raised or one of them unloads it. */
  async serve(loaded: LoadedClassifier, signal: AbortSignal): Promise<void> {
    await new Promise<void>((done) => {
      signal.addEventListener('abort', () => done(), { once: true });
      if (signal.aborted) done();
      this.#server.on('connection', (socket) => {
        readLine(socket)
          .then((line) => {
            const request = JSON.parse(line) as Request;
            socket.end(`${JSON.stringify(answer(loaded, request), bigints)}\n`);
            if (request.do === 'unload') socket.once('close', done);
          })
          .catch(() => socket.destroy());
      });
    });
  }

  release(): void {
    this.#server.close();
    rmSync(this.#path, { force: true });
  }
}

const bigints = (_: string, value: unknown): unknown =>
  typeof value === 'bigint' ? value.toString() : value;

function answer(loaded: LoadedClassifier, request: Request): Answer {
  try {
    switch (request.do) {
      case 'swap':
        return { ok: true, value: loaded.swap(request.options) };
      case 'stages':
        return { ok: true, value: loaded.stages() };
      case 'unload':
        loaded.close();
        return { ok: true, value: null };
      default:
        throw new RingbedError('invalid', `no such request: ${JSON.stringify(request)}`);
    }
  } catch (thrown) {
    const { code, message, hint } = fromNative(thrown);
    return { ok: false, code, message, hint };
  }
}

// A socket that nobody answers on was left by a process that was killed.
async function listen(server: Server, path: string): Promise<void> {
  for (const retry of [true, false]) {
    try {
      await new Promise<void>((done, failed) => {
        server.once('error', failed);
        server.listen(path, () => {
          server.removeListener('error', failed);
          done();
        });
      });
      chmodSync(path, 0o600);
      return;
    } catch (error) {
      if (!retry || (await isAnswered(path))) {
        throw new RingbedError('invalid', `another ringbed has a classifier there (${path})`, '', {
          cause: error,
        });
      }
      rmSync(path, { force: true });
    }
  }
}

function readLine(socket: Socket): Promise<string> {
  return new Promise((done, failed) => {
    let text = '';
    socket.setEncoding('utf8');
    socket.on('data', (part: string) => {
      text += part;
      const end = text.indexOf('\n');
      if (end >= 0) done(text.slice(0, end));
      else if (text.length > longestLine) failed(new Error('too long'));
    });
    socket.once('error', failed);
    socket.once('close', () => failed(new Error('closed')));
  });
}

/** Asks the process that holds the classifier of an interface. @throws RingbedError what it answered */
export async function askLoaded(place: Place, request: Request): Promise<unknown> {
  const path = socketPath(place);
  const socket = connect(path);
  try {
    await new Promise<void>((done, failed) => {
      socket.once('connect', done);
      socket.once('error', failed);
    });
  } catch (error) {
    throw new RingbedError(
      'invalid',
      `no ringbed of this user holds a classifier on ${place.interface}`,
      'ringbed classifier load; one that is pinned is reached with --pin DIR',
      { cause: error },
    );
  }
  const line = readLine(socket);
  socket.write(`${JSON.stringify(request)}\n`);
  const reply = JSON.parse(await line) as Answer;
  if (reply.ok) return reply.value;
  throw new RingbedError(reply.code in exitCodes ? reply.code : 'internal', reply.message, reply.hint);
}
