import { explainMedia } from '../../media/explain-media.ts';
import type { Command } from '../command.ts';
import { mediaIdArgument, withOperator } from '../operator.ts';
import { toFields, toTable } from '../to-lines.ts';

export const mediaShowCommand: Command = {
  name: 'media show',
  summary: 'everything about one media object',
  positionals: ['id'],
  run: async ({ positionals, env, json, print }) => {
    const id = mediaIdArgument(positionals[0]);
    const found = await withOperator(env, ({ database }) => explainMedia(database.client, id));
    if (json) {
      print(JSON.stringify(found));
      return 0;
    }
    const { media, upload, derivatives, results, fanout, sweeps } = found;
    const lines = [
      ...toFields({
        ...media,
        client_media_ids: found.client_media_ids.join(' '),
        references: found.references,
      }),
      ...(upload === null ? [] : ['', 'upload', ...toFields(upload)]),
      ...(derivatives.length === 0 ? [] : ['', ...toTable(derivatives)]),
      ...(results.length === 0 ? [] : ['', ...toTable(results)]),
      ...(fanout === null ? [] : ['', 'fan-out', ...toFields(fanout)]),
      ...(sweeps.length === 0 ? [] : ['', ...toTable(sweeps)]),
    ];
    print(lines.join('\n'));
    return 0;
  },
};
