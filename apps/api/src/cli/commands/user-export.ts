import { hostId } from '@claimcheck/contracts/ids';
import { exportUser } from '../../media/reports/export-user.ts';
import { type Command, UsageError } from '../command.ts';
import { withOperator } from '../operator.ts';

export const userExportCommand: Command = {
  name: 'user export',
  summary: 'print what is kept of a user, as JSON lines; the last one, with the type end, counts them',
  positionals: ['id'],
  isAudited: true,
  run: async ({ positionals, env, print, audit }) => {
    const user = hostId.safeParse(positionals[0]);
    if (!user.success) throw new UsageError(`${positionals[0]} is not the id of a user`);
    await withOperator(env, async ({ database, settings }) => {
      let lines = 0;
      // Before the first line, since an interrupted export has revealed some.
      audit({ user_id: user.data });
      for await (const record of exportUser(database, settings, user.data)) {
        print(JSON.stringify(record));
        lines += 1;
      }
      print(JSON.stringify({ type: 'end', lines }));
    });
    return 0;
  },
};
