/** Bytes that have arrived and are not used up: looked into without joining the chunks they came in. */
export class ByteQueue {
  /** Bytes that are there. */
  length = 0;
  private chunks: Uint8Array[] = [];
  /** Bytes of the first chunk that are used up. */
  private used = 0;

  push(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.chunks.push(bytes);
    this.length += bytes.length;
  }

  /** Bytes [from, to), or as many of them as are there, joined. */
  slice(from: number, to: number): Buffer {
    const parts: Uint8Array[] = [];
    let at = -this.used;
    for (const chunk of this.chunks) {
      if (at >= to) break;
      if (at + chunk.length > from) parts.push(chunk.subarray(Math.max(0, from - at), to - at));
      at += chunk.length;
    }
    return Buffer.concat(parts);
  }

  /** Uses up `count` bytes. */
  skip(count: number): void {
    let left = Math.min(count, this.length);
    this.length -= left;
    let gone = 0;
    while (left > 0) {
      const there = this.chunks[gone]!.length - this.used;
      if (left < there) {
        this.used += left;
        break;
      }
      left -= there;
      this.used = 0;
      gone++;
    }
    this.chunks.splice(0, gone);
  }

  /** Where `pattern` first stands at `from` or behind it; -1 where it does not. */
  indexOf(pattern: Uint8Array, from: number): number {
    let at = -this.used;
    for (let i = 0; i < this.chunks.length; i++) {
      const chunk = this.chunks[i]!;
      if (at + chunk.length > from) {
        const start = Math.max(from - at, at < 0 ? this.used : 0);
        const index = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length).indexOf(pattern, start);
        if (index >= 0) return at + index;
        // A pattern may begin in this chunk and end in the next ones.
        const edge = Math.max(start + at, at + chunk.length - pattern.length + 1);
        const joined = this.slice(edge, at + chunk.length + pattern.length - 1).indexOf(pattern);
        if (joined >= 0) return edge + joined;
      }
      at += chunk.length;
    }
    return -1;
  }
}
