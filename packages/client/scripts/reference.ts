import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parseSync } from 'rolldown/utils';
import { typesOf } from './emit-types.ts';
import { SUBPATHS } from './entries.ts';

/** An export of an entry: its name there, and the file that declares it. */
interface Exported {
  name: string;
  file: string;
}

const HEAD = `# Reference of the SDK

Written by \`npm run reference -w @claimcheck/client\` from the package's declarations, so it matches what the compiler checks. Guides: [plain page](sdk-plain-page.md), [React](sdk-react.md), [Node bot](sdk-node-bot.md), [React Native](sdk-native.md), [coming from Uppy or plain tus](sdk-migration.md).
`;

/** Returns Markdown with every export of every entry: its comment, and its declaration. */
export const referenceOf = async (dist: string): Promise<string> => {
  const sections = [HEAD];
  for (const [path, module] of Object.entries(SUBPATHS)) {
    const entry = join(dist, typesOf(module));
    sections.push(`## \`@claimcheck/client${path.slice(1)}\`\n`);
    for (const exported of await exportsOf(entry)) {
      const { comment, code } = await declarationOf(exported);
      sections.push(
        [`### ${exported.name}`, comment, `\`\`\`ts\n${code}\n\`\`\``]
          .filter(Boolean)
          .join('\n\n')
          .concat('\n'),
      );
    }
  }
  return sections.join('\n');
};

const parse = async (file: string) => {
  const source = await readFile(file, 'utf8');
  const { program, comments } = parseSync(file, source, { lang: 'dts', sourceType: 'module' });
  return { source, program, comments };
};

/** By name, in the order of the alphabet. */
const exportsOf = async (entry: string): Promise<Exported[]> => {
  const { program } = await parse(entry);
  const found: Exported[] = [];
  for (const node of program.body) {
    if (node.type !== 'ExportNamedDeclaration' || node.source === null) continue;
    const file = join(dirname(entry), node.source.value.replace(/\.js$/, '.d.ts'));
    for (const { exported } of node.specifiers)
      found.push({ name: exported.type === 'Literal' ? exported.value : exported.name, file });
  }
  return found.sort((a, b) => (a.name < b.name ? -1 : 1));
};

const declarationOf = async ({ name, file }: Exported): Promise<{ comment: string; code: string }> => {
  const { source, program, comments } = await parse(file);
  for (const node of program.body) {
    if (node.type !== 'ExportNamedDeclaration' || node.declaration === null) continue;
    if (!namesOf(node.declaration).includes(name)) continue;
    const comment = comments.findLast(({ end, type }) => type === 'Block' && end <= node.start);
    const isAttached = comment && source.slice(comment.end, node.start).trim() === '';
    return {
      comment: isAttached ? textOf(comment.value) : '',
      code: withoutPrivate(source.slice(node.start, node.end)),
    };
  }
  throw new Error(`${file} does not declare ${name}`);
};

const namesOf = (declaration: object): string[] => {
  if ('declarations' in declaration && Array.isArray(declaration.declarations))
    return declaration.declarations.map(({ id }) => id.name);
  const { id } = declaration as { id?: { name?: string } | null };
  return id?.name === undefined ? [] : [id.name];
};

const textOf = (comment: string): string =>
  comment
    .split('\n')
    .map((line) => line.replace(/^\s*\*+ ?/, '').trim())
    .join('\n')
    .trim();

const withoutPrivate = (code: string): string =>
  code.replace(/^export (declare )?/, '').replace(/^\s+#private;\n/m, '');
