import { readFile } from 'node:fs/promises';

const [BEGIN, END] = ['<!-- computed: npm run capacity -->', '<!-- end -->'];

export const CAPACITY_DOCUMENT = new URL('../../../docs/capacity.md', import.meta.url);

/** Puts these tables between the document's marks. @throws Error when the marks are missing */
export const withTables = async (tables: string): Promise<string> => {
  const text = await readFile(CAPACITY_DOCUMENT, 'utf8');
  const [before, rest] = text.split(BEGIN);
  const after = rest?.split(END)[1];
  if (before === undefined || after === undefined)
    throw new Error(`docs/capacity.md lacks ${BEGIN} or ${END}`);
  return `${before}${BEGIN}\n\n${tables}\n\n${END}${after}`;
};
