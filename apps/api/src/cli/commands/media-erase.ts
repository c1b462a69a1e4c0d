import { prefixOf } from '@claimcheck/contracts/object-keys';
import { Storage } from '@claimcheck/platform/s3/storage';
import { takeDownMedia } from '../../media/removal/take-down-media.ts';
import { type Command, UsageError } from '../command.ts';
import { mediaIdArgument, withOperator } from '../operator.ts';

export const mediaEraseCommand: Command = {
  name: 'media erase',
  summary: 'take a media object down wherever it is shown, at once, and delete its bytes',
  positionals: ['id'],
  isAudited: true,
  optionHelp: ['--reason is required, and media show repeats it.'],
  run: async ({ positionals, options, env, json, print, actor, audit }) => {
    const media_object_id = mediaIdArgument(positionals[0]);
    const { reason } = options;
    if (typeof reason !== 'string' || reason.trim() === '') throw new UsageError('--reason is missing');
    const takedown = { media_object_id, taken_down_by: actor, reason };
    const isNew = await withOperator(env, async ({ config, database, settings }) => {
      const taken = await database.transaction((tx) => takeDownMedia(tx, settings, takedown));
      audit({ media_object_id, new: taken });
      const storage = new Storage(config.storage);
      try {
        // Repeated where an earlier order was interrupted.
        await storage.deletePrefix(prefixOf(media_object_id));
      } finally {
        storage.close();
      }
      return taken;
    });
    print(
      json
        ? JSON.stringify({ ...takedown, new: isNew })
        : `${media_object_id} ${isNew ? 'is taken down' : 'was taken down before'}; its bytes are deleted`,
    );
    return 0;
  },
};
