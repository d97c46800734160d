/** Sequences of different lengths as packed batches of about equal work. */
import type { PackedTokens } from '../model/index.js';

export interface PackedSequences extends PackedTokens {
  /** Numbers of the sequences, in the order they lie in the batch. */
  members: number[];
}

/** Lays sequences end to end. */
export function pack(sequences: readonly Int32Array[], members = [...sequences.keys()]): PackedSequences {
  const rows = members.reduce((sum, i) => sum + sequences[i]!.length, 0);
  const tokens = new Int32Array(rows);
  const positions = new Int32Array(rows);
  const sequenceStarts = new Int32Array(members.length + 1);
  let row = 0;
  for (const [at, i] of members.entries()) {
    const sequence = sequences[i]!;
    tokens.set(sequence, row);
    for (let j = 0; j < sequence.length; j++) positions[row + j] = j;
    row += sequence.length;
    sequenceStarts[at + 1] = row;
  }
  return { tokens, positions, sequenceStarts, members };
}

/** Groups of sequence numbers, in order, of at most `batchTokens` tokens each; a longer sequence is a group of its own. */
export function groupByTokens(lengths: readonly number[], batchTokens: number): number[][] {
  const groups: number[][] = [];
  let held = Infinity;
  for (const [i, length] of lengths.entries()) {
    if (held + length > batchTokens) {
      groups.push([]);
      held = 0;
    }
    groups.at(-1)!.push(i);
    held += length;
  }
  return groups;
}
