import { explainReferences } from '../../media/reports/explain-media.ts';
import type { Command } from '../command.ts';
import { mediaIdArgument, withOperator } from '../operator.ts';
import { toFields, toTable } from '../to-lines.ts';

export const mediaRefsCommand: Command = {
  name: 'media refs',
  summary: 'say why a media object is still here: references, deadlines, what happens next',
  positionals: ['id'],
  run: async ({ positionals, env, json, print }) => {
    const id = mediaIdArgument(positionals[0]);
    const found = await withOperator(env, ({ database }) => explainReferences(database, id));
    if (json) {
      print(JSON.stringify(found));
      return 0;
    }
    const { reason, media, count, references } = found;
    const more = count > references.length ? [`and ${count - references.length} more`] : [];
    const ledger = references.length === 0 ? [] : ['', ...toTable(references), ...more];
    print([reason, '', ...toFields({ ...media, references: count }), ...ledger].join('\n'));
    return 0;
  },
};
