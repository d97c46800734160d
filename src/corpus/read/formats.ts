/** Which format and compression a file has: by its name, or by its first bytes. */
import type { Compression, Format } from './options.js';

const compressions: Record<string, Compression> = { gz: 'gzip', gzip: 'gzip', zst: 'zstd', zstd: 'zstd' };

const extensions: Record<string, Format> = {
  md: 'markdown',
  markdown: 'markdown',
  html: 'html',
  htm: 'html',
  xhtml: 'html',
  jsonl: 'jsonl',
  ndjson: 'jsonl',
  csv: 'csv',
  tsv: 'csv',
  parquet: 'parquet',
  json: 'json',
  warc: 'warc',
  wet: 'warc',
};

/** Extensions that a folder's files are not read with: binary formats, and data that is not prose. */
const notText = new Set(
  (
    '7z a ai aac apk arrow avi avif avro bin bmp bz2 ckpt class cab db deb dll dmg doc docx dylib eot epub exe feather ' +
    'flac flv gguf gif h5 heic ico iso jar jpeg jpg lock lz4 lzma m4a map mdb mkv mobi mov mp3 mp4 mpg msgpack ' +
    'msi node npy npz o obj odp ods odt ogg onnx opus otf pb pdf pkl png ppt pptx psd pt pth pyc pyo rar rpm ' +
    'rtf safetensors so sqlite sqlite3 svg tar tflite tgz tif tiff ttf wasm wat wav webm webp wmv woff woff2 xls xlsx ' +
    'xz z zip'
  ).split(' '),
);

/** The last extensions of a path: of the content (lower case, without dot, perhaps empty), and of its compression. */
export function splitName(path: string): { extension: string; compression: Compression } {
  const parts = path
    .slice(path.lastIndexOf('/') + 1)
    .toLowerCase()
    .split('.')
    .slice(1);
  const compression = compressions[parts.at(-1) ?? ''] ?? 'none';
  if (compression !== 'none') parts.pop();
  return { extension: parts.at(-1) ?? '', compression };
}

/** The format that an extension stands for: plain text where it is none of those known. */
export const formatOf = (extension: string): Format => extensions[extension] ?? 'text';

/** Whether files with this extension are left out when a folder is read. */
export const isLeftOut = (extension: string): boolean => notText.has(extension);

/** The compression that a file's first bytes tell of. */
export function sniffCompression(head: Uint8Array): Compression {
  if (head[0] === 0x1f && head[1] === 0x8b) return 'gzip';
  return head[0] === 0x28 && head[1] === 0xb5 && head[2] === 0x2f && head[3] === 0xfd ? 'zstd' : 'none';
}

/** The format that the first bytes of a file's content tell of; plain text where nothing else fits. */
export function sniffFormat(head: Uint8Array): Format {
  const start = Buffer.from(head.buffer, head.byteOffset, Math.min(head.length, 1 << 16)).toString();
  if (start.startsWith('PAR1')) return 'parquet';
  if (/^WARC\/\d/.test(start)) return 'warc';
  const text = start.replace(/^\ufeff/, '').trimStart();
  if (/^<(!doctype html|html|head|body)[\s>]/i.test(text)) return 'html';
  if (!/^[[{]/.test(text)) return 'text';
  return text.startsWith('{') && isJson(text.split('\n', 1)[0]!) ? 'jsonl' : isJsonStart(text) ? 'json' : 'text';
}

function isJson(line: string): boolean {
  try {
    JSON.parse(line);
    return true;
  } catch {
    return false;
  }
}

/** A JSON object or array begins with a string, a number, a word of JSON or another bracket. */
const isJsonStart = (text: string): boolean => /^(\{\s*["}]|\[\s*(["[{\]\d-]|true|false|null))/.test(text);
