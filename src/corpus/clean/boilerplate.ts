/** Lines that belong to a page and not to its text: cookie notices, navigation, "share on", copyright. Our own list. */
import * as z from 'zod';
import { count, type Step } from './step.js';

export const boilerplateOptions = z.strictObject({
  /** Longer lines are text, whatever they hold (characters). */
  longestLine: z.int().min(1).default(300),
});

/** The line begins with this and is nothing else (but for marks such as » or ...). */
const wholeLines = [
  '(?:read|learn|see|view|show|load|find out) (?:more|less|all|full (?:article|story))(?: (?:about|on|here|posts|articles|comments)\\b.{0,40})?',
  '(?:continue|keep) reading(?: .{0,60})?',
  '(?:share|tweet|pin it|print|e-?mail)(?: (?:this|on|via|with)(?: .{0,40})?)?',
  'share (?:on|to|via) .{1,40}',
  '(?:follow|like|find|join) us(?: on .{1,40})?',
  '(?:home|menu|main menu|search|navigation|toggle navigation|skip to (?:main )?content|back to (?:top|home)|jump to .{1,30})',
  '(?:log|sign) ?(?:in|up|out|on)(?: (?:or|/) (?:register|sign ?up|log ?in|join))?|register|subscribe(?: now)?|my account',
  '(?:next|previous|prev|newer|older)(?: (?:page|post|article|posts|articles|entries))?',
  '(?:advertisement|advertisements|sponsored(?: content| links?)?|related (?:posts|articles|stories|content)|you may also like|recent (?:posts|comments))',
  '(?:leave|post|add|write) a (?:reply|comment)(?: .{0,30})?|cancel reply|\\d+ (?:comments?|shares?|likes?|views?)',
  'loading|please wait|click here(?: .{0,60})?|site ?map|terms (?:of (?:use|service)|and conditions|& conditions)|privacy(?: policy)?|contact(?: us)?|about(?: us)?',
  'page \\d+ of \\d+',
];

/** The line holds this. */
const anywhere = [
  '(?:this|our|the) (?:web ?)?site uses cookies|we use (?:[a-z-]+ )?cookies|accept (?:all )?cookies|cookie (?:settings|preferences|consent|notice|policy)',
  'by continuing to (?:use|browse)|by using (?:this|our) (?:web ?)?site',
  '(?:enable|disabled?|requires?|turn on) java ?script|java ?script (?:is|must be|to be|seems to be) (?:enabled|disabled|required|turned)',
  'all rights reserved',
  '(?:sign up|subscribe)(?: \\w+)? (?:for|to) (?:our|the) (?:[a-z]+ )?newsletter|enter your e-?mail',
  'your e-?mail address will not be published|required fields are marked',
  'powered by (?:wordpress|blogger|drupal|joomla|vbulletin|phpbb|disqus)|notify me of (?:new|follow-?up)',
];

const furniture = new RegExp(
  `^[\\s>«‹•*|-]*(?:${wholeLines.join('|')})[\\s.…:!»›>→|*]*$|^\\s*(?:©|\\(c\\)|copyright\\b).{0,80}\\b\\d{4}\\b|` +
    anywhere.join('|'),
  'i',
);

/** Menus: short parts between bars or arrows, two of which are what menus say. */
const separator = /\s*[|›»•·]\s*|\s+>\s+|\s{3,}|\t/;
const menuWord =
  /^(?:home|about(?: us)?|contact(?: us)?|log ?in|sign ?(?:in|up)|register|blog|news|faqs?|help|search|menu|privacy(?: policy)?|terms.*|site ?map|shop|cart|store|careers|jobs|products|services|support|my account|rss|archives?)$/i;

/** Whether a line is furniture of a page. */
export function isFurniture(line: string): boolean {
  if (furniture.test(line)) return true;
  if (line.length > 200 || !/[|›»•·>\t]|\s{3}/.test(line.trim())) return false;
  const parts = line.trim().split(separator).filter(Boolean);
  return parts.length >= 3 && parts.filter((part) => menuWord.test(part)).length >= 2;
}

/** Takes such lines out; paragraphs stay apart. */
export function boilerplate(options: z.infer<typeof boilerplateOptions>): Step {
  return (text, facts) => {
    if (!text.includes('\n') && text.length > options.longestLine) return text;
    const lines = text.split('\n');
    const kept = lines.filter((line) => line.length > options.longestLine || line.length < 3 || !isFurniture(line));
    if (kept.length === lines.length) return text;
    count(facts, 'boilerplate.lines', lines.length - kept.length);
    return joinLines(kept);
  };
}

/** Lines some of whose neighbours were taken out: at most one blank line in a row, none at the ends. */
export function joinLines(lines: readonly string[]): string {
  return lines
    .join('\n')
    .replace(/\n\s*\n\s*\n/g, '\n\n')
    .replace(/^\n+|\n+$/g, '');
}
