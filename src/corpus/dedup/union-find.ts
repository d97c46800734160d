/** Disjoint sets of documents, each represented by its first document, whatever the order of unions (Tarjan 1975). */

export class UnionFind {
  /** A document of the same set that comes no later; itself for the first. */
  private readonly parents: Int32Array;

  constructor(count: number) {
    this.parents = new Int32Array(count);
    for (let i = 0; i < count; i++) this.parents[i] = i;
  }

  /** The first document of the set. */
  find(i: number): number {
    const { parents } = this;
    let parent = parents[i]!;
    while (parent !== i) {
      const above = parents[parent]!;
      parents[i] = above;
      i = above;
      parent = parents[i]!;
    }
    return i;
  }

  union(i: number, j: number): void {
    const [a, b] = [this.find(i), this.find(j)];
    if (a < b) this.parents[b] = a;
    else this.parents[a] = b;
  }

  /** The first document of every document's set. Ends the use of this object. */
  firsts(): Int32Array {
    const { parents } = this;
    // in order, a parent has its answer before its children ask
    for (let i = 0; i < parents.length; i++) parents[i] = parents[parents[i]!]!;
    return parents;
  }
}
