import { forgetVerdicts, toSha256 } from '../../media/lifecycle/verdicts.ts';
import { type Command, UsageError } from '../command.ts';
import { withOperator } from '../operator.ts';

export const forgetVerdictCommand: Command = {
  name: 'forget-verdict',
  summary: 'after a false alarm: accept these bytes again, and scan them on the next upload',
  positionals: ['sha256'],
  isAudited: true,
  run: async ({ env, json, positionals, print, audit }) => {
    const sha256 = toSha256(positionals[0]);
    if (sha256 === undefined) throw new UsageError('<sha256> is 64 hexadecimal digits');
    const forgotten = await withOperator(env, ({ database }) =>
      database.transaction((tx) => forgetVerdicts(tx, sha256)),
    );
    audit({ sha256, forgotten });
    print(json ? JSON.stringify({ sha256, forgotten }) : `${forgotten} verdicts forgotten`);
    return forgotten > 0 ? 0 : 1;
  },
};
