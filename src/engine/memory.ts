/**
 * Tensor memory: native buffers that are reused, and scopes that say when.
 *
 * A scope owns every buffer allocated inside it and takes them back when it ends; nothing waits for the garbage
 * collector. Buffers go back to a free list by size, so that a training step, which asks for the same sizes every time,
 * allocates nothing after the first.
 */
import { kernels } from './kernels.js';

/** A piece of native memory. `array` is empty once the storage was freed. */
export class Storage {
  array: Float32Array;
  readonly capacity: number;
  scope: Scope | null;
  private halfArray: Uint16Array | null = null;

  constructor(array: Float32Array, scope: Scope | null) {
    this.array = array;
    this.capacity = array.length;
    this.scope = scope;
  }

  get live(): boolean {
    return this.array.length > 0;
  }

  /** The same memory as elements of two bytes. */
  get halves(): Uint16Array {
    const { buffer, byteOffset, length } = this.array;
    if (this.halfArray?.length !== 2 * length) this.halfArray = new Uint16Array(buffer, byteOffset, 2 * length);
    return this.halfArray;
  }
}

class Scope {
  readonly storages = new Set<Storage>();
}

/** A large buffer that smaller ones are cut from, so that they share large pages. */
interface Chunk {
  buffer: ArrayBuffer;
  /** Bytes cut off so far. */
  used: number;
  /** Storages that are in use. */
  live: number;
}

const CHUNK_BYTES = 32 << 20;
const chunks = new Map<ArrayBufferLike, Chunk>();
let current: Chunk | null = null;

/** New memory: cut from the current chunk, or a chunk of its own for what is large. */
function cut(floats: number): Float32Array {
  const bytes = floats * 4;
  if (bytes > CHUNK_BYTES / 4) return new Float32Array(addChunk(bytes).buffer);
  if (!current || current.used + bytes > CHUNK_BYTES) current = addChunk(CHUNK_BYTES);
  const array = new Float32Array(current.buffer, current.used, floats);
  current.used += bytes;
  return array;
}

function addChunk(bytes: number): Chunk {
  const chunk = { buffer: kernels.allocate(bytes), used: 0, live: 0 };
  chunks.set(chunk.buffer, chunk);
  return chunk;
}

const free = new Map<number, Float32Array[]>();
const scopes: Scope[] = [];
let liveCount = 0;
let liveFloats = 0;
let freeFloats = 0;
let peakFloats = 0;

/** Sizes are rounded up to an eighth of a power of two, so that nearly equal sizes share buffers; at least 64 bytes. */
function roundCapacity(floats: number): number {
  if (floats <= 128) return Math.max(16, Math.ceil(floats / 16) * 16);
  const grain = 2 ** (Math.floor(Math.log2(floats)) - 3);
  return Math.ceil(floats / grain) * grain;
}

/** Memory for `floats` floats with undefined contents, owned by the innermost scope (by nobody outside of any). */
export function allocate(floats: number): Storage {
  const capacity = roundCapacity(floats);
  const reused = free.get(capacity)?.pop();
  if (reused) freeFloats -= capacity;
  const scope = scopes.at(-1) ?? null;
  const storage = new Storage(reused ?? cut(capacity), scope);
  chunks.get(storage.array.buffer)!.live++;
  scope?.storages.add(storage);
  liveCount++;
  liveFloats += capacity;
  if (liveFloats > peakFloats) peakFloats = liveFloats;
  return storage;
}

/** Ends the life of a storage now. Freeing twice is harmless. */
export function freeStorage(storage: Storage): void {
  if (!storage.live) return;
  const list = free.get(storage.capacity);
  chunks.get(storage.array.buffer)!.live--;
  if (list) list.push(storage.array);
  else free.set(storage.capacity, [storage.array]);
  freeFloats += storage.capacity;
  liveCount--;
  liveFloats -= storage.capacity;
  storage.array = new Float32Array(0);
  storage.scope?.storages.delete(storage);
}

/** Moves a storage out of its scope: it then lives until it is freed. */
export function keepStorage(storage: Storage): void {
  storage.scope?.storages.delete(storage);
  storage.scope = null;
}

/** Hands a storage of the innermost scope to the scope around it; others stay where they are. */
export function passUp(storage: Storage): void {
  const [outer, inner] = [scopes.at(-2) ?? null, scopes.at(-1)];
  if (!inner?.storages.delete(storage)) return;
  storage.scope = outer;
  outer?.storages.add(storage);
}

/** Runs `body`; buffers allocated inside and not kept are free again afterwards, whether it returns or throws. */
export function scope<T>(body: () => T): T {
  const own = new Scope();
  scopes.push(own);
  try {
    return body();
  } finally {
    scopes.pop();
    endScope(own);
  }
}

/** {@link scope} whose buffers live on after `body` has returned, until `end` is called. */
export function lastingScope<T>(body: () => T): { value: T; end: () => void } {
  const own = new Scope();
  scopes.push(own);
  let returned = false;
  try {
    const value = body();
    returned = true;
    return { value, end: () => endScope(own) };
  } finally {
    scopes.pop();
    if (!returned) endScope(own);
  }
}

function endScope(own: Scope): void {
  for (const storage of own.storages) freeStorage(storage);
}

/** Gives memory back to the operating system: every chunk in which nothing is live. */
export function trimMemory(): void {
  for (const [buffer, chunk] of chunks) {
    if (chunk.live > 0) continue;
    if (chunk === current) current = null;
    chunks.delete(buffer);
    kernels.release(chunk.buffer);
  }
  freeFloats = 0;
  for (const [capacity, list] of free) {
    const rest = list.filter((array) => array.length > 0);
    free.set(capacity, rest);
    freeFloats += capacity * rest.length;
  }
}

/**
 * Live buffers and bytes, the most bytes that were live at once since {@link resetPeak}, and bytes waiting on the free
 * lists. Tests assert that work leaves `buffers` as it was.
 */
export function memoryUse(): { buffers: number; bytes: number; peakBytes: number; freeBytes: number } {
  return { buffers: liveCount, bytes: liveFloats * 4, peakBytes: peakFloats * 4, freeBytes: freeFloats * 4 };
}

/** Lets the high-water mark of {@link memoryUse} begin again at what is live now. */
export function resetPeak(): void {
  peakFloats = liveFloats;
}
