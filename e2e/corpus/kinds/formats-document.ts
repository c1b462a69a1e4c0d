import { writeFile } from 'node:fs/promises';
import type { Media } from '@claimcheck/contracts/media';
import type { CheckedFile } from './check-file.ts';

const DOCUMENT = new URL('../../../docs/formats.md', import.meta.url);

const formsOf = ({ qualities, waveform, page_count }: Media): string => {
  const made = qualities.map(({ quality, format }) => `${quality} (${format})`);
  const extras = [
    ...(waveform === undefined ? [] : ['waveform']),
    ...(page_count === undefined ? [] : ['number of pages']),
  ];
  return [...made, ...extras].join(', ') || 'none: the source, as an attachment';
};

const rowOf = ({ file, media }: CheckedFile): string => {
  const state = media.failure === undefined ? media.state : `${media.state} (\`${media.failure.code}\`)`;
  return `| ${file.name} | ${media.kind} | ${state} | ${formsOf(media)} |`;
};

/** Writes docs/formats.md: what each kind of file became in this run. */
export const writeFormats = async (checked: readonly CheckedFile[]): Promise<void> => {
  const groups = [...new Set(checked.map(({ file }) => file.group))];
  const sections = groups.map((group) => {
    const rows = checked.filter(({ file }) => file.group === group).map(rowOf);
    const title = `## ${group.charAt(0).toUpperCase()}${group.slice(1)}`;
    return [title, '', '| file | kind | ends as | derivatives |', '|---|---|---|---|', ...rows].join('\n');
  });
  const intro =
    'Written by `npm run corpus`, which makes each of these files, sends it through the product and checks state, kind, size, length, orientation, colours, frames and sound. The source of every one of them is delivered.';
  await writeFile(DOCUMENT, `# Formats\n\n${intro}\n\n${sections.join('\n\n')}\n`);
};
