/**
 * Grammars: nodes joined by bytes, by steps that take none, and by calls of leaves (regular parts) and of other nodes,
 * which is where nesting comes from. A call goes on at its `back` node when what it called has come to an end.
 */
import type { Leaf } from './leaf.js';

export interface Node {
  bytes: { low: number; high: number; to: number }[];
  free: number[];
  calls: { start: number; back: number }[];
  leaves: { leaf: number; back: number }[];
  /** Whether what was called may end here. */
  final: boolean;
}

export class Grammar {
  readonly nodes: Node[] = [];
  readonly leaves: Leaf[] = [];
  /** Bytes to the nearest end of what was called, of those that are tokens, [nodes]; see {@link finish}. */
  distances: Float64Array = new Float64Array();

  node(final = false): number {
    return this.nodes.push({ bytes: [], free: [], calls: [], leaves: [], final }) - 1;
  }

  leaf(leaf: Leaf): number {
    return this.leaves.push(leaf) - 1;
  }

  free(from: number, to: number): void {
    this.nodes[from]!.free.push(to);
  }

  call(from: number, start: number, back: number): void {
    this.nodes[from]!.calls.push({ start, back });
  }

  callLeaf(from: number, leaf: number, back: number): void {
    this.nodes[from]!.leaves.push({ leaf, back });
  }

  /** Joins two nodes by a text. */
  text(from: number, text: string, to: number): void {
    const bytes = Buffer.from(text);
    let at = from;
    bytes.forEach((byte, i) => {
      const next = i === bytes.length - 1 ? to : this.node();
      this.nodes[at]!.bytes.push({ low: byte, high: byte, to: next });
      at = next;
    });
  }

  /**
   * Drops what leads to no end, and measures the rest.
   * @param safe the bytes that are tokens, [256]
   */
  finish(safe: Uint8Array): void {
    const live = this.#measure(new Uint8Array(256).fill(1), () => 1);
    for (const node of this.nodes) {
      node.bytes = node.bytes.filter(({ to }) => live[to]! < Infinity);
      node.free = node.free.filter((to) => live[to]! < Infinity);
      node.calls = node.calls.filter(({ start, back }) => live[start]! + live[back]! < Infinity);
      node.leaves = node.leaves.filter(({ back }) => live[back]! < Infinity);
    }
    this.distances = this.#measure(safe, (leaf) => this.leaves[leaf]!.distance(0));
  }

  /** Shortest ends as a fixed point: distances only fall. */
  #measure(safe: Uint8Array, ofLeaf: (leaf: number) => number): Float64Array {
    const distance = new Float64Array(this.nodes.length).fill(Infinity);
    const usable = ({ low, high }: { low: number; high: number }): boolean => safe.subarray(low, high + 1).includes(1);
    for (let changed = true; changed;) {
      changed = false;
      for (let i = this.nodes.length - 1; i >= 0; i--) {
        const { bytes, free, calls, leaves, final } = this.nodes[i]!;
        let best = final ? 0 : Infinity;
        for (const edge of bytes) if (usable(edge)) best = Math.min(best, 1 + distance[edge.to]!);
        for (const to of free) best = Math.min(best, distance[to]!);
        for (const { start, back } of calls) best = Math.min(best, distance[start]! + distance[back]!);
        for (const { leaf, back } of leaves) best = Math.min(best, ofLeaf(leaf) + distance[back]!);
        if (best < distance[i]!) {
          distance[i] = best;
          changed = true;
        }
      }
    }
    return distance;
  }
}
