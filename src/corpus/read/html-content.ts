/** The main content of an HTML page as paragraphs, by Mozilla's Readability over linkedom's document. */
import { Readability } from '@mozilla/readability';
import { Parser } from 'htmlparser2';
import { parseHTML } from 'linkedom';

/**
 * Limits of a page: beyond them Readability, which looks at every element from each of those around it, takes seconds.
 * Ordinary pages have 20 levels and 3,000 elements.
 */
export const LIMITS = { characters: 1 << 24, elements: 30_000, depth: 150, depthSum: 600_000, texts: 50_000 };

export interface Content {
  text: string;
  title?: string;
  language?: string;
}

const [ELEMENT_NODE, TEXT_NODE] = [1, 3];

const BLOCKS = new Set(
  (
    'ADDRESS ARTICLE ASIDE BLOCKQUOTE CENTER DETAILS DIV DL FIELDSET FIGCAPTION FIGURE FOOTER FORM H1 H2 H3 H4 H5 H6 ' +
    'HEADER HR MAIN NAV OL P PRE SECTION TABLE UL'
  ).split(' '),
);
const LINES = new Set('DD DT LI TR CAPTION SUMMARY OPTION'.split(' '));
const CELLS = new Set(['TD', 'TH']);
const SILENT = new Set('SCRIPT STYLE NOSCRIPT TEMPLATE HEAD IFRAME OBJECT SVG MATH BUTTON SELECT TEXTAREA'.split(' '));

/** The main content of a page, or why there is none. */
export function extractContent(html: string): Content | { reason: string } {
  const excess = excessOf(html);
  if (excess !== null) return { reason: excess };
  let { document } = parseHTML(html);
  if (document.documentElement?.nodeName !== 'HTML') ({ document } = parseHTML(`<html><body>${html}</body></html>`));
  const root = document.documentElement;
  const { body } = document;
  for (const child of root.children) if (!/^(HEAD|BODY)$/.test(child.nodeName)) body.appendChild(child);
  // A text with character references is parsed into a node for each piece between them, over which Readability is slow.
  root.normalize();
  const language = root.getAttribute('lang')?.trim() || root.getAttribute('xml:lang')?.trim();
  const fullTitle = document.title?.replace(/\s+/g, ' ').trim();
  const article = new Readability<DomNode>(document as never, {
    serializer: (node) => node as unknown as DomNode,
  }).parse();
  if (!article?.content) return { reason: 'no main content was found in it' };
  const text = textOf(article.content);
  if (text.length === 0) return { reason: 'no main content was found in it' };
  const title = article.title?.trim() || fullTitle;
  return { text, ...(title ? { title } : {}), ...(language ? { language } : {}) };
}

/** Which limit a page is beyond, told without building a document of it; null for none. */
function excessOf(html: string): string | null {
  if (html.length > LIMITS.characters) return `the page has more than ${LIMITS.characters >> 20} Mi characters`;
  let [depth, elements, depthSum, texts] = [0, 0, 0, 0];
  let excess: string | null = null;
  const parser = new Parser({
    onopentagname() {
      elements++;
      depthSum += ++depth;
      if (depth > LIMITS.depth) excess = `its elements are nested more than ${LIMITS.depth} deep`;
      else if (elements > LIMITS.elements) excess = `it has more than ${LIMITS.elements} elements`;
      else if (depthSum > LIMITS.depthSum) excess = 'it has too many elements nested too deep';
    },
    ontext() {
      if (++texts > LIMITS.texts) excess = `its text is in more than ${LIMITS.texts} pieces`;
    },
    onclosetag() {
      depth--;
    },
  });
  for (let at = 0; at < html.length; at += 1024) {
    parser.write(html.slice(at, at + 1024));
    if (excess !== null) return excess;
  }
  return null;
}

/** What is used of a DOM node. */
interface DomNode {
  nodeType: number;
  nodeName: string;
  nodeValue: string | null;
  firstChild: DomNode | null;
  nextSibling: DomNode | null;
}

/** Text of a tree: paragraphs parted by blank lines, items and rows by line ends, cells by tabs. */
export function textOf(root: DomNode): string {
  const out = new Paragraphs();
  const visit = (node: DomNode, verbatim: boolean): void => {
    if (node.nodeType === TEXT_NODE) out.text(node.nodeValue ?? '', verbatim);
    if (node.nodeType !== ELEMENT_NODE || SILENT.has(node.nodeName)) return;
    const name = node.nodeName;
    if (name === 'BR') return out.lineEnd();
    const around = BLOCKS.has(name) ? 2 : LINES.has(name) ? 1 : 0;
    out.part(around);
    for (let child = node.firstChild; child; child = child.nextSibling) visit(child, verbatim || name === 'PRE');
    if (CELLS.has(name)) out.cell();
    out.part(around);
  };
  visit(root, false);
  return out.result();
}

/** Text as it grows, with the white space before the next word still open. */
class Paragraphs {
  private parts = '';
  /** Line ends before the next word: 2 for a new paragraph. */
  private lineEnds = 0;
  private gap = '';

  text(value: string, verbatim: boolean): void {
    if (verbatim) return this.verbatim(value);
    const words = value.replace(/[ \t\n\r\f]+/g, ' ');
    if (words.startsWith(' ')) this.gap ||= ' ';
    const inner = words.trim() === '' ? '' : words.replace(/^ | $/g, '');
    if (inner === '') return;
    this.open();
    this.parts += inner;
    this.gap = words.endsWith(' ') ? ' ' : '';
  }

  part(lineEnds: number): void {
    this.lineEnds = Math.max(this.lineEnds, lineEnds);
  }

  lineEnd(): void {
    this.lineEnds = Math.min(2, this.lineEnds + 1);
  }

  cell(): void {
    this.gap = '\t';
  }

  result(): string {
    return this.parts;
  }

  private verbatim(value: string): void {
    const text = value.replace(/\r\n?/g, '\n').replace(/^\n+|\s+$/g, '');
    if (text === '') {
      if (value.includes('\n')) this.part(1);
      else if (value !== '') this.gap ||= value;
      return;
    }
    if (value.startsWith('\n')) this.part(1);
    this.open();
    this.parts += text;
    const after = value.slice(value.trimEnd().length);
    if (after.includes('\n')) this.part(1);
    else this.gap = after;
  }

  private open(): void {
    if (this.parts !== '') this.parts += this.lineEnds > 0 ? '\n'.repeat(this.lineEnds) : this.gap;
    [this.lineEnds, this.gap] = [0, ''];
  }
}
