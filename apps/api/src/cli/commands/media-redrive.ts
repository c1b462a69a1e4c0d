import { redriveMedia } from '../../media/lifecycle/redrive-media.ts';
import type { Command } from '../command.ts';
import { mediaIdArgument, withOperator } from '../operator.ts';

export const mediaRedriveCommand: Command = {
  name: 'media redrive',
  summary: 'process a failed or degraded media object once more, as a new epoch',
  positionals: ['id'],
  isAudited: true,
  run: async ({ positionals, env, json, print, audit }) => {
    const id = mediaIdArgument(positionals[0]);
    const answer = await withOperator(env, ({ database, settings }) =>
      database.transaction((tx) => redriveMedia(tx, settings, id)),
    );
    if ('refused' in answer)
      throw new Error(
        `it is ${answer.refused}: only what has failed or is degraded, not empty, and what its uploader said it was, is driven again`,
      );
    const { media_object_id, state, epoch, ready_by } = answer.media;
    audit({ media_object_id, epoch });
    print(
      json
        ? JSON.stringify({ media_object_id, state, epoch, ready_by })
        : `${media_object_id} is ${state}, epoch ${epoch}`,
    );
    return 0;
  },
};
