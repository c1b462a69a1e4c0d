import { parseSync, Visitor } from 'rolldown/utils';

/** A piece of prose: a comment, a text that people read, a paragraph. */
export interface Passage {
  line: number;
  text: string;
}

/** What people read in a file: comments and texts of code, paragraphs of Markdown, comments elsewhere. */
export const passagesIn = (file: string, source: string): Passage[] => {
  if (/\.m?tsx?$|\.mjs$/.test(file)) return inCode(file, source);
  if (file.endsWith('.md')) return inMarkdown(source);
  if (file.endsWith('.css')) return matchesOf(source, /\/\*[\s\S]*?\*\//g);
  if (file.endsWith('.prisma') || file.endsWith('.java')) return byLine(source, /^.*?\/\/+/);
  if (file.endsWith('.sql')) return byLine(source, /^.*?--/);
  // Values of YAML are text, too: summaries of alerts, descriptions of a chart.
  if (/\.(ya?ml|tpl|txt)$/.test(file)) return byLine(source, /^\s*#?/);
  return byLine(source, /^\s*#/);
};

const inCode = (file: string, source: string): Passage[] => {
  const lineOf = createLineOf(source);
  const { program, comments } = parseSync(file, source, { sourceType: 'module' });
  const found: Passage[] = [];
  let last: { end: number; type: string; passage: Passage } | undefined;
  for (const { start, end, type, value } of comments) {
    const text = value.replace(/^\s*\*+ ?/gm, '');
    // Neighbouring line comments are one text.
    if (last?.type === 'Line' && type === 'Line' && source.slice(last.end, start).trim() === '') {
      last.passage.text += ` ${text}`;
      last.end = end;
      continue;
    }
    const passage = { line: lineOf(start), text };
    last = { end, type, passage };
    found.push(passage);
  }
  const add = (start: number, text: string) => {
    if (/\S\s+\S/.test(text)) found.push({ line: lineOf(start), text });
  };
  new Visitor({
    Literal: ({ start, value }) => {
      if (typeof value === 'string') add(start, value);
    },
    TemplateElement: ({ start, value }) => add(start, value.cooked ?? value.raw),
    JSXText: ({ start, value }) => add(start, value),
  }).visit(program);
  return found.map(asSentence);
};

const inMarkdown = (source: string): Passage[] => {
  const found: Passage[] = [];
  let current: Passage | undefined;
  let isCode = false;
  for (const [index, line] of source.split('\n').entries()) {
    if (/^\s*(```|~~~)/.test(line)) isCode = !isCode;
    const text = line.replace(/^\s*(#+|[-*]|\d+\.|>)\s+/, '');
    const begins = current === undefined || text !== line;
    if (isCode || line.trim() === '' || /^\s*(```|~~~)/.test(line)) current = undefined;
    else if (line.startsWith('|'))
      for (const cell of line.split('|')) found.push({ line: index + 1, text: cell });
    else if (begins) {
      current = { line: index + 1, text };
      found.push(current);
    } else if (current) current.text += ` ${line}`;
  }
  return found.map(asSentence);
};

const matchesOf = (source: string, pattern: RegExp): Passage[] => {
  const lineOf = createLineOf(source);
  return [...source.matchAll(pattern)].map(({ index, 0: text }) =>
    asSentence({ line: lineOf(index), text: text.replace(/^[\s/*]+/gm, '') }),
  );
};

const byLine = (source: string, comment: RegExp): Passage[] =>
  source
    .split('\n')
    .map((text, index) => ({ line: index + 1, text }))
    .filter(({ text }) => comment.test(text))
    .map(({ line, text }) => asSentence({ line, text: text.replace(comment, '') }));

/** Code within prose is no prose. */
const asSentence = ({ line, text }: Passage): Passage => ({
  line,
  text: text
    .replaceAll(/`[^`]*`/g, '`')
    .replaceAll(/\s+/g, ' ')
    .trim(),
});

const createLineOf = (source: string) => {
  const starts = [...source.matchAll(/\n/g)].map(({ index }) => index);
  return (position: number) => starts.filter((start) => start < position).length + 1;
};
