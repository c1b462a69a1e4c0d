import { ODD_WORDS } from './odd-words.ts';
import { passagesIn } from './passages-in.ts';

/** A place where a word stands that we avoid. */
export interface Finding {
  file: string;
  line: number;
  found: string;
  instead: string;
}

/** Data, generated pages, and migrations: the database keeps a checksum of each migration. */
const EXEMPT =
  /^(docs\/(cli|configuration|sdk-reference)\.md|prisma\/migrations|e2e\/(fixtures|corpus)|bench\/results|scripts\/prose\/(odd-words|find-odd-words\.test)\.ts)|LICENSE|(^|\/)package(-lock)?\.json$|\.npmrc$|gitignore$/;
const PROSE =
  /\.(m?tsx?|mjs|md|css|prisma|java|sql|ya?ml|tpl|sh|py|conf|toml|example)$|Dockerfile$|\.ci\/run$/;

export const isProse = (file: string): boolean => PROSE.test(file) && !EXEMPT.test(file);

/** Finds each odd word of a file, in the order of the words' list. */
export const findOddWords = (file: string, source: string): Finding[] => {
  if (!mayHaveOddWords(source)) return [];
  const passages = passagesIn(file, source);
  return ODD_WORDS.flatMap(({ pattern, instead }) =>
    passages.flatMap(({ line, text }) =>
      [...text.matchAll(pattern)].map(({ 0: found }) => ({ file, line, found, instead })),
    ),
  );
};

/** Parsing is slow, and most files have no odd word anywhere. Ends of lines may stand within one. */
const mayHaveOddWords = (source: string): boolean => {
  const onOneLine = source.replaceAll(/\s*\n[\s*/#|-]*/g, ' ');
  return LOOSE.some((pattern) => onOneLine.search(pattern) >= 0);
};

const LOOSE = ODD_WORDS.map(
  ({ pattern }) => new RegExp(pattern.source.replace(/^\(\?<=.*?\)/, ''), pattern.flags),
);
