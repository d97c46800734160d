/** A toy set for the tests: three subjects with words of their own, and words they share. */
import { Random } from '../io/hash-random.js';
import type { Labelled } from './labelled.js';

const subjects = [
  ['ship', 'sail', 'harbour', 'anchor', 'tide'],
  ['bread', 'oven', 'flour', 'butter', 'crust'],
  ['goal', 'referee', 'stadium', 'penalty', 'striker'],
];
const shared = ['the', 'a', 'we', 'saw', 'old', 'new', 'again', 'today', 'with', 'small'];

/** `count` texts of seven words, two or more of them of the subject. */
export function toySet(count: number, seed = 1): Labelled {
  const random = new Random(seed);
  const labels = Uint8Array.from({ length: count }, (_, i) => i % subjects.length);
  const texts = Array.from(labels, (label) => {
    const own = subjects[label]!;
    const words = Array.from({ length: 7 }, (_, i) =>
      i < 2 || random.int(4) === 0 ? own[random.int(own.length)]! : shared[random.int(shared.length)]!,
    );
    return random.shuffle(words).join(' ');
  });
  return { names: ['sea', 'kitchen', 'football'], texts, labels };
}
