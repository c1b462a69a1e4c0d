import { readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Makes a heading's anchor as GitHub does: lower case, without punctuation, a hyphen for each space. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replaceAll(' ', '-');

const anchorsIn = (text: string): Set<string> =>
  new Set([...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => anchorOf(heading)));

/**
 * Returns a document's broken links: to a missing file, or to a missing heading.
 *
 * @param root the repository; @param document relative to it
 */
export const brokenLinks = async (root: string, document: string): Promise<string[]> => {
  const text = await readFile(join(root, document), 'utf8');
  const broken: string[] = [];
  for (const [, target = ''] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
    if (/^[a-z]+:/.test(target)) continue;
    const [path = '', anchor] = target.split('#');
    const file = path === '' ? join(root, document) : join(root, dirname(document), path);
    const isThere = await stat(file).then(
      () => true,
      () => false,
    );
    const leads = isThere && (anchor === undefined || anchorsIn(await readFile(file, 'utf8')).has(anchor));
    if (!leads) broken.push(`${document}: ${target}`);
  }
  return broken;
};
